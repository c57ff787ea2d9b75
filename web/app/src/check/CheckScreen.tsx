import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "../platform/clipboard";
import { navigate } from "../platform/router";
import { Button, IconButton } from "../ui/Button";
import { cx } from "../ui/classes";
import { Icon, type IconName } from "../ui/icons";
import { toast } from "../ui/toasts";
import { reportOf } from "./report";
import { runCheck } from "./run";
import { StepItem } from "./StepItem";
import { type Findings, steps, type Verdict, verdictOf } from "./steps";

type Phase = "before" | "running" | "done";

/** "Check my connection": what calls need, one thing after the other, in plain words, with what helps. */
export function CheckScreen() {
  const { t } = useTranslation();
  const [phase, setPhase] = useState<Phase>("before");
  const [findings, setFindings] = useState<Findings>({});
  const [camera, setCamera] = useState<MediaStream | null>(null);
  const [level, setLevel] = useState(0);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function start() {
    const run = new AbortController();
    running.current = run;
    setFindings({});
    setPhase("running");
    await runCheck(
      {
        found: (step, finding) => setFindings((before) => ({ ...before, [step]: finding })),
        camera: setCamera,
        level: setLevel,
      },
      run.signal,
    );
    if (!run.signal.aborted) setPhase("done");
  }

  function copy() {
    const about = { server: location.origin, browser: navigator.userAgent, at: new Date() };
    copyText(reportOf(t, findings, about)).then(
      () => toast(t("message.copied"), "ok"),
      () => toast(t("errors.copyFailed"), "error"),
    );
  }

  return (
    <main className="flex min-w-0 flex-1 flex-col bg-canvas">
      <header className="shrink-0 border-b border-line bg-surface pad-safe-top-0">
        <div className="flex h-15 items-center gap-2 px-2 md:px-5">
          <IconButton icon="back" label={t("common.back")} onClick={() => navigate({ name: "settings" })} />
          <h1 className="flex-1 truncate text-[17px] font-semibold">{t("check.title")}</h1>
        </div>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pt-5 pad-safe-bottom-5 md:px-6">
        <div className="mx-auto max-w-2xl space-y-4 pb-8">
          {phase === "before" ? (
            <p className="px-1 text-ink-2">{t("check.intro")}</p>
          ) : (
            <Summary verdict={phase === "done" ? verdictOf(findings) : null} />
          )}
          <ol className="divide-y divide-line overflow-hidden rounded-3xl border border-line bg-surface">
            {steps.map((step) => (
              <StepItem
                key={step}
                step={step}
                finding={findings[step] ?? { state: "waiting" }}
                camera={step === "camera" ? camera : null}
                level={step === "microphone" ? level : 0}
              />
            ))}
          </ol>
          <div className="flex flex-wrap justify-end gap-2">
            {phase === "done" && (
              <Button icon="copy" onClick={copy}>
                {t("check.copy")}
              </Button>
            )}
            <Button
              look="primary"
              icon={phase === "done" ? "retry" : "check"}
              busy={phase === "running"}
              onClick={() => void start()}
            >
              {phase === "done" ? t("check.again") : t("check.start")}
            </Button>
          </div>
        </div>
      </div>
    </main>
  );
}

const looks: Record<Verdict, { icon: IconName; tone: string }> = {
  good: { icon: "check", tone: "bg-accent-soft text-accent" },
  limited: { icon: "info", tone: "bg-warn-soft text-warn" },
  bad: { icon: "alert", tone: "bg-danger-soft text-danger" },
};

/** The outcome in one sentence; a quiet line while it is not known yet. */
function Summary({ verdict }: { verdict: Verdict | null }) {
  const { t } = useTranslation();
  const look = verdict && looks[verdict];
  const text = {
    good: t("check.verdictGood"),
    limited: t("check.verdictLimited"),
    bad: t("check.verdictBad"),
  };
  return (
    <p
      role="status"
      data-testid="verdict"
      data-verdict={verdict ?? "none"}
      className={cx(
        "flex items-start gap-3 rounded-2xl px-4 py-3.5",
        look ? look.tone : "bg-sunken text-ink-2",
      )}
    >
      {look && <Icon name={look.icon} className="mt-0.5 shrink-0" />}
      <span className={look ? "font-medium" : ""}>{verdict ? text[verdict] : t("check.running")}</span>
    </p>
  );
}
