import { Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import { cx } from "./classes";
import { Icon } from "./icons";

type Toast = { id: number; text: string; tone: "info" | "ok" | "error" };

/** How long a toast stays, in ms: errors longer, since they ask to be understood. */
const stay = { info: 3500, ok: 3000, error: 6500 };

/** More than this many at once would cover the page: the oldest go first. */
const limit = 3;

const toasts = new Subject<readonly Toast[]>([]);
let nextId = 1;

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

/** Tells something in passing. The text is already translated. */
export function toast(text: string, tone: Toast["tone"] = "info"): void {
  const id = nextId++;
  const others = toasts.get().filter((other) => other.text !== text);
  toasts.set([...others, { id, text, tone }].slice(-limit));
  setTimeout(() => dismiss(id), stay[tone]);
}

export function Toasts() {
  const { t } = useTranslation();
  const list = useSyncExternalStore(toasts.subscribe, toasts.get);
  return (
    <section
      aria-live="polite"
      aria-label={t("common.notices")}
      className="pointer-events-none fixed inset-x-0 bottom-[calc(5.5rem+env(safe-area-inset-bottom))] z-[80] flex flex-col items-center gap-2 px-4"
    >
      {list.map((entry) => (
        <div
          key={entry.id}
          role={entry.tone === "error" ? "alert" : "status"}
          className="pointer-events-auto flex max-w-md animate-rise items-center gap-2.5 rounded-2xl bg-[#1d2728] py-2 pr-1.5 pl-3.5 text-white shadow-high ring-1 ring-white/10"
        >
          <Icon
            name={entry.tone === "ok" ? "check" : entry.tone === "error" ? "alert" : "info"}
            size={18}
            className={cx(
              "shrink-0",
              entry.tone === "error"
                ? "text-[#ff9d94]"
                : entry.tone === "ok"
                  ? "text-[#6ddc9f]"
                  : "text-[#7ad4d7]",
            )}
          />
          <span className="py-1">{entry.text}</span>
          <IconButton
            icon="close"
            label={t("common.dismiss")}
            size="sm"
            iconSize={16}
            tip={false}
            className="text-white/70 hover:bg-white/10 hover:text-white"
            onClick={() => dismiss(entry.id)}
          />
        </div>
      ))}
    </section>
  );
}
