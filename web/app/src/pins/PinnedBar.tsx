import type { Chat } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { previewText } from "../chats/preview";
import { openAt } from "../conversation/target";
import { useMe, useTimeline } from "../hooks";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/classes";

/** More marks than this at the side would be too thin to see. */
const mostMarks = 4;

/** Under the chat's name: the latest pinned message. Each click goes to it and brings the one pinned before. */
export function PinnedBar({ chat, onList }: { chat: Chat; onList: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const pins = useTimeline(chat.id)?.pins ?? [];
  const [at, setAt] = useState(0);
  const index = at % Math.max(1, pins.length);
  const pin = pins[index];
  if (!pin) return null;

  function show() {
    if (!pin) return;
    openAt(chat.id, pin);
    setAt(index + 1);
  }

  const marks = Math.min(pins.length, mostMarks);
  const active = pins.length <= mostMarks ? index : Math.floor((index * mostMarks) / pins.length);
  return (
    <section
      aria-label={t("pins.bar")}
      className="flex h-13 shrink-0 animate-fade items-center gap-1 border-b border-line bg-surface pr-2 pl-3 md:pl-4"
    >
      <button
        type="button"
        data-testid="pinned-bar"
        onClick={show}
        className="flex h-11 min-w-0 flex-1 items-center gap-3 rounded-xl px-1 text-left transition-colors hover:bg-hover focus-visible:-outline-offset-2"
      >
        <span aria-hidden="true" className="flex h-8 w-[3px] flex-col gap-0.5">
          {Array.from({ length: marks }, (_, mark) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: marks have no identity but their place
              key={mark}
              className={cx("flex-1 rounded-full", mark === active ? "bg-accent" : "bg-accent/30")}
            />
          ))}
        </span>
        <span className="min-w-0 flex-1 text-[14px] leading-snug">
          <span className="block truncate font-semibold text-accent">
            {pins.length > 1
              ? t("pins.numbered", { number: String(index + 1), count: pins.length })
              : t("pins.one")}
          </span>
          <span className="block truncate text-ink-2">{previewText(t, chat, pin, me.id)}</span>
        </span>
      </button>
      <IconButton icon="list" label={t("pins.all")} onClick={onList} />
    </section>
  );
}
