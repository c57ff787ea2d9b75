import type { Id, MediaError } from "@confab/sdk";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../i18n/format";
import { isTyping, useKeys } from "../platform/shortcuts";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toasts";
import { isFocusFree } from "../ui/useReturnFocus";
import { Player } from "./Player";
import {
  cancelRecording,
  draftKey,
  pauseRecording,
  type Recording,
  resumeRecording,
  useRecording,
} from "./recording";

/** In place of the input while a voice message is recorded or listened to before it is sent. */
export function RecordingBar({ chatId }: { chatId: Id }) {
  const { t } = useTranslation();
  const recording = useRecording(chatId);
  const bar = useRef<HTMLElement>(null);
  const locked = recording !== null && !recording.held;

  useKeys((event) => {
    if (event.key !== "Escape" || event.defaultPrevented || isTyping(event)) return;
    // While messages are being selected the bar is hidden, and Escape ends the selection.
    if (!bar.current?.offsetParent) return;
    event.preventDefault();
    cancelRecording();
    requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-testid="composer"]')?.focus());
  });

  // Who used the keyboard goes on from here.
  useEffect(() => {
    if (locked && isFocusFree()) bar.current?.focus();
  }, [locked]);

  if (!recording) return null;
  const { phase, held, elapsed, draft } = recording;

  function resume() {
    if (!resumeRecording()) toast(t("voice.lost"), "error");
  }

  return (
    <section
      ref={bar}
      tabIndex={-1}
      aria-label={t("voice.recording")}
      data-testid="recording"
      data-phase={phase}
      className="flex min-h-10 min-w-0 flex-1 animate-fade items-center gap-1 focus-visible:outline-none"
    >
      {!held && (
        <IconButton
          icon="trash"
          label={t("voice.cancel")}
          tip={false}
          className="rounded-full hover:!text-danger"
          onClick={cancelRecording}
        />
      )}
      {draft ? (
        <div className="min-w-0 flex-1 overflow-hidden">
          <Player track={{ key: draftKey, url: draft.url, durationMs: elapsed }} waveform={draft.waveform} />
        </div>
      ) : (
        <>
          <span className="flex shrink-0 items-center gap-2 pl-2 tabular" role="timer">
            <span className="size-2.5 animate-pulse rounded-full bg-danger" />
            {duration(elapsed / 1000)}
          </span>
          {held ? (
            <span className="flex min-w-0 flex-1 items-center justify-center gap-1 text-[14px] text-ink-2">
              <Icon name="back" size={16} className="shrink-0 rtl:-scale-x-100" />
              <span className="truncate">{t("voice.slide")}</span>
            </span>
          ) : (
            <Live recording={recording} />
          )}
        </>
      )}
      {!held && phase === "recording" && (
        <IconButton
          icon="pause"
          label={t("voice.pauseRecording")}
          tip={false}
          className="rounded-full"
          onClick={() => void pauseRecording()}
        />
      )}
      {!held && phase === "paused" && (
        <IconButton
          icon="mic"
          label={t("voice.resume")}
          tip={false}
          className="rounded-full !text-danger"
          onClick={resume}
        />
      )}
    </section>
  );
}

/** The voice as it comes in: new at the end, moving back. */
function Live({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  if (recording.phase === "opening") {
    return <span className="flex-1 truncate px-3 text-[14px] text-ink-2">{t("voice.opening")}</span>;
  }
  return (
    <span
      aria-hidden="true"
      data-testid="live-wave"
      className="mx-2 flex h-8 min-w-0 flex-1 items-center justify-end gap-[2px] overflow-hidden [mask-image:linear-gradient(90deg,transparent,black_24px)]"
    >
      {recording.lately.map((level, i) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
          key={i}
          className="w-[2.5px] shrink-0 rounded-full bg-accent"
          style={{ height: `${Math.max(9, level * 100)}%` }}
        />
      ))}
    </span>
  );
}

/** Over the input: why nothing can be recorded, and what helps. */
export function RecordingTrouble({ chatId }: { chatId: Id }) {
  const { t } = useTranslation();
  const error = useRecording(chatId)?.error;
  if (!error) return null;
  const { title, text } = explain(t, error);
  return (
    <div role="alert" className="flex animate-fade gap-3 border-b border-line py-2.5 pr-1.5 pl-4">
      <Icon name="micOff" className="mt-0.5 shrink-0 text-danger" />
      <p className="min-w-0 flex-1 text-[14px] leading-snug">
        <span className="block font-semibold">{title}</span>
        <span className="block text-ink-2">{text}</span>
      </p>
      <IconButton icon="close" size="sm" tip={false} label={t("common.dismiss")} onClick={cancelRecording} />
    </div>
  );
}

type T = ReturnType<typeof useTranslation>["t"];

function explain(t: T, error: MediaError): { title: string; text: string } {
  switch (error.code) {
    case "permission_denied":
      return { title: t("call.micDenied"), text: t("voice.deniedText") };
    case "no_device":
      return { title: t("call.noMic"), text: t("voice.noMicText") };
    case "in_use":
      return { title: t("call.inUseMic"), text: t("call.inUseText") };
    case "unsupported":
      return { title: t("voice.unsupported"), text: t("voice.insecure") };
    default:
      return { title: t("call.deviceFailed"), text: t("voice.noMicText") };
  }
}
