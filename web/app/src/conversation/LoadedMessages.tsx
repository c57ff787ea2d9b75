import type { Chat, Message, Timeline } from "@confab/sdk";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useMe } from "../hooks";
import { MentionButton } from "../mentions/MentionButton";
import { useAttention } from "../platform/media";
import type { Selection } from "../selection/useSelection";
import { Empty } from "../ui/Empty";
import { Announcer } from "./Announcer";
import { JumpButton } from "./JumpButton";
import { type MenuAt, MessageActions } from "./MessageActions";
import { DayHeading, MessageRow, PendingRow, UnreadDivider } from "./MessageRow";
import { Newer, Older } from "./Older";
import { buildRows, byDay, type Row } from "./rows";
import { useTarget } from "./target";
import { useListKeys } from "./useListKeys";
import { lastVisibleSeq, useMessageScroll } from "./useMessageScroll";
import { useShowMessage } from "./useShowMessage";
import { useUnreadDivider } from "./useUnreadDivider";

type LoadedProps = {
  timeline: Timeline;
  chat: Chat;
  onReply: (message: Message) => void;
  onEdit: (message: Message) => void;
  selection: Selection;
};

const nothing: Timeline["pending"] = [];

/** The messages of a chat from their first load on. The list scrolls in here: what `useMessageScroll` watches is always there. */
export function LoadedMessages({ chat, timeline, onReply, onEdit, selection }: LoadedProps) {
  const { t } = useTranslation();
  const me = useMe();
  const attention = useAttention();
  const scroller = useRef<HTMLElement>(null);
  const [menu, setMenu] = useState<MenuAt | null>(null);
  const unreadAfter = useUnreadDivider(chat, me.id, timeline);
  const { messages, hasNewer } = timeline;
  const pending = hasNewer ? nothing : timeline.pending;
  const rows = useMemo(
    () => buildRows(messages, pending, me.id, unreadAfter),
    [messages, pending, me.id, unreadAfter],
  );
  const byId = useMemo(() => new Map(messages.map((message) => [message.id, message])), [messages]);

  const loadOlder = useCallback(() => {
    const now = client.state.get().timelines[chat.id];
    if (now?.loaded && now.hasOlder && now.loading === "none" && !now.error) {
      void client.messaging.loadOlder(chat.id).catch(() => undefined);
    }
  }, [chat.id]);

  const loadNewer = useCallback(() => {
    const now = client.state.get().timelines[chat.id];
    if (now?.hasNewer && now.loading === "none" && !now.error) {
      void client.messaging.loadNewer(chat.id).catch(() => undefined);
    }
  }, [chat.id]);

  const markSeen = useCallback(() => {
    if (!attention || !scroller.current) return;
    const seq = lastVisibleSeq(scroller.current);
    const seen = messages.find((message) => message.seq === seq);
    if (seen) client.messaging.markRead(chat.id, seen.id);
  }, [attention, chat.id, messages]);
  useEffect(markSeen, [markSeen]);

  const { far, toBottom, hold, letGo, toAnchor } = useMessageScroll(scroller, {
    firstKey: messages[0]?.id,
    content: rows,
    lastMineKey: timeline.pending.at(-1)?.clientId,
    hasNewer,
    onNearTop: loadOlder,
    onNearBottom: loadNewer,
    onMove: markSeen,
  });
  const { show, highlighted } = useShowMessage(
    chat.id,
    useMemo(() => ({ hold, letGo, toAnchor }), [hold, letGo, toAnchor]),
  );
  useTarget(chat.id, show);

  function toNewest() {
    toBottom(!hasNewer);
    client.messaging.goToNewest(chat.id);
  }
  const onKeyDown = useListKeys(setMenu);

  function renderRow(row: Row) {
    switch (row.kind) {
      case "unread":
        return <UnreadDivider key={row.key} />;
      case "pending":
        return (
          <PendingRow key={row.key} row={row} chat={chat} quoted={byId.get(row.pending.replyTo ?? "")} />
        );
      case "message":
        return (
          <MessageRow
            key={row.key}
            message={row.message}
            first={row.first}
            last={row.last}
            chat={chat}
            quoted={byId.get(row.message.replyTo ?? "")}
            highlighted={highlighted === row.message.id}
            selected={selection.messages && selection.has(row.message.id)}
            onSelect={selection.toggle}
            onMenu={setMenu}
            onReply={onReply}
            onShow={show}
          />
        );
    }
  }

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <section
        ref={scroller}
        aria-label={t("message.list")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="min-h-0 flex-1 overflow-x-hidden overflow-y-auto overscroll-contain [overflow-anchor:none] focus-visible:-outline-offset-2"
      >
        <div className="mx-auto flex min-h-full max-w-[48rem] flex-col justify-end px-3 pt-4 pb-2 md:px-5">
          <Older
            timeline={timeline}
            onRetry={() => void client.messaging.loadOlder(chat.id).catch(() => undefined)}
          />
          {rows.length === 0 && (
            <Empty icon="chat" title={t("message.empty")} text={t("message.emptyText")} />
          )}
          {byDay(rows).map((day) => (
            <section key={day.key}>
              <DayHeading at={day.at} />
              <ol>{day.rows.map(renderRow)}</ol>
            </section>
          ))}
          <Newer
            timeline={timeline}
            onRetry={() => void client.messaging.loadNewer(chat.id).catch(() => undefined)}
          />
        </div>
      </section>
      <div className="absolute right-4 bottom-3 z-10 flex flex-col gap-3">
        <MentionButton chat={chat} onShow={show} />
        {(far || hasNewer) && <JumpButton count={chat.unreadCount} onClick={toNewest} />}
      </div>
      <MessageActions
        at={menu}
        chat={chat}
        onClose={() => setMenu(null)}
        onReply={onReply}
        onEdit={onEdit}
        onSelect={selection.toggle}
        onShow={show}
      />
      <Announcer chat={chat} />
    </div>
  );
}
