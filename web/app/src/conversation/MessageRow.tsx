import { type Chat, deliveryMark, type Message } from "@confab/sdk";
import { type MouseEvent, memo } from "react";
import { useTranslation } from "react-i18next";
import { nameOf, systemText } from "../chats/preview";
import { memberOf, useMe } from "../hooks";
import { dayLabel } from "../i18n/format";
import { useToday } from "../platform/today";
import { SelectMark } from "../selection/SelectMark";
import { Avatar } from "../ui/Avatar";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/classes";
import { CallMessage } from "./CallMessage";
import type { MenuAt } from "./MessageActions";
import { MessageBubble } from "./MessageBubble";
import { PendingBubble } from "./PendingBubble";
import { Reactions } from "./Reactions";
import type { Row } from "./rows";
import { isSaid } from "./said";
import type { Place } from "./target";
import { useLongPress } from "./useLongPress";

const note = "rounded-full bg-ink/[0.06] px-3 py-1 text-[13px] text-ink-2 dark:bg-white/[0.07]";

/** Stays in sight while the messages of its day do. */
export const DayHeading = memo(function DayHeading({ at }: { at: string }) {
  const { t, i18n } = useTranslation();
  const today = useToday();
  return (
    <p className="pointer-events-none sticky top-2 z-[5] my-3 flex justify-center">
      <time
        dateTime={at.slice(0, 10)}
        className="rounded-full bg-surface/90 px-3 py-1 text-[13px] font-medium text-ink-2 shadow-low ring-1 ring-line backdrop-blur-sm"
      >
        {dayLabel(t, i18n.language, at, today)}
      </time>
    </p>
  );
});

export function UnreadDivider() {
  const { t } = useTranslation();
  return (
    <li data-unread-divider className="my-3 flex items-center gap-3 text-[13px] font-medium text-accent">
      <span className="h-px flex-1 bg-accent/30" />
      {t("message.unreadDivider")}
      <span className="h-px flex-1 bg-accent/30" />
    </li>
  );
}

type MessageRowProps = {
  message: Message;
  first: boolean;
  last: boolean;
  chat: Chat;
  quoted: Message | undefined;
  highlighted: boolean;
  /** Null while nothing is being selected. */
  selected: boolean | null;
  onSelect: (message: Message, range?: boolean) => void;
  onMenu: (at: MenuAt) => void;
  onReply: (message: Message) => void;
  onShow: (place: Place) => void;
};

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, first, last, chat, highlighted, selected, onSelect, onMenu } = props;
  const { t } = useTranslation();
  const me = useMe();
  const mine = message.userId === me.id;
  const openMenu = (x: number, y: number) => onMenu({ messageId: message.id, x, y });
  const press = useLongPress(openMenu);
  const said = isSaid(message);
  const selecting = selected !== null && said;
  const place = {
    "data-testid": "message",
    "data-message-id": message.id,
    "data-seq": message.seq,
    "data-status": mine ? deliveryMark(chat, message) : "received",
    tabIndex: -1,
  };

  if (message.kind === "system" && !message.deletedAt) {
    return (
      <li {...place} className="my-2 flex justify-center px-6 text-center focus-visible:outline-none">
        <span className={note}>{systemText(t, chat, message, me.id)}</span>
      </li>
    );
  }

  const author = memberOf(chat, message.userId);
  const authorName = nameOf(t, chat, message.userId, me.id);
  const withAvatar = chat.type === "group" && !mine;

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the box in the row takes the keys
    <li
      {...place}
      className={cx(
        "group/row -mx-2 flex items-end gap-2 rounded-2xl px-2 transition-colors duration-500 focus-visible:outline-offset-0",
        first ? "pt-2.5" : "pt-0.5",
        mine && "justify-end",
        (highlighted || (selecting && selected)) && "bg-accent/15 dark:bg-accent/25",
        selecting && "cursor-pointer select-none",
      )}
      onClick={selecting ? (event) => onSelect(message, event.shiftKey) : undefined}
    >
      {selecting && (
        <>
          <SelectMark chat={chat} message={message} on={selected} />
          {mine && <span className="flex-1" />}
        </>
      )}
      {withAvatar &&
        (last ? (
          <Avatar id={message.userId} name={authorName} url={author?.avatarUrl ?? null} size={32} />
        ) : (
          <span className="w-8 shrink-0" />
        ))}
      <div
        className={cx("flex max-w-[min(85%,36rem)] min-w-0 flex-col", mine ? "items-end" : "items-start")}
        // What is in a message does nothing of its own while messages are being selected.
        inert={selected !== null}
        {...(said && { ...press, onContextMenu: (event: MouseEvent) => contextMenu(event, openMenu) })}
      >
        {message.kind === "call" && !message.deletedAt ? (
          <CallMessage chat={chat} message={message} />
        ) : (
          <MessageBubble {...props} mine={mine} authorName={authorName} />
        )}
        <Reactions message={message} chat={chat} mine={mine} />
      </div>
      {said && selected === null && (
        <Tools message={message} mine={mine} onMenu={openMenu} onReply={props.onReply} />
      )}
    </li>
  );
});

/** The menu of the browser stays where it is of use: on links and on selected text. */
function contextMenu(event: MouseEvent, open: (x: number, y: number) => void): void {
  if (event.target instanceof Element && event.target.closest("a")) return;
  if (!getSelection()?.isCollapsed) return;
  event.preventDefault();
  open(event.clientX, event.clientY);
}

/** Beside a message under the pointer, or with the focus inside. */
function Tools({
  message,
  mine,
  onMenu,
  onReply,
}: {
  message: Message;
  mine: boolean;
  onMenu: (x: number, y: number) => void;
  onReply: (message: Message) => void;
}) {
  const { t } = useTranslation();
  return (
    <div
      className={cx(
        "flex shrink-0 self-center opacity-0 transition-opacity group-focus-within/row:opacity-100 group-hover/row:opacity-100 touch:hidden",
        mine && "order-first flex-row-reverse",
      )}
    >
      <IconButton
        icon="reply"
        label={t("message.reply")}
        size="sm"
        tip={false}
        tabIndex={-1}
        onClick={() => onReply(message)}
      />
      <IconButton
        icon="more"
        label={t("message.actions")}
        size="sm"
        tip={false}
        tabIndex={-1}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onMenu(box.left, box.bottom);
        }}
      />
    </div>
  );
}

export const PendingRow = memo(function PendingRow({
  row,
  chat,
  quoted,
}: {
  row: Extract<Row, { kind: "pending" }>;
  chat: Chat;
  quoted: Message | undefined;
}) {
  return (
    <li
      data-testid="message"
      data-status={row.pending.status}
      className={cx("-mx-2 flex justify-end px-2", row.first ? "pt-2.5" : "pt-0.5")}
    >
      <div className="flex max-w-[min(85%,36rem)] min-w-0 flex-col items-end">
        <PendingBubble row={row} chat={chat} quoted={quoted} />
      </div>
    </li>
  );
});
