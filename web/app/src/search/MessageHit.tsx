import { type Chat, type Message, otherMember } from "@confab/sdk";
import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { nameOf, previewText, titleOf } from "../chats/preview";
import { openAt } from "../conversation/target";
import { memberOf, useMe } from "../hooks";
import { shortTime } from "../i18n/format";
import { pathOf } from "../platform/router";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { Pieces } from "./Highlighted";
import { foundIn, snippet } from "./terms";

type HitProps = {
  chat: Chat;
  message: Message;
  query: string;
  /** In a search of one chat the author stands for the chat. */
  within?: boolean;
  current?: boolean;
  onOpen?: () => void;
};

/** What the files of a message are called, as far as the server looks for it. */
function namesOf(message: Message): string[] {
  return message.kind === "audio" ? [] : message.attachments.map((file) => file.name);
}

/** A message that was found: where, by whom, when, and the words around. */
export const MessageHit = memo(function MessageHit({
  chat,
  message,
  query,
  within,
  current,
  onOpen,
}: HitProps) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const other = otherMember(chat, me.id);
  const author = nameOf(t, chat, message.userId, me.id);
  const title = within ? author : titleOf(t, chat, me.id);
  const picture = within
    ? { id: message.userId, url: memberOf(chat, message.userId)?.avatarUrl ?? null }
    : { id: other?.userId ?? chat.id, url: other?.avatarUrl ?? chat.avatarUrl };
  const preview = message.content || previewText(t, chat, message, me.id);
  const file = useMemo(
    () => (foundIn([message.content], query) === undefined ? foundIn(namesOf(message), query) : undefined),
    [message, query],
  );
  const text = file ?? preview;
  const pieces = useMemo(() => snippet(text, query), [text, query]);
  return (
    <li>
      <a
        data-search-hit
        data-testid="message-hit"
        href={pathOf({ name: "chat", chatId: chat.id })}
        aria-current={current ? "true" : undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
          event.preventDefault();
          openAt(chat.id, message);
          onOpen?.();
        }}
        className={cx(
          "flex items-start gap-3 rounded-2xl px-2.5 py-2 transition-colors focus-visible:-outline-offset-2",
          current ? "bg-accent-soft" : "hover:bg-hover",
        )}
      >
        <Avatar {...picture} name={title} size={40} className="mt-0.5" />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className="min-w-0 flex-1 truncate font-semibold">{title}</span>
            <time dateTime={message.createdAt} className="shrink-0 text-[13px] text-ink-3 tabular">
              {shortTime(t, i18n.language, message.createdAt)}
            </time>
          </span>
          <span className="line-clamp-2 text-[14px] text-ink-2 [overflow-wrap:anywhere]">
            {!within && (chat.type === "group" || message.userId === me.id) && (
              <span className="text-ink-3">{author}: </span>
            )}
            {file !== undefined && (
              <Icon name="file" size={14} className="mr-1 mb-0.5 inline-block text-ink-3" />
            )}
            <bdi>
              <Pieces pieces={pieces} />
            </bdi>
          </span>
        </span>
      </a>
    </li>
  );
});
