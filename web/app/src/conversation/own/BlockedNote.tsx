import type { Chat } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { useOwnSettings } from "./useOwnSettings";

/** Where one would write, had one not blocked the other side. */
export function BlockedNote({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const own = useOwnSettings(chat);
  return (
    <div className="shrink-0 px-2 pt-1 pad-safe-bottom-2 md:px-4 md:pad-safe-bottom-4">
      <div
        role="status"
        className="mx-auto flex max-w-[46rem] flex-wrap items-center gap-x-3 gap-y-2 rounded-[22px] border border-line bg-surface py-2.5 pr-2.5 pl-4 text-ink-2"
      >
        <Icon name="block" className="shrink-0 text-ink-3" />
        <p className="min-w-0 flex-1">{t("own.blockedNote", { name: own.other?.displayName ?? "" })}</p>
        <Button onClick={() => own.block(false)}>{t("own.unblock")}</Button>
      </div>
    </div>
  );
}
