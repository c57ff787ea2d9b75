import type { Chat, Id, Timeline } from "@confab/sdk";
import { useEffect, useRef, useState } from "react";
import { memberOf } from "../hooks";
import { useAttention } from "../platform/media";

/**
 * After which seq the "new messages" divider stands, or null. It is set when the chat opens and whenever the reader
 * looks away, and stays put while they read; sending something takes it away.
 */
export function useUnreadDivider(chat: Chat, me: Id, timeline: Timeline): number | null {
  const attention = useAttention();
  const [after, setAfter] = useState<number | null>(() =>
    chat.unreadCount > 0 ? (memberOf(chat, me)?.readSeq ?? null) : null,
  );
  // At an old message the newest are not in sight, and what is unread stays where it is.
  const newest = timeline.hasNewer ? undefined : timeline.messages.at(-1)?.seq;
  const seen = useRef(newest);
  seen.current = newest;

  useEffect(() => {
    if (!attention && seen.current !== undefined) setAfter(seen.current);
  }, [attention]);

  const mine = timeline.pending.at(-1)?.clientId;
  useEffect(() => {
    if (mine !== undefined) setAfter(null);
  }, [mine]);

  return after;
}
