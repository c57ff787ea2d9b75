import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "../ui/classes";
import { Icon, type IconName } from "../ui/icons";
import { Spinner } from "../ui/Spinner";
import { findingText, nameOf } from "./report";
import type { Finding, State, Step } from "./steps";

const icons: Record<Exclude<State, "running">, { icon: IconName; tone: string }> = {
  waiting: { icon: "clock", tone: "bg-sunken text-ink-3" },
  ok: { icon: "check", tone: "bg-accent-soft text-accent" },
  warn: { icon: "info", tone: "bg-warn-soft text-warn" },
  bad: { icon: "alert", tone: "bg-danger-soft text-danger" },
  skipped: { icon: "more", tone: "bg-sunken text-ink-3" },
};

type StepItemProps = { step: Step; finding: Finding; camera: MediaStream | null; level: number };

/** One thing that is looked at: what, how it stands, and what helps. */
export function StepItem({ step, finding, camera, level }: StepItemProps) {
  const { t } = useTranslation();
  const { state, text, advice } = finding;
  const look = state === "running" ? null : icons[state];
  const said = {
    waiting: t("check.waiting"),
    running: t("check.looking"),
    ok: t("check.ok"),
    warn: t("check.warn"),
    bad: t("check.bad"),
    skipped: t("check.skipped"),
  };
  return (
    <li data-testid={`check-${step}`} data-state={state} className="flex gap-3.5 px-4 py-3.5">
      <span
        className={cx(
          "grid size-9 shrink-0 place-items-center rounded-full transition-colors",
          look ? look.tone : "bg-sunken text-accent",
        )}
      >
        {look ? <Icon name={look.icon} size={18} /> : <Spinner size={18} />}
      </span>
      <div className="min-w-0 flex-1">
        <p className={cx("font-medium", state === "waiting" && "text-ink-3")}>
          {t(nameOf[step])}
          <span className="sr-only">: {said[state]}</span>
        </p>
        {text && <p className="text-[14px] text-ink-2 [overflow-wrap:anywhere]">{findingText(t, finding)}</p>}
        {advice && <p className="mt-1 text-[14px] font-medium text-ink">{t(advice)}</p>}
        {camera && <Preview stream={camera} />}
        {step === "microphone" && state === "running" && <Meter level={level} />}
      </div>
    </li>
  );
}

function Preview({ stream }: { stream: MediaStream }) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  return (
    <video
      ref={video}
      autoPlay
      muted
      playsInline
      aria-label={t("check.camera")}
      className="mt-2 aspect-video w-44 -scale-x-100 rounded-xl bg-black object-cover"
    />
  );
}

function Meter({ level }: { level: number }) {
  const { t } = useTranslation();
  return (
    <div className="mt-2 flex items-center gap-3">
      <div aria-hidden="true" className="h-2 w-44 overflow-hidden rounded-full bg-sunken">
        <div
          className="h-full rounded-full bg-accent transition-[width] duration-75"
          style={{ width: `${Math.round(level * 100)}%` }}
        />
      </div>
      <span className="text-[13px] text-ink-3">{t("check.saySomething")}</span>
    </div>
  );
}
