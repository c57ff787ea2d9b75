import type { Chat, Member } from "@confab/sdk";
import { type KeyboardEvent, type ReactNode, type RefObject, useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../hooks";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/classes";
import { complete, mentionAt, suggest } from "./mentions";

type PickerInput = {
  area: RefObject<HTMLTextAreaElement | null>;
  chat: Chat;
  text: string;
  onChange: (text: string) => void;
};

type Picker = {
  /** What the text area says about the list. */
  aria: Record<string, string | undefined>;
  /** Call wherever the caret may have moved. */
  onCaret: () => void;
  /** True when the key was for the list. */
  onKeyDown: (event: KeyboardEvent) => boolean;
  list: ReactNode;
};

/** Offers the members of the chat while an @ is being written. The focus stays in the text. */
export function useMentionPicker({ area, chat, text, onChange }: PickerInput): Picker {
  const { t } = useTranslation();
  const me = useMe();
  const id = useId();
  const [caret, setCaret] = useState(0);
  const [at, setAt] = useState(0);
  /** Where the @ stands that the list was closed for. */
  const [closedAt, setClosedAt] = useState<number | null>(null);
  const typed = mentionAt(text, Math.min(caret, text.length));
  const query = typed?.query;
  const people = useMemo(
    () => (query === undefined ? [] : suggest(chat.members, query, me.id)),
    [query, chat.members, me.id],
  );
  const open = typed !== null && typed.start !== closedAt && people.length > 0;
  const current = open ? people[Math.min(at, people.length - 1)] : undefined;

  function onCaret() {
    const position = area.current?.selectionEnd ?? 0;
    setCaret(position);
    if (position !== caret) setAt(0);
    if (closedAt !== null && area.current && mentionAt(area.current.value, position)?.start !== closedAt) {
      setClosedAt(null);
    }
  }

  function pick(member: Member) {
    if (!typed) return;
    const next = complete(text, typed.start, caret, member.username);
    onChange(next.text);
    setCaret(next.caret);
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(next.caret, next.caret);
    });
  }

  function onKeyDown(event: KeyboardEvent): boolean {
    if (!open || !current || !typed || event.nativeEvent.isComposing) return false;
    const place = people.indexOf(current);
    if (event.key === "ArrowDown") setAt((place + 1) % people.length);
    else if (event.key === "ArrowUp") setAt((place + people.length - 1) % people.length);
    else if ((event.key === "Enter" && !event.shiftKey) || (event.key === "Tab" && !event.shiftKey))
      pick(current);
    else if (event.key === "Escape") setClosedAt(typed.start);
    else return false;
    event.preventDefault();
    return true;
  }

  const list = open && (
    <div
      id={`${id}-list`}
      role="listbox"
      aria-label={t("mentions.suggestions")}
      data-testid="mentions"
      className="absolute inset-x-0 bottom-full z-20 mb-2 max-h-72 animate-pop overflow-y-auto rounded-2xl border border-line bg-raised p-1.5 shadow-mid sm:right-auto sm:w-80"
    >
      {people.map((member) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the text area drives this list by arrows and Enter
        <div
          key={member.userId}
          id={`${id}-${member.userId}`}
          role="option"
          tabIndex={-1}
          aria-selected={member === current}
          // The focus stays in the text, and with it the phone's keyboard.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => pick(member)}
          className={cx(
            "flex cursor-pointer items-center gap-3 rounded-xl px-2 py-1.5 hover:bg-hover",
            member === current && "bg-hover",
          )}
        >
          <Avatar id={member.userId} name={member.displayName} url={member.avatarUrl} size={32} />
          <span className="min-w-0 flex-1 truncate">
            <bdi className="font-medium">{member.displayName}</bdi>{" "}
            <span className="text-[14px] text-ink-3">@{member.username}</span>
          </span>
        </div>
      ))}
    </div>
  );

  return {
    aria: {
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      "aria-controls": open ? `${id}-list` : undefined,
      "aria-activedescendant": current ? `${id}-${current.userId}` : undefined,
    },
    onCaret,
    onKeyDown,
    list: (
      <>
        {list}
        <p role="status" className="sr-only">
          {open && t("mentions.count", { count: people.length })}
        </p>
      </>
    ),
  };
}
