import type { Chat, Id, Message } from "@confab/sdk";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { isSaid } from "../conversation/said";
import { focusMessage } from "../conversation/useListKeys";
import { useTimeline } from "../hooks";

/** More at once than anybody looks over; forwarded to several chats they still fit into what one may send. */
export const mostSelected = 100;

export type Selection = {
  /** In the order of the chat; null while nothing is being selected. */
  messages: readonly Message[] | null;
  has: (id: Id) => boolean;
  /** Adds or takes away; with `range`, brings all from the one before to this one to its new state. */
  toggle: (message: Message, range?: boolean) => void;
  leave: () => void;
};

/** The messages of a chat that are selected, to do something to all of them. It ends when none is left. */
export function useSelection(chat: Chat): Selection {
  const loaded = useTimeline(chat.id)?.messages;
  // As they were when they were selected: those that are not loaded any more stay selected.
  const [chosen, setChosen] = useState<ReadonlyMap<Id, Message>>(new Map());
  const last = useRef<Message | null>(null);
  const latest = useRef(loaded);
  useEffect(() => {
    latest.current = loaded;
  });

  const messages = useMemo(() => {
    const now = new Map(loaded?.map((message) => [message.id, message]));
    const all = [...chosen.values()].map((message) => now.get(message.id) ?? message).filter(isSaid);
    return all.length > 0 ? all.sort((a, b) => a.seq - b.seq) : null;
  }, [chosen, loaded]);

  const toggle = useCallback((message: Message, range = false) => {
    const from = range && last.current ? last.current.seq : message.seq;
    const [first, end] = [Math.min(from, message.seq), Math.max(from, message.seq)];
    last.current = message;
    setChosen((before) => {
      const next = new Map(before);
      const on = !before.has(message.id);
      for (const each of latest.current ?? []) {
        if (each.seq < first || each.seq > end || !isSaid(each)) continue;
        if (!on) next.delete(each.id);
        else if (next.size < mostSelected) next.set(each.id, each);
      }
      return next;
    });
  }, []);

  const leave = useCallback(() => setChosen(new Map()), []);
  const selecting = messages !== null;
  useEffect(() => {
    // Where the box was that had the focus.
    if (!selecting && last.current) focusMessage(last.current.id);
  }, [selecting]);
  const ids = useMemo(() => new Set(messages?.map((message) => message.id)), [messages]);
  return { messages, has: (id) => ids.has(id), toggle, leave };
}
