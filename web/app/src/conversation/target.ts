import { type Id, type Message, Subject } from "@confab/sdk";
import { useEffect, useSyncExternalStore } from "react";
import { navigate } from "../platform/router";

/** Which message: with its seq where that is known, which spares a question to the server. */
export type Place = Pick<Message, "id"> & Partial<Pick<Message, "seq">>;

const target = new Subject<{ chatId: Id; place: Place } | null>(null);

/** Opens a chat at one of its messages. */
export function openAt(chatId: Id, place: Place): void {
  target.set({ chatId, place });
  navigate({ name: "chat", chatId });
}

/** For the list of messages: takes what was asked to be shown of its chat. */
export function useTarget(chatId: Id, show: (place: Place) => void): void {
  const wanted = useSyncExternalStore(target.subscribe, target.get);
  useEffect(() => {
    if (wanted?.chatId !== chatId) return;
    target.set(null);
    show(wanted.place);
  }, [wanted, chatId, show]);
}
