import { type Chat, otherMember, type PublicUser } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import type { KeyboardEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ChatItem } from "../chats/ChatItem";
import { titleOf } from "../chats/preview";
import { usePeopleSearch } from "../chats/usePeopleSearch";
import { client } from "../client";
import { useChats, useMe } from "../hooks";
import { errorText } from "../i18n/errors";
import { navigate, useRoute } from "../platform/router";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { Spinner } from "../ui/Spinner";
import { toast } from "../ui/toasts";
import { MessageHits } from "./MessageHits";
import { SearchHint } from "./SearchHint";
import { useMessageSearch } from "./useMessageSearch";

/** So many chats and people stand above the messages: more, and nobody sees that there are any. */
const mostChats = 6;
const mostPeople = 5;

/** What a search in everything found: chats by name, people, messages. The arrows walk through all of it. */
export function SearchResults({ query, onNewChat }: { query: string; onNewChat: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const route = useRoute();
  const chats = useChats().filter((chat) => matches(chat, titleOf(t, chat, me.id), query, me.id));
  const people = usePeopleSearch(query);
  const messages = useMessageSearch(query);
  const known = new Set(chats.map((chat) => otherMember(chat, me.id)?.userId));
  const others = people.people.filter((person) => !known.has(person.id)).slice(0, mostPeople);
  const nothing = chats.length === 0 && others.length === 0 && messages.hits.length === 0;

  if (nothing && !messages.pending && !people.pending && !messages.error) {
    return (
      <div className="min-h-0 flex-1 overflow-y-auto px-3">
        <Empty icon="search" title={t("chats.emptyFilter")} text={t("search.nothing", { query })}>
          <Button icon="search" onClick={onNewChat}>
            {t("chats.findPeople")}
          </Button>
        </Empty>
        <SearchHint />
      </div>
    );
  }
  return (
    <search
      data-testid="search-results"
      onKeyDown={moveFocus}
      aria-label={t("search.results")}
      className="block min-h-0 flex-1 overflow-y-auto overscroll-contain px-2 pt-1 pad-safe-bottom-3"
    >
      {chats.length > 0 && (
        <Section title={t("search.chats")}>
          <ul data-testid="chat-list" className="space-y-0.5">
            {chats.slice(0, mostChats).map((chat) => (
              <ChatItem
                key={chat.id}
                chat={chat}
                active={route.name === "chat" && route.chatId === chat.id}
              />
            ))}
          </ul>
        </Section>
      )}
      {others.length > 0 && (
        <Section title={t("search.people")}>
          <ul className="space-y-0.5">
            {others.map((person) => (
              <PersonHit key={person.id} person={person} />
            ))}
          </ul>
        </Section>
      )}
      <Section title={t("search.messages")}>
        {messages.hits.length === 0 && !messages.pending && !messages.error ? (
          <p className="px-2.5 py-2 text-[14px] text-ink-3">{t("search.noMessages")}</p>
        ) : (
          <MessageHits search={messages} />
        )}
      </Section>
      <div className="px-1 pt-2 pb-1">
        <SearchHint />
      </div>
    </search>
  );
}

function matches(chat: Chat, title: string, query: string, me: string): boolean {
  const wanted = query.toLocaleLowerCase();
  return (
    title.toLocaleLowerCase().includes(wanted) ||
    chat.members.some(
      (member) => member.userId !== me && member.username.toLocaleLowerCase().includes(wanted),
    )
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="px-2.5 pt-2.5 pb-1 text-[13px] font-medium text-ink-3">{title}</h2>
      {children}
    </section>
  );
}

function PersonHit({ person }: { person: PublicUser }) {
  const { t } = useTranslation();
  const create = useMutation({
    mutationFn: () => client.messaging.createDirect(person.id),
    onSuccess: (chat) => navigate({ name: "chat", chatId: chat.id }),
    onError: (error) => toast(errorText(t, error), "error"),
  });
  return (
    <li>
      <button
        type="button"
        data-search-hit
        disabled={create.isPending}
        onClick={() => create.mutate()}
        className="flex w-full items-center gap-3 rounded-2xl px-2.5 py-2 text-left transition-colors hover:bg-hover focus-visible:-outline-offset-2"
      >
        <Avatar id={person.id} name={person.displayName} url={person.avatarUrl} size={40} />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-semibold">{person.displayName}</span>
          <span className="block truncate text-[14px] text-ink-3">@{person.username}</span>
        </span>
        {create.isPending && <Spinner size={18} className="text-accent" />}
      </button>
    </li>
  );
}

/** The arrows walk through everything that was found. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("a, [data-search-hit]")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = all[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
