import type { Chat } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import type { Place } from "../conversation/target";
import { errorText } from "../i18n/errors";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toasts";

/** Goes from one unread message that names me to the next. */
export function MentionButton({ chat, onShow }: { chat: Chat; onShow: (place: Place) => void }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const count = chat.unreadMentions;
  if (count === 0) return null;

  async function next() {
    setBusy(true);
    try {
      const found = await client.messaging.nextMention(chat.id);
      if (found) onShow(found);
    } catch (error) {
      toast(errorText(t, error), "error");
    } finally {
      setBusy(false);
    }
  }

  return (
    <button
      type="button"
      aria-label={t("mentions.next", { count })}
      aria-busy={busy}
      onClick={() => void next()}
      className="relative grid size-11 animate-pop place-items-center rounded-full border border-line bg-raised text-accent shadow-mid transition hover:text-accent-strong active:scale-95"
    >
      <Icon name="at" />
      <span
        data-count={count > 99 ? "99+" : count}
        className="absolute -top-1.5 min-w-5 rounded-full bg-accent px-1.5 text-[12px] leading-5 font-semibold text-on-accent tabular before:content-[attr(data-count)]"
      />
    </button>
  );
}
