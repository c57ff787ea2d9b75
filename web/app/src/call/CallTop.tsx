import type { CallState } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { Spinner } from "../ui/Spinner";
import { CallTimer } from "./CallTimer";
import { Signal } from "./Signal";
import { minimiseCall } from "./view";

type CallTopProps = {
  call: CallState;
  title: string;
  since: number | null;
  peopleOpen: boolean;
  onPeople: () => void;
};

export function CallTop({ call, title, since, peopleOpen, onPeople }: CallTopProps) {
  const { t } = useTranslation();
  const count = call.participants.length + 1;
  const running = call.phase === "connected" || call.phase === "reconnecting";
  const button = "text-white/80 hover:bg-white/12 hover:text-white";
  return (
    <header className="pad-safe-top-0">
      <div className="flex h-14 items-center gap-3 px-3">
        {call.phase !== "ended" && (
          <IconButton icon="shrink" label={t("call.minimise")} className={button} onClick={minimiseCall} />
        )}
        <div className="min-w-0 flex-1">
          <h1 className="truncate leading-tight font-semibold text-white">{title}</h1>
          <p role="status" className="flex items-center gap-2 text-[13.5px] leading-tight text-white/70">
            {call.phase === "reconnecting" ? (
              <span className="flex items-center gap-1.5 text-[#f0bd66]">
                <Spinner size={13} />
                {t("call.reconnecting")}
              </span>
            ) : running && since !== null ? (
              <CallTimer since={since} />
            ) : null}
          </p>
        </div>
        {running && <Signal connection={call.connection} downlink={call.downlink} />}
        {running && (
          <button
            type="button"
            aria-pressed={peopleOpen}
            aria-label={t("call.peopleCount", { count })}
            onClick={onPeople}
            className={cx(
              "flex h-10 items-center gap-2 rounded-xl px-3 font-medium tabular transition",
              button,
              peopleOpen && "bg-white/15 text-white",
            )}
          >
            <Icon name="people" />
            {count}
          </button>
        )}
      </div>
    </header>
  );
}
