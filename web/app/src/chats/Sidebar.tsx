import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTwoPanes } from "../platform/media";
import { modifier, useKeys, withModifier } from "../platform/shortcuts";
import { SearchResults } from "../search/SearchResults";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/classes";
import { SearchField } from "../ui/Field";
import { Menu, MenuItem } from "../ui/Menu";
import { AccountMenu } from "./AccountMenu";
import { ChatList } from "./ChatList";
import { NewChatDialog } from "./NewChatDialog";
import { NewGroupDialog } from "./NewGroupDialog";

/** The left pane: who I am, a search, the chats. Ctrl/⌘+K goes to the search, Ctrl/⌘+Shift+K starts a chat. */
export function Sidebar() {
  const { t } = useTranslation();
  const [filter, setFilter] = useState("");
  const [dialog, setDialog] = useState<"chat" | "group" | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const nav = useRef<HTMLElement>(null);
  const twoPanes = useTwoPanes();

  useKeys((event) => {
    if (event.key.toLowerCase() !== "k" || !withModifier(event)) return;
    event.preventDefault();
    if (event.shiftKey) setDialog("chat");
    else search.current?.focus();
  });

  return (
    <nav
      ref={nav}
      aria-label={t("chats.title")}
      className={cx(
        "flex min-w-0 flex-col bg-surface pad-safe-top-0",
        twoPanes ? "w-[min(22rem,38vw)] shrink-0 border-r border-line" : "flex-1",
      )}
    >
      <header className="flex items-center gap-2 px-3 pt-3 pb-2">
        <AccountMenu />
        <h1 className="min-w-0 flex-1 truncate text-[19px] font-semibold tracking-tight">
          {t("chats.title")}
        </h1>
        <Menu trigger={<IconButton icon="compose" label={t("chats.newChat")} tip={false} />}>
          <MenuItem icon="person" hint={`${modifier}⇧K`} onSelect={() => setDialog("chat")}>
            {t("chats.newChat")}
          </MenuItem>
          <MenuItem icon="people" onSelect={() => setDialog("group")}>
            {t("chats.newGroup")}
          </MenuItem>
        </Menu>
      </header>
      <div className="px-3 pb-2">
        <SearchField
          ref={search}
          label={t("chats.search")}
          value={filter}
          onChange={setFilter}
          aria-keyshortcuts="Control+K Meta+K"
          onKeyDown={(event) => {
            if (event.key === "Escape") setFilter("");
            if (event.key !== "ArrowDown") return;
            event.preventDefault();
            nav.current?.querySelector<HTMLElement>("ul a, [data-search-hit]")?.focus();
          }}
        />
      </div>
      {filter.trim() ? (
        <SearchResults query={filter.trim()} onNewChat={() => setDialog("chat")} />
      ) : (
        <ChatList onNewChat={() => setDialog("chat")} />
      )}
      <NewChatDialog
        open={dialog === "chat"}
        onClose={() => setDialog(null)}
        onGroup={() => setDialog("group")}
      />
      <NewGroupDialog open={dialog === "group"} onClose={() => setDialog(null)} />
    </nav>
  );
}
