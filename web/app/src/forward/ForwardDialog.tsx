import { type Chat, type Id, type Message, otherMember } from "@confab/sdk";
import { type KeyboardEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { nameOf, previewText, titleOf } from "../chats/preview";
import { client } from "../client";
import { useChats, useMe } from "../hooks";
import { errorText } from "../i18n/errors";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { cx } from "../ui/classes";
import { Dialog } from "../ui/Dialog";
import { Empty } from "../ui/Empty";
import { SearchField } from "../ui/Field";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toasts";

/** Each message goes out to each chat by itself: more at once would run into the server's limits. */
const mostChats = 10;
const mostSends = 200;

/** Chooses the chats that messages are copied to: arrows move, Enter or a click chooses, several at once. */
export function ForwardDialog({
  chat,
  messages,
  onClose,
  onSent,
}: {
  chat: Chat;
  messages: readonly Message[];
  onClose: () => void;
  onSent?: () => void;
}) {
  const { t } = useTranslation();
  const me = useMe();
  const chats = useChats();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [chosen, setChosen] = useState<ReadonlySet<Id>>(new Set());
  const wanted = typed.trim().toLocaleLowerCase();
  const found = chats.filter(
    (each) =>
      titleOf(t, each, me.id).toLocaleLowerCase().includes(wanted) ||
      otherMember(each, me.id)?.username.toLocaleLowerCase().includes(wanted),
  );
  const current = found[Math.min(at, found.length - 1)];
  const most = Math.min(mostChats, Math.floor(mostSends / messages.length));
  const authors = [...new Set(messages.map((each) => nameOf(t, chat, each.userId, me.id)))].join(", ");

  function toggle(chatId: Id) {
    const next = new Set(chosen);
    if (!next.delete(chatId) && next.size < most) next.add(chatId);
    setChosen(next);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && chosen.size > 0) send();
    else if (event.key === "Enter" && current) toggle(current.id);
    else return;
    event.preventDefault();
  }

  function send() {
    client.messaging
      .forward(messages, [...chosen])
      .then(() => toast(t("forward.done", { count: chosen.size }), "ok"))
      .catch((error: unknown) => toast(errorText(t, error), "error"));
    onClose();
    onSent?.();
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={t("forward.title")}
      footer={
        <>
          <p role="status" className="flex-1 self-center text-[14px] text-ink-3">
            {chosen.size > 0 && t("forward.chosen", { count: chosen.size })}
            {chosen.size === most && <span className="ml-2">{t("select.most")}</span>}
          </p>
          <Button look="primary" icon="forward" disabled={chosen.size === 0} onClick={send}>
            {t("forward.send")}
          </Button>
        </>
      }
    >
      <p className="mb-3 rounded-xl border-l-[3px] border-accent bg-accent-soft/60 px-3 py-1.5 text-[14px] leading-snug">
        <span className="block truncate font-semibold text-accent">
          {messages.length > 1 ? t("select.count", { count: messages.length }) : authors}
        </span>
        <span className="block truncate text-ink-2">
          {messages.length > 1 ? authors : messages.map((each) => previewText(t, chat, each, me.id))}
        </span>
      </p>
      <SearchField
        label={t("forward.search")}
        value={typed}
        onChange={(next) => {
          setTyped(next);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        autoFocus
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={current ? `${id}-${current.id}` : undefined}
        aria-autocomplete="list"
      />
      {found.length === 0 && (
        <Empty
          icon="search"
          title={t("chats.emptyFilter")}
          text={t("chats.emptyFilterText", { query: typed.trim() })}
        />
      )}
      <div
        id={`${id}-list`}
        role="listbox"
        aria-label={t("chats.list")}
        aria-multiselectable="true"
        className="mt-2 min-h-56"
      >
        {found.map((each) => (
          <Option
            key={each.id}
            id={`${id}-${each.id}`}
            chat={each}
            current={each === current}
            chosen={chosen.has(each.id)}
            onToggle={() => toggle(each.id)}
          />
        ))}
      </div>
    </Dialog>
  );
}

function Option({
  id,
  chat,
  current,
  chosen,
  onToggle,
}: {
  id: string;
  chat: Chat;
  current: boolean;
  chosen: boolean;
  onToggle: () => void;
}) {
  const { t } = useTranslation();
  const me = useMe();
  const other = otherMember(chat, me.id);
  const title = titleOf(t, chat, me.id);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the search field drives this list by arrows and Enter
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      onClick={onToggle}
      className={cx(
        "flex cursor-pointer items-center gap-3 rounded-xl px-2 py-2 transition-colors hover:bg-hover",
        current && "bg-hover",
      )}
    >
      <Avatar id={other?.userId ?? chat.id} name={title} url={other?.avatarUrl ?? chat.avatarUrl} size={40} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{title}</span>
        <span className="block truncate text-[14px] text-ink-3">
          {other?.username ? `@${other.username}` : t("chat.members", { count: chat.members.length })}
        </span>
      </span>
      <span
        className={cx(
          "grid size-5.5 place-items-center rounded-full border-2 transition",
          chosen ? "border-accent bg-accent text-on-accent" : "border-line-strong",
        )}
      >
        {chosen && <Icon name="check" size={14} strokeWidth={2.75} />}
      </span>
    </div>
  );
}
