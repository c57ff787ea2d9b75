import type { Chat } from "@confab/sdk";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { nameOf, previewText } from "../chats/preview";
import { useMe } from "../hooks";

/** Reads out what others write in the open chat, and nothing that was there before. */
export function Announcer({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const me = useMe();
  const newest = chat.lastMessage;
  const known = useRef(newest?.seq ?? 0);
  const [said, setSaid] = useState("");

  useEffect(() => {
    if (!newest || newest.seq <= known.current) return;
    known.current = newest.seq;
    if (newest.userId === me.id) return;
    const name = nameOf(t, chat, newest.userId, me.id);
    setSaid(t("message.newFrom", { name, text: previewText(t, chat, newest, me.id) }));
  }, [newest, chat, me.id, t]);

  return (
    <p aria-live="polite" className="sr-only">
      {said}
    </p>
  );
}
