import { useTranslation } from "react-i18next";
import { Avatar } from "../ui/Avatar";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import type { PlacedTile } from "./arrange";
import { Signal } from "./Signal";
import type { CallTile } from "./tiles";
import { Video } from "./Video";

type TileProps = PlacedTile & { pinned: boolean; onPin: (() => void) | undefined };

export function CallTileView({ tile, rect, place, pinned, onPin }: TileProps) {
  const { t } = useTranslation();
  const self = tile.participantId === null;
  const small = rect.height < 130 || rect.width < 190;
  return (
    <figure
      data-testid="call-tile"
      data-participant={tile.participantId ?? "self"}
      data-self={self}
      data-source={tile.source}
      data-speaking={tile.speaking}
      aria-label={useTileLabel(tile)}
      onDoubleClick={onPin}
      style={{ transform: `translate(${rect.x}px, ${rect.y}px)`, width: rect.width, height: rect.height }}
      className={cx(
        "group/tile absolute top-0 left-0 animate-fade overflow-hidden bg-[#161f20] transition-[transform,width,height] duration-300 ease-out",
        place === "corner" ? "z-10 rounded-2xl shadow-high ring-1 ring-white/15" : "rounded-[20px]",
      )}
    >
      {tile.stream ? (
        <Video
          stream={tile.stream}
          mirrored={self && tile.source === "camera"}
          whole={tile.source === "screen"}
          aspect={place === "corner" || place === "strip" ? undefined : rect.width / rect.height}
        />
      ) : (
        <NoPicture tile={tile} height={Math.min(rect.height, rect.width)} />
      )}
      <div
        className={cx(
          "pointer-events-none absolute inset-0 rounded-[inherit] transition-shadow duration-200",
          tile.speaking && place !== "whole"
            ? "shadow-[inset_0_0_0_3px_#5cc3c7]"
            : "shadow-[inset_0_0_0_1px_rgb(255_255_255/0.06)]",
        )}
      />
      <div className="absolute top-2 left-2 flex items-center gap-1.5">
        {tile.hand && (
          <span className="grid size-8 animate-pop place-items-center rounded-full bg-[#ffd08a] text-[#3b2500]">
            <Icon name="hand" size={18} />
            <span className="sr-only">{t("call.handRaised")}</span>
          </span>
        )}
      </div>
      <div className="absolute top-2 right-2 flex items-center gap-1">
        {onPin && place !== "corner" && place !== "whole" && !small && (
          <IconButton
            icon={pinned ? "grid" : "expand"}
            size="sm"
            tip="left"
            label={pinned ? t("call.unpin") : t("call.pin")}
            aria-pressed={pinned}
            onClick={onPin}
            className="bg-black/55 text-white opacity-0 transition-opacity group-focus-within/tile:opacity-100 group-hover/tile:opacity-100 hover:bg-black/75 hover:text-white touch:opacity-100"
          />
        )}
        {tile.connection !== "good" && !self && (
          <span className="rounded-lg bg-black/55">
            <Signal connection={tile.connection} size={16} />
          </span>
        )}
      </div>
      <NameTag tile={tile} small={small} />
    </figure>
  );
}

function useTileLabel(tile: CallTile): string {
  const { t } = useTranslation();
  const self = tile.participantId === null;
  if (tile.source === "screen")
    return self ? t("call.tileScreenYou") : t("call.tileScreen", { name: tile.name });
  return self ? t("call.tileYou", { name: tile.name }) : t("call.tileLabel", { name: tile.name });
}

function NameTag({ tile, small }: { tile: CallTile; small: boolean }) {
  const { t } = useTranslation();
  const label = useTileLabel(tile);
  const own = tile.participantId === null && tile.source === "camera";
  const muted = tile.source === "camera" && !tile.microphoneOn;
  return (
    <figcaption
      className={cx(
        "absolute bottom-2 left-2 flex max-w-[calc(100%-1rem)] items-center gap-1.5 rounded-lg bg-black/55 text-white backdrop-blur-sm",
        small ? "px-1.5 py-0.5 text-[12px]" : "px-2.5 py-1 text-[14px]",
      )}
    >
      {muted && (
        <>
          <Icon name="micOff" size={small ? 14 : 16} className="shrink-0 text-[#ff8a80]" />
          <span className="sr-only">{t("call.muted")}</span>
        </>
      )}
      <span className="truncate">{own ? t("common.you") : label}</span>
    </figcaption>
  );
}

function NoPicture({ tile, height }: { tile: CallTile; height: number }) {
  return (
    <div className="grid size-full place-items-center bg-[radial-gradient(circle_at_50%_35%,#213032,#141c1d)]">
      {tile.source === "screen" ? (
        <Icon name="screen" size={40} className="text-white/40" />
      ) : (
        <Avatar
          id={tile.userId}
          name={tile.name}
          size={Math.max(40, Math.min(128, Math.round(height * 0.42)))}
        />
      )}
    </div>
  );
}
