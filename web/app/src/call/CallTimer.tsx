import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../i18n/format";

/** How long the call has been running, counted from `since` (ms since 1970). Not a live region: nobody wants every second read out. */
export function CallTimer({ since }: { since: number }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const time = duration((now - since) / 1000);
  return (
    <span role="timer" aria-live="off" aria-label={t("call.elapsed", { time })} className="tabular">
      {time}
    </span>
  );
}
