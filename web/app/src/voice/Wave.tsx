import { type KeyboardEvent, type PointerEvent, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../i18n/format";
import { cx } from "../ui/classes";
import { barCount, barsOf } from "./waveform";

/** Bars of 2.5 with 1.5 between, in CSS pixels. */
const pitch = 4;
const height = 30;

/** What the composer has room for; narrower, they are drawn closer. */
const wideBars = 96;

/** The arrow keys go this far, in ms. */
const step = 5000;

type WaveProps = {
  /** 0 to 255 each; none: a plain line, for sound whose shape is not known. */
  waveform: readonly number[];
  durationMs: number;
  position: number;
  onSeek: (position: number) => void;
  /** As wide as its place, with more bars. */
  wide?: boolean;
};

/** The shape of a recording as the slider that one moves through it by. */
export function Wave({ waveform, durationMs, position, onSeek, wide }: WaveProps) {
  const { t } = useTranslation();
  const count = wide ? wideBars : barCount(durationMs);
  const bars = useMemo(() => barsOf(waveform, count), [waveform, count]);
  const width = count * pitch;
  const played = durationMs > 0 ? Math.min(1, position / durationMs) : 0;

  function toPointer(event: PointerEvent<HTMLDivElement>) {
    const box = event.currentTarget.getBoundingClientRect();
    onSeek(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * durationMs);
  }

  function onKeyDown(event: KeyboardEvent) {
    const to = {
      ArrowRight: position + step,
      ArrowUp: position + step,
      ArrowLeft: position - step,
      ArrowDown: position - step,
      Home: 0,
      End: durationMs,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // the list of messages has the arrows for itself
    onSeek(Math.max(0, Math.min(durationMs, to)));
  }

  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={t("voice.position")}
      aria-valuemin={0}
      aria-valuemax={Math.round(durationMs / 1000)}
      aria-valuenow={Math.round(Math.min(position, durationMs) / 1000)}
      aria-valuetext={t("voice.positionOf", {
        at: duration(position / 1000),
        of: duration(durationMs / 1000),
      })}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.pointerType === "mouse" && event.button !== 0) return;
        event.stopPropagation(); // no menu by a long press in here
        event.currentTarget.setPointerCapture(event.pointerId);
        toPointer(event);
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && toPointer(event)}
      className="relative max-w-full shrink cursor-pointer touch-none overflow-hidden rounded"
      style={{ width: wide ? "100%" : width, height }}
    >
      <Bars bars={bars} width={width} className="text-ink/28 dark:text-white/28" />
      <div className="absolute inset-0" style={{ clipPath: `inset(0 ${(1 - played) * 100}% 0 0)` }}>
        <Bars bars={bars} width={width} className="text-accent" />
      </div>
    </div>
  );
}

function Bars({ bars, width, className }: { bars: readonly number[]; width: number; className: string }) {
  return (
    <svg
      aria-hidden="true"
      width="100%"
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      className={cx("absolute inset-0", className)}
    >
      {bars.length === 0 ? (
        <rect x={0} y={height / 2 - 1.5} width={width} height={3} rx={1.5} fill="currentColor" />
      ) : (
        bars.map((bar, i) => {
          const tall = Math.max(3, bar * (height - 4));
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
              key={i}
              x={i * pitch}
              y={(height - tall) / 2}
              width={2.5}
              height={tall}
              rx={1.25}
              fill="currentColor"
            />
          );
        })
      )}
    </svg>
  );
}
