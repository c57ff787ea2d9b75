import type { Id, Message } from "@confab/sdk";

/** Whether a message stands and somebody said it: something can be done with it. Calls and joins are only told of. */
export function isSaid({ deletedAt, kind }: Message): boolean {
  return !deletedAt && (kind === "text" || kind === "file" || kind === "audio");
}

/** Whether I may change what a message says, also beside its files: they are my own words, not forwarded ones. */
export function isEditable(message: Message, me: Id): boolean {
  return isSaid(message) && message.userId === me && !message.forwardedFrom;
}
