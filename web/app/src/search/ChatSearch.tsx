import type { Chat } from "@confab/sdk";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { openAt } from "../conversation/target";
import { errorText } from "../i18n/errors";
import { useKeys, withModifier } from "../platform/shortcuts";
import { IconButton } from "../ui/Button";
import { SearchField } from "../ui/Field";
import { MessageHits } from "./MessageHits";
import { SearchHint } from "./SearchHint";
import { useMessageSearch } from "./useMessageSearch";

/** So many results before the last loaded one the next are asked for. */
const ahead = 3;

/** A search in the open chat: Enter goes from the newest hit to older ones, Shift+Enter back. */
export function ChatSearch({
  chat,
  onQuery,
  onClose,
}: {
  chat: Chat;
  /** What is to be marked in the messages. */
  onQuery: (query: string) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [listed, setListed] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const search = useMessageSearch(typed, chat.id);
  const { hits, query, pending, error, hasMore } = search;
  const current = hits[at];
  const settled = !pending && typed.trim() !== "";

  useReturningFocus();
  useKeys((event) => {
    if (event.key.toLowerCase() === "f" && withModifier(event)) field.current?.select();
  });

  const shown = settled ? query : "";
  useEffect(() => onQuery(shown), [shown, onQuery]);

  // The newest hit of each new search is gone to.
  const newest = settled ? hits[0] : undefined;
  const found = useRef("");
  useEffect(() => {
    if (!newest || found.current === shown) return;
    found.current = shown;
    setAt(0);
    openAt(chat.id, newest);
  }, [newest, shown, chat.id]);

  function go(to: number) {
    const hit = hits[to];
    if (!hit) return;
    setAt(to);
    openAt(chat.id, hit);
    if (to >= hits.length - ahead) search.more();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape") onClose();
    else if (event.key === "Enter" || event.key === "F3") go(at + (event.shiftKey ? -1 : 1));
    else return;
    event.preventDefault();
  }

  const status = error
    ? errorText(t, error)
    : !settled
      ? ""
      : hits.length === 0
        ? t("search.none")
        : t("search.position", { number: String(at + 1), total: `${hits.length}${hasMore ? "+" : ""}` });

  return (
    <search className="relative z-10 block shrink-0 animate-fade border-b border-line bg-surface">
      <div className="flex flex-wrap items-center gap-x-1 px-2 py-1.5 md:px-3">
        <div className="min-w-40 flex-1">
          <SearchField
            ref={field}
            label={t("search.inChat")}
            value={typed}
            onChange={setTyped}
            onKeyDown={onKeyDown}
            autoFocus
          />
        </div>
        <p role="status" className="min-w-16 px-1 text-center text-[13px] text-ink-2 tabular empty:hidden">
          {status}
        </p>
        <IconButton
          icon="up"
          label={t("search.older")}
          disabled={at + 1 >= hits.length}
          onClick={() => go(at + 1)}
        />
        <IconButton icon="chevron" label={t("search.newer")} disabled={at === 0} onClick={() => go(at - 1)} />
        <IconButton
          icon="list"
          label={t("search.list")}
          aria-expanded={listed}
          onClick={() => setListed(!listed)}
          className={listed ? "bg-accent-soft text-accent" : ""}
        />
        <IconButton icon="close" label={t("search.close")} onClick={onClose} />
      </div>
      {listed && (
        <div
          data-testid="chat-search-list"
          className="max-h-[45dvh] overflow-y-auto overscroll-contain border-t border-line p-2"
        >
          {settled && hits.length === 0 && !error ? (
            <p className="px-2.5 py-3 text-center text-ink-3">
              {t("search.nothing", { query: typed.trim() })}
            </p>
          ) : (
            typed.trim() !== "" && (
              <MessageHits
                search={search}
                within={chat}
                currentId={current?.id}
                onOpen={() => setListed(false)}
              />
            )
          )}
          <SearchHint />
        </div>
      )}
    </search>
  );
}

/** Gives the focus back to where it was when this goes away. */
function useReturningFocus(): void {
  const before = useRef(document.activeElement);
  useEffect(
    () => () => {
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    },
    [],
  );
}
