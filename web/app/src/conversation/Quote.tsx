import type { Chat, Message } from "@confab/sdk";
import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { nameOf, previewText } from "../chats/preview";
import { useMe } from "../hooks";
import { tintOf } from "../platform/tints";

/** The message that is answered, in short. */
export function Quote({
  chat,
  message,
  onClick,
}: {
  chat: Chat;
  message: Message | undefined;
  onClick?: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const me = useMe();
  const style = { "--tint": message ? tintOf(message.userId) : "var(--ink-3)" } as CSSProperties;
  const content = (
    <>
      {message && (
        <span className="tint-ink block truncate text-[13.5px] font-semibold">
          {nameOf(t, chat, message.userId, me.id)}
        </span>
      )}
      <span className="block truncate text-[14px] text-ink-2">
        {message ? previewText(t, chat, message, me.id) : t("message.quoteMissing")}
      </span>
    </>
  );
  const look =
    "block w-full min-w-0 rounded-lg border-l-[3px] border-(--tint) bg-(--tint)/10 py-1 pr-3 pl-2.5 text-left leading-snug";
  return onClick ? (
    <button type="button" tabIndex={-1} onClick={onClick} style={style} className={look}>
      {content}
    </button>
  ) : (
    <span style={style} className={look}>
      {content}
    </span>
  );
}
