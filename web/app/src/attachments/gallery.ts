import { type Attachment, type Id, type Message, Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { lookOf } from "./kinds";

/** What the viewer shows, if it is open. */
export type Shown = { chatId: Id; messageId: Id; attachmentId: Id };

const shown = new Subject<Shown | null>(null);

export const useShown = (): Shown | null => useSyncExternalStore(shown.subscribe, shown.get);
export const show = (next: Shown): void => shown.set(next);
export const closeGallery = (): void => shown.set(null);

export type GalleryItem = { message: Message; attachment: Attachment };

/** All pictures and videos among the messages, in their order. */
export function galleryOf(messages: readonly Message[]): GalleryItem[] {
  return messages.flatMap((message) =>
    message.attachments
      .filter((attachment) => ["picture", "video"].includes(lookOf(attachment)))
      .map((attachment) => ({ message, attachment })),
  );
}
