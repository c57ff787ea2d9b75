import { type Chat, isMuted, otherMember } from "@confab/sdk";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { MessageMark } from "../conversation/MessageMark";
import { useMe, useOnline, useTyping } from "../hooks";
import { shortTime } from "../i18n/format";
import { useDraft } from "../platform/drafts";
import { followLink, pathOf, type Route } from "../platform/router";
import { useToday } from "../platform/today";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { nameOf, previewText, titleOf } from "./preview";

export const ChatItem = memo(function ChatItem({ chat, active }: { chat: Chat; active: boolean }) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const other = otherMember(chat, me.id);
  const online = useOnline(other?.userId);
  const title = titleOf(t, chat, me.id);
  const last = chat.lastMessage;
  const today = useToday();
  const muted = isMuted(chat, Date.now());
  const route: Route = { name: "chat", chatId: chat.id };

  return (
    <li>
      <a
        data-testid="chat-item"
        data-chat-id={chat.id}
        href={pathOf(route)}
        onClick={(event) => followLink(event, route)}
        aria-current={active ? "page" : undefined}
        className={cx(
          "flex items-center gap-3 rounded-2xl px-2.5 py-2.5 transition-colors focus-visible:-outline-offset-2",
          active ? "bg-accent-soft" : "hover:bg-hover",
        )}
      >
        <Avatar
          id={other?.userId ?? chat.id}
          name={title}
          url={other?.avatarUrl ?? chat.avatarUrl}
          size={48}
          online={online}
        />
        {online && <span className="sr-only">{t("chats.online")}</span>}
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-2">
            <span className="flex min-w-0 flex-1 items-center gap-1.5">
              <span className="truncate font-semibold">{title}</span>
              {muted && (
                <>
                  <Icon name="bellOff" size={15} className="shrink-0 text-ink-3" />
                  <span className="sr-only">{t("own.muted")}</span>
                </>
              )}
            </span>
            {last?.userId === me.id && last.kind === "text" && !last.deletedAt && (
              <MessageMark chat={chat} message={last} />
            )}
            {last && (
              <time className="shrink-0 text-[13px] text-ink-3 tabular">
                {shortTime(t, i18n.language, last.createdAt, today)}
              </time>
            )}
          </span>
          <span className="mt-0.5 flex items-center gap-2">
            <Preview chat={chat} active={active} />
            {chat.activeCall && (
              <span className="grid size-5.5 place-items-center rounded-full bg-ok text-surface">
                <Icon name="phone" size={13} />
                <span className="sr-only">{t("chats.callRunning")}</span>
              </span>
            )}
            {chat.unreadMentions > 0 && (
              <span className="grid size-5.5 place-items-center rounded-full bg-accent text-on-accent">
                <Icon name="at" size={14} strokeWidth={2.25} />
                <span className="sr-only">{t("chats.mentions", { count: chat.unreadMentions })}</span>
              </span>
            )}
            {chat.unreadCount > 0 && (
              <span
                className={cx(
                  "grid h-5.5 min-w-5.5 place-items-center rounded-full px-1.5 text-[12px] font-semibold tabular",
                  muted ? "bg-line text-ink-2" : "bg-accent text-on-accent",
                )}
              >
                <span aria-hidden="true">{chat.unreadCount > 999 ? "999+" : chat.unreadCount}</span>
                <span className="sr-only">{t("chats.unread", { count: chat.unreadCount })}</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
});

/** The second line: who types, what I have begun to write, or what was said last. */
function Preview({ chat, active }: { chat: Chat; active: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  const typing = useTyping(chat.id);
  const draft = useDraft(chat.id);
  const line = "min-w-0 flex-1 truncate text-[14px]";
  const typist = typing[0];
  if (typist) {
    const name = nameOf(t, chat, typist, me.id);
    return (
      <span className={cx(line, "text-accent")}>
        {chat.type === "group" ? t("chat.typingOne", { name }) : t("chat.typing")}
      </span>
    );
  }
  if (draft.text && !active) {
    return (
      <span className={cx(line, "text-ink-2")}>
        <span className="text-danger">{t("chats.draft")}</span> {draft.text}
      </span>
    );
  }
  const last = chat.lastMessage;
  if (!last) return <span className={cx(line, "text-ink-3")}>{t("chats.noMessages")}</span>;
  const spoken = last.kind !== "system" && last.kind !== "call" && !last.deletedAt;
  const prefix =
    spoken && chat.type === "group"
      ? last.userId === me.id
        ? t("chats.youPrefix")
        : `${nameOf(t, chat, last.userId, me.id)}:`
      : "";
  return (
    <span className={cx(line, last.deletedAt ? "text-ink-3 italic" : "text-ink-2")}>
      {prefix && <span className="text-ink-3">{prefix} </span>}
      {previewText(t, chat, last, me.id)}
    </span>
  );
}
