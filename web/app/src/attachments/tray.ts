import {
  type FileDraft,
  fileProblem,
  type Id,
  type LocalFile,
  localFile,
  maxFilesPerMessage,
  Subject,
} from "@confab/sdk";
import type { TFunction } from "i18next";
import { useSyncExternalStore } from "react";
import { errorText } from "../i18n/errors";
import { toast } from "../ui/toasts";
import { type Look, looksLike } from "./kinds";
import { previewUrl } from "./previews";

/** A file that was chosen and not sent yet. */
export type Picked = {
  id: number;
  file: LocalFile;
  look: Look;
  /** Of a picture or video: what shows it. */
  url?: string;
  width?: number;
  height?: number;
};

/** What was chosen, by chat. It lasts as long as the page; files cannot be kept like texts. */
const trays = new Subject<Readonly<Record<Id, readonly Picked[]>>>({});
const none: readonly Picked[] = [];
let nextId = 1;

export const useTray = (chatId: Id): readonly Picked[] =>
  useSyncExternalStore(trays.subscribe, () => trays.get()[chatId] ?? none);

function change(chatId: Id, how: (picked: readonly Picked[]) => readonly Picked[]): void {
  const { [chatId]: before = none, ...others } = trays.get();
  const after = how(before);
  trays.set(after.length > 0 ? { ...others, [chatId]: after } : others);
}

/** Puts files beside the message that is being written, and says of each that cannot be sent why. */
export async function addFiles(t: TFunction, chatId: Id, files: readonly File[]): Promise<void> {
  const fitting: LocalFile[] = [];
  for (const file of files) {
    const local = localFile(file);
    const problem = fileProblem(local);
    if (problem) toast(t("files.refused", { name: file.name, reason: errorText(t, problem) }), "error");
    else fitting.push(local);
  }
  const picked = await Promise.all(fitting.map(look));
  change(chatId, (before) => {
    const room = maxFilesPerMessage - before.length;
    if (picked.length > room) toast(t("files.tooMany", { count: maxFilesPerMessage }), "error");
    return [...before, ...picked.slice(0, Math.max(0, room))];
  });
}

export function removeFile(chatId: Id, id: number): void {
  change(chatId, (before) => before.filter((each) => each.id !== id));
}

/** Empties the tray into a message. */
export function takeFiles(chatId: Id): FileDraft[] {
  const picked = trays.get()[chatId] ?? none;
  change(chatId, () => none);
  return picked.map(({ file, width, height }) => ({ file, ...(width && height ? { width, height } : {}) }));
}

export function forgetTrays(): void {
  trays.set({});
}

async function look(file: LocalFile): Promise<Picked> {
  const look = looksLike(file.type);
  const plain = { id: nextId++, file, look };
  if (!file.blob || (look !== "picture" && look !== "video")) return plain;
  const url = previewUrl(file.blob);
  const size = look === "picture" ? await pictureSize(url) : await videoSize(url);
  // What the browser cannot show goes as a file.
  return size ? { ...plain, url, ...size } : { ...plain, look: "file" };
}

async function pictureSize(url: string): Promise<{ width: number; height: number } | null> {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return { width: image.naturalWidth, height: image.naturalHeight };
  } catch {
    return null;
  }
}

function videoSize(url: string): Promise<{ width: number; height: number } | null> {
  return new Promise((resolve) => {
    const video = document.createElement("video");
    video.preload = "metadata";
    video.onloadedmetadata = () =>
      resolve(video.videoWidth > 0 ? { width: video.videoWidth, height: video.videoHeight } : null);
    video.onerror = () => resolve(null);
    video.src = url;
  });
}
