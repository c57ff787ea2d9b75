import type { Chat, Id, Message } from "@confab/sdk";
import { useQuery } from "@tanstack/react-query";
import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { nameOf, previewText } from "../chats/preview";
import { client } from "../client";
import { useMe } from "../hooks";
import { tintOf } from "../platform/tints";
import { useSettled } from "../search/useSettled";
import type { Place } from "./target";

/** The message that is answered, in short. One that is not among the loaded ones is asked for. */
export function Quote({
  chat,
  messageId,
  loaded,
  onShow,
}: {
  chat: Chat;
  messageId: Id;
  loaded: Message | undefined;
  onShow?: ((place: Place) => void) | undefined;
}) {
  const { t } = useTranslation();
  const me = useMe();
  // Keyed by how many messages of the chat were changed: after a change of one it is asked for again.
  const changes = useSettled(chat.lastRev - chat.lastSeq);
  const asked = useQuery({
    queryKey: ["message", messageId, changes],
    queryFn: () => client.rest.message(messageId),
    enabled: !loaded,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (previous) => previous,
  });
  const message = loaded ?? asked.data;
  const style = { "--tint": message ? tintOf(message.userId) : "var(--ink-3)" } as CSSProperties;
  const content = (
    <>
      {message && (
        <span className="tint-ink block truncate text-[13.5px] font-semibold">
          {nameOf(t, chat, message.userId, me.id)}
        </span>
      )}
      <span className="block truncate text-[14px] text-ink-2">
        {message
          ? previewText(t, chat, message, me.id)
          : asked.isPending
            ? t("common.loading")
            : t("message.quoteMissing")}
      </span>
    </>
  );
  const look =
    "block w-full min-w-0 rounded-lg border-l-[3px] border-(--tint) bg-(--tint)/10 py-1 pr-3 pl-2.5 text-left leading-snug";
  return onShow ? (
    <button
      type="button"
      tabIndex={-1}
      onClick={() => onShow(message ?? { id: messageId })}
      style={style}
      className={look}
    >
      {content}
    </button>
  ) : (
    <span style={style} className={look}>
      {content}
    </span>
  );
}
