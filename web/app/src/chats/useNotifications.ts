import type { Id } from "@confab/sdk";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useMe } from "../hooks";
import { useAttention } from "../platform/media";
import { notify } from "../platform/notifications";
import { navigate } from "../platform/router";
import { newsOf } from "./news";
import { nameOf, previewText, titleOf } from "./preview";

/** Tells of new messages while nobody looks at the page: one notification for each chat, gone when somebody does. */
export function useNotifications(): void {
  const { t } = useTranslation();
  const me = useMe().id;
  const attention = useAttention();

  useEffect(() => {
    if (attention) return;
    const shown = new Map<Id, () => void>();
    let known = client.state.get();
    const stop = client.state.subscribe(() => {
      const before = known;
      known = client.state.get();
      // The first list of chats is no news.
      if (before.phase !== "ready") return;
      for (const { chat, message } of newsOf(before.chats, known.chats, me, Date.now())) {
        const text = previewText(t, chat, message, me);
        const withdraw = notify({
          tag: chat.id,
          title: titleOf(t, chat, me),
          body: chat.type === "group" ? `${nameOf(t, chat, message.userId, me)}: ${text}` : text,
          onClick: () => navigate({ name: "chat", chatId: chat.id }),
        });
        shown.set(chat.id, withdraw);
      }
    });
    return () => {
      stop();
      for (const withdraw of shown.values()) withdraw();
    };
  }, [attention, me, t]);
}
