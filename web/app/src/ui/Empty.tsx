import type { ReactNode } from "react";
import { cx } from "./classes";
import { Icon, type IconName } from "./icons";

/** What a place shows when it has nothing to show, and what to do about it. */
export function Empty({
  icon,
  title,
  text,
  tone = "calm",
  children,
}: {
  icon: IconName;
  title: string;
  text?: string;
  tone?: "calm" | "error";
  children?: ReactNode;
}) {
  return (
    <div className="mx-auto flex max-w-xs animate-fade flex-col items-center px-6 py-10 text-center">
      <span
        className={cx(
          "mb-4 grid size-14 place-items-center rounded-2xl",
          tone === "error" ? "bg-danger-soft text-danger" : "bg-accent-soft text-accent",
        )}
      >
        <Icon name={icon} size={26} />
      </span>
      <p className="text-[17px] font-semibold text-balance">{title}</p>
      {text && <p className="mt-1.5 text-ink-2 text-pretty">{text}</p>}
      {children && <div className="mt-5 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}
