import type { Chat } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { Icon } from "../ui/icons";

/** Above the list: the way to the chats that were put away, and back. */
export function ArchiveRow({
  chats,
  open,
  onToggle,
}: {
  chats: readonly Chat[];
  open: boolean;
  onToggle: () => void;
}) {
  const { t } = useTranslation();
  const unread = chats.reduce((sum, chat) => sum + chat.unreadCount, 0);
  return (
    <div className="px-2 pt-1">
      <button
        type="button"
        aria-expanded={open}
        data-testid="archive"
        onClick={onToggle}
        className="flex w-full items-center gap-3 rounded-2xl px-2.5 py-2 text-left transition-colors hover:bg-hover focus-visible:-outline-offset-2"
      >
        <span className="grid size-12 shrink-0 place-items-center text-ink-3">
          <Icon name={open ? "back" : "archive"} size={22} />
        </span>
        <span className="min-w-0 flex-1 truncate font-medium text-ink-2">
          {open ? t("chats.archiveOpen") : t("chats.archive")}
        </span>
        {!open && (
          <span className="text-[13px] text-ink-3 tabular">
            {unread > 0 ? (
              <span className="grid h-5.5 min-w-5.5 place-items-center rounded-full bg-line px-1.5 text-[12px] font-semibold text-ink-2">
                <span aria-hidden="true">{unread}</span>
                <span className="sr-only">{t("chats.unread", { count: unread })}</span>
              </span>
            ) : (
              chats.length
            )}
          </span>
        )}
      </button>
    </div>
  );
}
