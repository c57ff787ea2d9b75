import { useTranslation } from "react-i18next";
import { IconButton } from "../ui/Button";
import { mostSelected, type Selection } from "./useSelection";

/** In place of the chat's heading: how many messages are selected, and the way out. */
export function SelectionHeader({ selection }: { selection: Selection }) {
  const { t } = useTranslation();
  const count = selection.messages?.length ?? 0;
  return (
    <header className="z-10 shrink-0 border-b border-line bg-surface pad-safe-top-0">
      <div className="flex h-15 items-center gap-2 px-2 md:px-3">
        <IconButton
          icon="close"
          label={t("select.leave")}
          onClick={selection.leave}
          aria-keyshortcuts="Escape"
        />
        <p role="status" className="min-w-0 truncate font-semibold">
          {t("select.count", { count })}
          {count === mostSelected && <span className="ml-2 font-normal text-ink-3">{t("select.most")}</span>}
        </p>
      </div>
    </header>
  );
}
