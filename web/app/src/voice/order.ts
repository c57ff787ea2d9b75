import type { Message } from "@confab/sdk";

/** The voice message that follows in a chat: what goes on by itself when one has ended. */
export function voiceAfter(messages: readonly Message[], seq: number): Message | undefined {
  return messages.find((each) => each.seq > seq && each.kind === "audio" && each.attachments.length > 0);
}

export const rates: readonly number[] = [1, 1.5, 2];

/** The next speed of the button that goes round. */
export function rateAfter(rate: number): number {
  return rates[(rates.indexOf(rate) + 1) % rates.length] ?? 1;
}
