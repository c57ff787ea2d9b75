import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useConnection } from "../hooks";
import { Icon } from "./icons";
import { Spinner } from "./Spinner";

/** A hiccup shorter than this, in ms, is not worth a word. */
const patience = 1200;

/** Says when the connection is gone and what that means. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const { status } = useConnection();
  const away = status === "reconnecting" || status === "offline";
  const [lasting, setLasting] = useState(false);

  useEffect(() => {
    if (!away) {
      setLasting(false);
      return;
    }
    const timer = setTimeout(() => setLasting(true), patience);
    return () => clearTimeout(timer);
  }, [away]);

  return (
    <div role="status" className="shrink-0 bg-warn-soft text-[14px] font-medium text-warn">
      {away && lasting && (
        <p className="flex animate-fade items-center justify-center gap-2 px-4 pb-1.5 text-center pad-safe-top-2">
          {status === "reconnecting" ? (
            <Spinner size={15} />
          ) : (
            <Icon name="wifiOff" size={17} className="shrink-0" />
          )}
          {status === "reconnecting" ? t("connection.reconnecting") : t("connection.offline")}
        </p>
      )}
    </div>
  );
}
