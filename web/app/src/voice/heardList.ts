import type { Id, Message, Timestamp } from "@confab/sdk";

/** Which voice messages were played: all from before `since`, and of the later ones these. */
export type Heard = { readonly since: Timestamp; readonly played: Readonly<Record<Id, Timestamp>> };

/** More than anybody leaves open; past it the oldest ones, and all before them, count as played. */
const mostPlayed = 1000;

type Said = Pick<Message, "id" | "createdAt">;

export function wasHeard(heard: Heard, message: Said): boolean {
  return message.createdAt <= heard.since || message.id in heard.played;
}

/** With one more that was played. */
export function withHeard(heard: Heard, message: Said): Heard {
  if (wasHeard(heard, message)) return heard;
  const all = Object.entries({ ...heard.played, [message.id]: message.createdAt });
  if (all.length <= mostPlayed) return { ...heard, played: Object.fromEntries(all) };
  const [oldest, ...rest] = all.sort(([, a], [, b]) => (a < b ? -1 : 1));
  return { since: oldest?.[1] ?? heard.since, played: Object.fromEntries(rest) };
}

/** A beginning: what is there by now is nothing new to anybody. */
export function heardAll(now: Timestamp): Heard {
  return { since: now, played: {} };
}

/** What was kept; `otherwise` where that is nothing, or nothing that can be read. */
export function parseHeard(text: string | null, otherwise: Heard): Heard {
  try {
    const value = JSON.parse(text ?? "") as Partial<Heard> | null;
    if (typeof value?.since === "string" && typeof value.played === "object" && value.played) {
      return { since: value.since, played: value.played };
    }
  } catch {
    // As if it were nothing.
  }
  return otherwise;
}
