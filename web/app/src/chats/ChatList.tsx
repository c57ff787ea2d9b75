import { isArchived } from "@confab/sdk";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChats, useModel } from "../hooks";
import { useRoute } from "../platform/router";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { ArchiveRow } from "./ArchiveRow";
import { ChatItem } from "./ChatItem";

export function ChatList({ onNewChat }: { onNewChat: () => void }) {
  const { t } = useTranslation();
  const chats = useChats();
  const loading = useModel((state) => state.phase !== "ready");
  const route = useRoute();
  const [inArchive, setInArchive] = useState(false);
  const now = Date.now();
  const archived = chats.filter((chat) => isArchived(chat, now));
  const shown = inArchive && archived.length > 0 ? archived : chats.filter((chat) => !isArchived(chat, now));

  if (loading && chats.length === 0) return <Skeletons />;
  if (chats.length === 0) {
    return (
      <Empty icon="people" title={t("chats.empty")} text={t("chats.emptyText")}>
        <Button look="primary" icon="search" onClick={onNewChat}>
          {t("chats.findPeople")}
        </Button>
      </Empty>
    );
  }
  return (
    <>
      {archived.length > 0 && (
        <ArchiveRow
          chats={archived}
          open={shown === archived}
          onToggle={() => setInArchive(shown !== archived)}
        />
      )}
      <ul
        data-testid="chat-list"
        aria-label={t("chats.list")}
        onKeyDown={moveFocus}
        className="min-h-0 flex-1 space-y-0.5 overflow-y-auto overscroll-contain px-2 pt-1 pad-safe-bottom-3"
      >
        {shown.map((chat) => (
          <ChatItem key={chat.id} chat={chat} active={route.name === "chat" && route.chatId === chat.id} />
        ))}
      </ul>
    </>
  );
}

/** The arrows walk through the chats. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = links[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function Skeletons() {
  const { t } = useTranslation();
  return (
    <div role="status" className="space-y-1 px-2 pt-1">
      <span className="sr-only">{t("common.loading")}</span>
      {[62, 48, 70, 55, 40, 66].map((width) => (
        <div key={width} className="flex items-center gap-3 px-2.5 py-2.5">
          <div className="skeleton size-12 !rounded-full" />
          <div className="flex-1 space-y-2">
            <div className="skeleton h-3.5" style={{ width: `${width}%` }} />
            <div className="skeleton h-3" style={{ width: `${width + 18}%` }} />
          </div>
        </div>
      ))}
    </div>
  );
}
