import { useTranslation } from "react-i18next";
import { nameOf, titleOf } from "../chats/preview";
import { useChat, useMe } from "../hooks";
import { duration } from "../i18n/format";
import { IconButton } from "../ui/Button";
import { nextRate, stop, type Track, toggle, usePlaying, usePosition, useRate, useTrack } from "./player";

/** Under the head of a conversation while something is heard, so that it can be stopped wherever one has scrolled or gone. */
export function PlayerBar({ chatId }: { chatId: string }) {
  const track = useTrack();
  return track?.from ? <Bar track={track} message={track.from.message} shownIn={chatId} /> : null;
}

type From = NonNullable<Track["from"]>;

function Bar({ track, message, shownIn }: { track: Track; message: From["message"]; shownIn: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const chat = useChat(message.chatId);
  const playing = usePlaying(track.key);
  const position = usePosition(track.key);
  const rate = useRate();
  if (!chat || (!playing && position === 0)) return null;
  const name = nameOf(t, chat, message.userId, me.id);
  const elsewhere = chat.id !== shownIn && chat.type === "group" ? titleOf(t, chat, me.id) : "";
  return (
    <section
      aria-label={t("voice.nowPlaying")}
      data-testid="player-bar"
      className="relative flex shrink-0 animate-fade items-center gap-1 border-b border-line bg-surface px-2 py-1 text-[14px]"
    >
      <IconButton
        icon={playing ? "pause" : "play"}
        size="sm"
        tip={false}
        label={playing ? t("voice.pause") : t("voice.play")}
        className="!text-accent"
        onClick={() => toggle(track)}
      />
      <p className="min-w-0 flex-1 truncate">
        <bdi className="font-medium">{name}</bdi>
        {elsewhere && <bdi className="text-ink-2"> · {elsewhere}</bdi>}
        <span className="ml-2 text-ink-2 tabular">
          {duration(position / 1000)} / {duration(track.durationMs / 1000)}
        </span>
      </p>
      <button
        type="button"
        aria-label={t("voice.speed", { rate: String(rate) })}
        onClick={nextRate}
        className="h-8 rounded-lg px-2 text-[13px] font-semibold text-ink-2 transition hover:bg-hover hover:text-ink"
      >
        {rate}×
      </button>
      <IconButton icon="close" size="sm" tip={false} label={t("voice.stop")} onClick={stop} />
      <span
        aria-hidden="true"
        className="absolute bottom-[-1px] left-0 h-0.5 bg-accent"
        style={{ width: `${track.durationMs > 0 ? Math.min(100, (position / track.durationMs) * 100) : 0}%` }}
      />
    </section>
  );
}
