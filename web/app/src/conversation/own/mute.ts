import type { Chat, Timestamp } from "@confab/sdk";

/** How long a chat may be silenced for, in ms; null: for good. */
const muteSpans = {
  hour: 3_600_000,
  eight: 8 * 3_600_000,
  day: 24 * 3_600_000,
  week: 7 * 24 * 3_600_000,
  always: null,
} as const;

export type MuteSpan = keyof typeof muteSpans;

/** What "for good" is on the wire: later than any clock will show. */
const never = "9999-12-31T00:00:00.000Z";

export function mutedUntil(span: MuteSpan, now: number): Timestamp {
  const length = muteSpans[span];
  return length === null ? never : new Date(now + length).toISOString();
}

/** Whether it is silenced until somebody says otherwise: no date that one would plan for. */
export function isMutedForGood(chat: Chat): boolean {
  return !!chat.mutedUntil && new Date(chat.mutedUntil).getUTCFullYear() >= 2900;
}
