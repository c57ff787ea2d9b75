import { useTranslation } from "react-i18next";
import { Icon } from "../ui/icons";

export function JumpButton({ count, onClick }: { count: number; onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      aria-label={count > 0 ? t("message.jumpUnread", { count }) : t("message.jump")}
      onClick={onClick}
      className="relative grid size-11 animate-pop place-items-center rounded-full border border-line bg-raised text-ink-2 shadow-mid transition hover:text-ink active:scale-95"
    >
      <Icon name="down" />
      {count > 0 && (
        <span
          // Written by CSS: the label says the number in full.
          data-count={count > 99 ? "99+" : count}
          className="absolute -top-1.5 min-w-5 rounded-full bg-accent px-1.5 text-[12px] leading-5 font-semibold text-on-accent tabular before:content-[attr(data-count)]"
        />
      )}
    </button>
  );
}
