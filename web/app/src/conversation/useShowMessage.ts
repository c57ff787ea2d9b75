import type { Id } from "@confab/sdk";
import { type RefObject, useCallback, useEffect, useState } from "react";
import { client } from "../client";

/** How long a message that was jumped to stands out, in ms. */
const highlightFor = 1800;

/** How far back a quoted message is looked for, in pages. */
const maxPages = 20;

/** Goes to a message, loading what is before it if need be, and lets it stand out for a moment. */
export function useShowMessage(chatId: Id, scroller: RefObject<HTMLElement | null>) {
  const [highlighted, setHighlighted] = useState<Id | null>(null);

  useEffect(() => {
    if (!highlighted) return;
    scroller.current
      ?.querySelector(`[data-message-id="${CSS.escape(highlighted)}"]`)
      ?.scrollIntoView({ block: "center", behavior: "smooth" });
    const timer = setTimeout(() => setHighlighted(null), highlightFor);
    return () => clearTimeout(timer);
  }, [highlighted, scroller]);

  const show = useCallback(
    async (messageId: Id) => {
      const timeline = () => client.state.get().timelines[chatId];
      const found = () => timeline()?.messages.some((message) => message.id === messageId);
      for (let page = 0; page < maxPages && !found() && timeline()?.hasOlder; page++) {
        try {
          await client.messaging.loadOlder(chatId);
        } catch {
          return; // the list shows what failed
        }
      }
      if (found()) setHighlighted(messageId);
    },
    [chatId],
  );

  return { show, highlighted };
}
