import type { Attachment, Message } from "@confab/sdk";
import { useEffect, useRef } from "react";
import { client } from "../client";
import { useBrokenUrl } from "../hooks";

/** A link that ends within this many ms is not begun with. */
const margin = 60_000;

const hasEnded = ({ expiresAt }: Attachment) =>
  expiresAt !== undefined && Date.parse(expiresAt) - Date.now() < margin;

/** Reads the links of a message anew and returns the one of this file, or the old one when that fails. */
export async function freshUrl(message: Message, attachment: Attachment): Promise<string> {
  await client.messaging.renewLinks(message.chatId, message.seq).catch(() => undefined);
  const messages = client.state.get().timelines[message.chatId]?.messages;
  const again = messages?.find((each) => each.id === message.id);
  return again?.attachments.find((each) => each.id === attachment.id)?.url ?? attachment.url;
}

/**
 * A file's link, renewed when it has ended: ahead of use by this device's clock, and once for each link when the server
 * takes it no longer (`onError` of the element that shows it). `broken`: that did not help, so far.
 */
export function useLink(message: Message, attachment: Attachment) {
  const tried = useRef<string>(undefined);
  const [brokenUrl, setBrokenUrl] = useBrokenUrl();
  const ended = hasEnded(attachment);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each link
  useEffect(() => {
    if (ended) void freshUrl(message, attachment);
  }, [attachment.url, ended]);

  async function onError() {
    const failed = attachment.url;
    const url = tried.current === failed ? failed : await freshUrl(message, attachment);
    if (url === failed) setBrokenUrl(url);
    else tried.current = url;
  }

  return { url: attachment.url, broken: brokenUrl === attachment.url, onError };
}

/** Saves a file under its name, with a link that works. */
export async function download(message: Message, attachment: Attachment): Promise<void> {
  const url = hasEnded(attachment) ? await freshUrl(message, attachment) : attachment.url;
  const link = document.createElement("a");
  link.href = url;
  link.download = attachment.name;
  link.click();
}

export async function downloadAll(message: Message): Promise<void> {
  for (const attachment of message.attachments) await download(message, attachment);
}
