import type { Id } from "@confab/sdk";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toasts";
import { slideOf, tapTime } from "./gesture";
import {
  cancelRecording,
  isRecordingElsewhere,
  lockRecording,
  startRecording,
  useRecording,
} from "./recording";

/**
 * Begins a voice message: by a tap, then it goes on by itself; or held, then letting go sends, sliding back throws away,
 * sliding up lets go without ending.
 */
export function RecordButton({ chatId, onSend }: { chatId: Id; onSend: () => void }) {
  const { t } = useTranslation();
  const recording = useRecording(chatId);
  const held = recording?.held ?? false;
  const [slid, setSlid] = useState(0);
  const finger = useRef<{ id: number; x: number; y: number; at: number } | null>(null);
  const send = useRef(onSend);
  useEffect(() => {
    send.current = onSend;
  });

  function refused(): boolean {
    const elsewhere = isRecordingElsewhere(chatId);
    if (elsewhere) toast(t("voice.elsewhere"), "error");
    return elsewhere;
  }

  function onPointerDown(event: PointerEvent<HTMLButtonElement>) {
    if (event.button !== 0 || refused()) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    finger.current = { id: event.pointerId, x: event.clientX, y: event.clientY, at: event.timeStamp };
    setSlid(0);
    void startRecording(chatId);
  }

  function onPointerMove(event: PointerEvent<HTMLButtonElement>) {
    const from = finger.current;
    if (from?.id !== event.pointerId) return;
    const back = (from.x - event.clientX) * (document.dir === "rtl" ? -1 : 1);
    setSlid(Math.max(0, back));
    const meaning = slideOf(back, event.clientY - from.y);
    if (!meaning) return;
    finger.current = null;
    if (meaning === "cancel") cancelRecording();
    else lockRecording();
  }

  function onPointerUp(event: PointerEvent<HTMLButtonElement>) {
    const from = finger.current;
    if (from?.id !== event.pointerId) return;
    finger.current = null;
    // A tap, or the browser asked for the microphone meanwhile: nothing was said yet that could be sent.
    if (event.timeStamp - from.at < tapTime || recording?.phase !== "recording") lockRecording();
    else send.current();
  }

  return (
    <span className="relative inline-grid shrink-0">
      {held && recording?.phase === "recording" && (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute -top-16 left-1/2 flex -translate-x-1/2 animate-rise flex-col items-center gap-1 rounded-full bg-raised px-2.5 py-2 text-ink-2 shadow-mid ring-1 ring-line"
        >
          <Icon name="lock" size={18} />
          <Icon name="chevron" size={14} className="rotate-180" />
        </span>
      )}
      <button
        type="button"
        aria-label={t("voice.record")}
        data-testid="record"
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={() => {
          finger.current = null;
          lockRecording();
        }}
        onContextMenu={(event) => event.preventDefault()}
        onClick={(event) => {
          // By keyboard or by assistive technology; a pointer has begun already.
          if (event.detail === 0 && !refused()) void startRecording(chatId).then(lockRecording);
        }}
        style={held ? { transform: `translateX(${-slid}px)` } : undefined}
        className={cx(
          "grid size-10 touch-none place-items-center rounded-full transition-[background-color,color,scale] select-none [-webkit-touch-callout:none]",
          held ? "scale-135 bg-accent text-on-accent shadow-mid" : "text-ink-2 hover:bg-hover hover:text-ink",
        )}
      >
        <Icon name="mic" size={22} />
      </button>
    </span>
  );
}
