import type { Chat, Id } from "@confab/sdk";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useChats } from "../hooks";
import { errorText } from "../i18n/errors";
import { Button } from "../ui/Button";
import { Spinner } from "../ui/Spinner";
import { MessageHit } from "./MessageHit";
import type { MessageSearch } from "./useMessageSearch";

/** Messages that were found, more of them as one scrolls, and why there are none. */
export function MessageHits({
  search,
  within,
  currentId,
  onOpen,
}: {
  search: MessageSearch;
  /** The chat that was searched in; without it, all of them. */
  within?: Chat;
  currentId?: Id | undefined;
  onOpen?: () => void;
}) {
  const { t } = useTranslation();
  const chats = useChats();
  const byId = useMemo(() => new Map(chats.map((chat) => [chat.id, chat])), [chats]);
  const { hits, query, pending, error, hasMore, loadingMore, more, retry } = search;
  return (
    <>
      <ul className="space-y-0.5">
        {hits.map((message) => {
          const chat = within ?? byId.get(message.chatId);
          return (
            chat && (
              <MessageHit
                key={message.id}
                chat={chat}
                message={message}
                query={query}
                within={within !== undefined}
                current={message.id === currentId}
                {...(onOpen ? { onOpen } : {})}
              />
            )
          );
        })}
      </ul>
      {error ? (
        <div role="alert" className="flex flex-col items-center gap-3 px-4 py-5 text-center text-ink-2">
          {errorText(t, error)}
          <Button icon="retry" onClick={retry}>
            {t("common.retry")}
          </Button>
        </div>
      ) : pending || loadingMore ? (
        <p role="status" className="grid place-items-center py-4 text-ink-3">
          <Spinner size={20} />
          <span className="sr-only">{t("common.loading")}</span>
        </p>
      ) : (
        hasMore && <More key={hits.length} onSeen={more} />
      )}
    </>
  );
}

/** Asks for more when it comes into sight. */
function More({ onSeen }: { onSeen: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(onSeen);
  latest.current = onSeen;
  useEffect(() => {
    if (!place.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      rootMargin: "300px",
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return <div ref={place} className="h-8" />;
}
