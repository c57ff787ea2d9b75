import { ConfabError } from "../errors.ts";
import type { PendingFile, PendingMessage } from "../state.ts";
import type { ForwardRequest, Id, MessageDraft } from "../types.ts";

/** The server forgets an upload that no message carries after a day; one this old (in ms) is not relied on. */
const uploadLasts = 20 * 3_600_000;

/** What all keys of a user's pending messages begin with. */
export function outboxPrefix(userId: Id): string {
  return `confab.outbox.${userId}.`;
}

/** What goes over the socket. */
export function draftOf(entry: PendingMessage): (MessageDraft | ForwardRequest) & { clientId: string } {
  const { chatId, content, clientId, replyTo, files, forward } = entry;
  if (forward) return { chatId, clientId, forwardOf: forward.messageId };
  const attachmentIds = files?.map((file) => file.attachmentId ?? "") ?? entry.attachmentIds;
  return {
    ...{ chatId, content, clientId },
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(attachmentIds === undefined ? {} : { attachmentIds }),
  };
}

/** It has files that the server does not have yet, or is a recording, which is uploaded and sent in one. */
export function needsUpload(entry: PendingMessage): boolean {
  return entry.voice !== undefined || (entry.files?.some((file) => file.attachmentId === null) ?? false);
}

/** Uploads of one lane go out one after the other: in a chat, files keep their order, and recordings theirs. */
export function laneOf(entry: PendingMessage): string {
  return `${entry.chatId} ${entry.voice ? "voice" : "files"}`;
}

/** With its files uploaded anew at the next attempt. */
export function withoutUploads(entry: PendingMessage): PendingMessage {
  if (!entry.files) return entry;
  return { ...entry, files: entry.files.map((file) => ({ ...file, attachmentId: null })) };
}

export function fileLost(): ConfabError {
  return new ConfabError({ status: 0, code: "file_lost", message: "the file can no longer be read" });
}

/** How an entry is kept in the storage; the bytes of its files are kept apart. */
export function serialiseEntry(entry: PendingMessage): string {
  const { status, error, progress: _, files, ...kept } = entry;
  const failure = status === "failed" ? { code: error?.code, message: error?.message } : undefined;
  return JSON.stringify({ ...kept, files: files?.map(({ file: _bytes, ...rest }) => rest), failure });
}

/** An entry as it was kept, with the bytes of its files still missing; null for what is none. */
export function parseEntry(text: string | null, now: number): PendingMessage | null {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Partial<PendingMessage> & {
      failure?: { code?: string; message?: string };
    };
    const { chatId, content, clientId, createdAt, replyTo, attachmentIds, failure, files, voice, forward } =
      value;
    if (!chatId || typeof content !== "string" || !clientId || !createdAt) return null;
    const stale = now - Date.parse(createdAt) > uploadLasts;
    const entry: PendingMessage = {
      ...{ chatId, content, clientId, createdAt },
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(attachmentIds === undefined ? {} : { attachmentIds }),
      ...(files === undefined ? {} : { files: files.map((file) => ({ ...file, file: null })) }),
      ...(voice === undefined ? {} : { voice }),
      ...(forward === undefined ? {} : { forward }),
      status: failure ? "failed" : "queued",
      error: failure
        ? new ConfabError({ status: 0, code: failure.code ?? "failed", message: failure.message ?? "" })
        : null,
    };
    return stale ? withoutUploads(entry) : entry;
  } catch {
    return null;
  }
}

/** How much of all files has gone out, 0 to 1, when `sent` of `total` bytes of the form with the file at `at` have. */
export function progressOf(files: readonly PendingFile[], at: number, sent: number, total: number): number {
  const whole = files.reduce((sum, file) => sum + file.size, 0);
  const current = files[at];
  if (!current || whole === 0) return 0;
  const before = files.slice(0, at).reduce((sum, file) => sum + file.size, 0);
  return Math.min(1, (before + current.size * (total > 0 ? Math.min(1, sent / total) : 0)) / whole);
}
