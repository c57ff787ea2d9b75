import type { Chat, Origin } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { moment } from "../i18n/format";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { useUserName } from "./useUserName";

/** Above a copy: who said it first. */
export function ForwardedFrom({ chat, origin, mine }: { chat: Chat; origin: Origin; mine: boolean }) {
  const { t, i18n } = useTranslation();
  const name = useUserName(chat, origin.userId);
  return (
    <p
      title={moment(t, i18n.language, origin.createdAt)}
      className={cx(
        "mb-0.5 flex min-w-0 items-center gap-1.5 text-[13px]",
        mine ? "text-own-ink-3" : "text-ink-3",
      )}
    >
      <Icon name="forward" size={14} className="shrink-0" />
      <span className="truncate">{name ? t("forward.from", { name }) : t("forward.fromUnknown")}</span>
    </p>
  );
}
