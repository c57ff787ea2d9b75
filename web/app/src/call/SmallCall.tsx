import type { CallState, Chat } from "@confab/sdk";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { titleOf } from "../chats/preview";
import { client } from "../client";
import { useMe } from "../hooks";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/icons";
import { control } from "./actions";
import { CallTileView } from "./CallTileView";
import { CallTimer } from "./CallTimer";
import { tilesOf } from "./tiles";
import { useDrag } from "./useDrag";
import { useRecentSpeakers } from "./useRecentSpeakers";
import { openCall } from "./view";

/** The size of the picture, in CSS pixels. */
const width = 264;
const height = 149;

/** The call while one writes: a picture of who speaks, to be moved about, with what one needs most. */
export function SmallCall({
  call,
  chat,
  since,
}: {
  call: CallState;
  chat: Chat | undefined;
  since: number | null;
}) {
  const { t } = useTranslation();
  const me = useMe();
  const [speaker] = useRecentSpeakers(call.participants);
  const drag = useDrag({ width, height: height + 48 });
  const ended = call.phase === "ended";
  const tiles = tilesOf(call, me);
  const others = tiles.filter((tile) => tile.participantId !== null);
  const shown =
    others.find((tile) => tile.source === "screen" || tile.participantId === speaker) ??
    others[0] ??
    tiles.at(-1);
  const { participantId, source } = shown ?? { participantId: null, source: "camera" as const };

  useEffect(() => {
    if (participantId) client.calls.view([{ participantId, source, width, height }]);
  }, [participantId, source]);

  useEffect(() => {
    if (ended) client.calls.dismiss();
  }, [ended]);

  const title = chat ? titleOf(t, chat, me.id) : "";
  const button = "text-white/80 hover:bg-white/12 hover:text-white";
  const microphone = call.local.microphone.on;
  return (
    <section
      data-theme="dark"
      aria-label={t("call.title", { name: title })}
      style={{ ...drag.style, width }}
      className="fixed z-30 animate-pop overflow-hidden rounded-[20px] bg-[#12191a] text-ink shadow-high ring-1 ring-white/10"
    >
      <div
        {...drag.handlers}
        className="relative cursor-grab touch-none active:cursor-grabbing"
        style={{ height }}
      >
        {shown && (
          <CallTileView
            tile={shown}
            rect={{ x: 0, y: 0, width, height }}
            place="whole"
            pinned={false}
            onPin={undefined}
          />
        )}
      </div>
      <div className="flex h-12 items-center gap-1 pr-1.5 pl-3.5">
        <p className="flex min-w-0 flex-1 items-center gap-1.5 text-[14px] text-white/80">
          <Icon name="phone" size={15} className="shrink-0 text-[#5fce93]" />
          {since !== null && call.phase === "connected" ? (
            <CallTimer since={since} />
          ) : (
            <span className="truncate">
              {call.phase === "reconnecting" ? t("call.reconnecting") : t("call.connecting")}
            </span>
          )}
        </p>
        <IconButton
          icon={microphone ? "mic" : "micOff"}
          size="sm"
          tip="top"
          label={microphone ? t("call.mute") : t("call.unmute")}
          className={button}
          onClick={() => control(t, client.calls.setMicrophone(!microphone))}
        />
        <IconButton
          icon="expand"
          size="sm"
          tip="top"
          label={t("call.maximise")}
          className={button}
          onClick={openCall}
        />
        <IconButton
          icon="hangUp"
          size="sm"
          tip="top"
          label={t("call.hangUp")}
          className="bg-[#e5484d] text-white hover:bg-[#d13c41] hover:text-white"
          onClick={() => control(t, client.calls.leave())}
        />
      </div>
    </section>
  );
}
