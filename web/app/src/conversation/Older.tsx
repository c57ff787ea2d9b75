import type { Timeline } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { errorText } from "../i18n/errors";
import { Button } from "../ui/Button";
import { Spinner } from "../ui/Spinner";

/** The top of the list: more is loading, could not be loaded, or this is where it all began. */
export function Older({ timeline, onRetry }: { timeline: Timeline; onRetry: () => void }) {
  const { t } = useTranslation();
  if (timeline.error) {
    return (
      <div role="alert" className="flex flex-wrap items-center justify-center gap-3 py-4 text-ink-2">
        {errorText(t, timeline.error)}
        <Button icon="retry" onClick={onRetry}>
          {t("common.retry")}
        </Button>
      </div>
    );
  }
  if (timeline.hasOlder) {
    return (
      <p role="status" className="flex h-12 items-center justify-center gap-2 text-[14px] text-ink-3">
        {timeline.loading === "older" && (
          <>
            <Spinner size={16} />
            {t("message.loadingOlder")}
          </>
        )}
      </p>
    );
  }
  if (timeline.messages.length === 0) return null;
  return <p className="py-5 text-center text-[14px] text-ink-3">{t("message.beginning")}</p>;
}

/** The end of a list that does not end with the newest messages. */
export function Newer({ timeline, onRetry }: { timeline: Timeline; onRetry: () => void }) {
  const { t } = useTranslation();
  if (!timeline.hasNewer) return null;
  if (timeline.error) {
    return (
      <p className="flex justify-center py-4">
        <Button icon="retry" onClick={onRetry}>
          {t("common.retry")}
        </Button>
      </p>
    );
  }
  return (
    <p role="status" className="flex h-12 items-center justify-center gap-2 text-[14px] text-ink-3">
      {timeline.loading === "newer" && (
        <>
          <Spinner size={16} />
          {t("message.loadingNewer")}
        </>
      )}
    </p>
  );
}

/** Bubbles to be, in the shape of a conversation. */
const shapes = [
  { mine: false, width: 46, lines: 1 },
  { mine: false, width: 62, lines: 2 },
  { mine: true, width: 38, lines: 1 },
  { mine: false, width: 54, lines: 1 },
  { mine: true, width: 58, lines: 2 },
  { mine: true, width: 30, lines: 1 },
];

export function MessagesSkeleton() {
  const { t } = useTranslation();
  return (
    <div role="status" className="flex min-h-0 flex-1 flex-col justify-end overflow-hidden">
      <span className="sr-only">{t("common.loading")}</span>
      <div className="mx-auto w-full max-w-[48rem] space-y-3 px-3 pb-5 md:px-5">
        {shapes.map((shape) => (
          <div key={shape.width} className={shape.mine ? "flex justify-end" : "flex"}>
            <div
              className="skeleton !rounded-[18px]"
              style={{ width: `${shape.width}%`, height: 18 + shape.lines * 20 }}
            />
          </div>
        ))}
      </div>
    </div>
  );
}
