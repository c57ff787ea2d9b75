import type { ReactNode } from "react";
import { cx } from "../../ui/classes";
import { Icon, type IconName } from "../../ui/icons";

/** A card of things that one can do, one under the other. */
export function ActionRows({ children }: { children: ReactNode }) {
  return <div className="mx-4 mb-4 overflow-hidden rounded-2xl border border-line">{children}</div>;
}

export function ActionRow({
  icon,
  text,
  note,
  danger,
  onClick,
}: {
  icon: IconName;
  text: string;
  /** How things stand now. */
  note?: string;
  danger?: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      onClick={onClick}
      className={cx(
        "flex w-full items-center gap-3 px-4 py-2.5 text-left transition-colors not-first:border-t not-first:border-line hover:bg-hover focus-visible:-outline-offset-2",
        danger && "text-danger",
      )}
    >
      <Icon name={icon} className={cx("shrink-0", !danger && "text-ink-3")} />
      <span className="min-w-0 flex-1">
        {text}
        {note && <span className="block text-[13px] text-ink-3">{note}</span>}
      </span>
    </button>
  );
}
