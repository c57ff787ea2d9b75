import type { Message } from "@confab/sdk";

/** One message as it is copied: its words, or what its files are called. */
function wordsOf(message: Message): string {
  return [message.content, ...message.attachments.map((file) => file.name)].filter(Boolean).join("\n");
}

/** Messages as one text. Several say who spoke and when, so that it can be read elsewhere. */
export function asText(messages: readonly Message[], heading: (message: Message) => string): string {
  const [only] = messages;
  if (messages.length === 1 && only) return wordsOf(only);
  return messages.map((message) => `${heading(message)}\n${wordsOf(message)}`).join("\n\n");
}
