import type { CallParticipant, Id } from "@confab/sdk";
import { useState } from "react";

/** How many speakers are remembered: more than any stage shows. */
const limit = 24;

/** Who spoke, latest first. */
export function useRecentSpeakers(participants: readonly CallParticipant[]): readonly Id[] {
  const [recent, setRecent] = useState<readonly Id[]>([]);
  const speaking = participants.filter((each) => each.speaking).map((each) => each.id);
  const fresh = speaking.filter((id) => !recent.slice(0, speaking.length).includes(id));
  if (fresh.length > 0) {
    setRecent([...speaking, ...recent.filter((id) => !speaking.includes(id))].slice(0, limit));
  }
  return recent;
}
