import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../i18n/format";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import {
  nextRate,
  seek,
  type Track,
  toggle,
  useCurrent,
  useFailed,
  usePlaying,
  usePosition,
  useRate,
} from "./player";
import { Wave } from "./Wave";

/** A recording or a piece of sound that can be heard: begin and pause, move through it, its speed. */
export function Player({
  track,
  waveform,
  title,
  lead,
  inMessage,
  wide,
  news,
  children,
}: {
  track: Track;
  waveform: readonly number[];
  /** What is over the slider: a file's name. */
  title?: ReactNode;
  /** In place of the button: how far an upload has come. */
  lead?: ReactNode;
  /** Leaves room at the end of the line below for a message's time. */
  inMessage?: boolean;
  /** Takes all the width there is. */
  wide?: boolean;
  /** It has not been played yet. */
  news?: boolean;
  /** In the line below, after the time. */
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const playing = usePlaying(track.key);
  const current = useCurrent(track.key);
  const failed = useFailed(track.key);
  const position = usePosition(track.key);
  const rate = useRate();
  const begun = playing || position > 0;
  return (
    <div data-testid="voice" data-playing={playing} className="flex max-w-full items-center gap-3 py-0.5">
      {lead ?? (
        <button
          type="button"
          aria-label={playing ? t("voice.pause") : t("voice.play")}
          onClick={() => toggle(track)}
          className="grid size-12 shrink-0 place-items-center rounded-full bg-accent text-on-accent transition hover:bg-accent-strong active:scale-95"
        >
          <Icon name={playing ? "pause" : "play"} size={24} />
        </button>
      )}
      <div className={cx("min-w-0", wide && "flex-1")}>
        {title}
        <Wave
          waveform={waveform}
          durationMs={track.durationMs}
          position={position}
          {...(wide ? { wide } : {})}
          onSeek={(to) => seek(track, to)}
        />
        <div
          className={cx(
            "mt-0.5 flex min-h-5 items-center gap-2 text-[12.5px] leading-5 whitespace-nowrap text-ink-2 tabular",
            inMessage && "pr-20",
          )}
        >
          {failed ? (
            <span role="alert" className="text-danger">
              {t("voice.failed")}
            </span>
          ) : (
            <span data-testid="voice-time">
              {begun
                ? `${duration(position / 1000)} / ${duration(track.durationMs / 1000)}`
                : duration(track.durationMs / 1000)}
            </span>
          )}
          {news && (
            <span data-testid="voice-news" className="size-2 shrink-0 rounded-full bg-accent">
              <span className="sr-only">{t("voice.news")}</span>
            </span>
          )}
          {current && !failed && (
            <button
              type="button"
              aria-label={t("voice.speed", { rate: String(rate) })}
              onClick={nextRate}
              className={cx(
                "rounded-full px-1.5 text-[12px] font-semibold transition",
                rate === 1 ? "bg-ink/8 text-ink-2 dark:bg-white/10" : "bg-accent text-on-accent",
              )}
            >
              {rate}×
            </button>
          )}
          {children}
        </div>
      </div>
    </div>
  );
}
