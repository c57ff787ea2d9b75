import type { CallState, Tile as WantedTile } from "@confab/sdk";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useMe } from "../hooks";
import { type Arrangement, arrange } from "./arrange";
import { CallTileView } from "./CallTileView";
import { tilesOf } from "./tiles";
import { useRecentSpeakers } from "./useRecentSpeakers";
import { useSize } from "./useSize";

/** The pictures. Tiles keep their elements wherever they move, so that no video starts anew. */
export function Stage({ call }: { call: CallState }) {
  const { t } = useTranslation();
  const me = useMe();
  const stage = useRef<HTMLDivElement>(null);
  const size = useSize(stage);
  const recent = useRecentSpeakers(call.participants);
  const [pinned, setPinned] = useState<string | null>(null);
  const tiles = useMemo(() => tilesOf(call, me), [call, me]);
  const arrangement = arrange(tiles, size, pinned, recent);
  useReportedView(arrangement);

  return (
    <div className="absolute inset-0 px-2 pb-1 md:px-4">
      <div ref={stage} data-testid="call-grid" className="relative size-full">
        {size.width > 0 &&
          arrangement.placed.map(({ tile, rect, place }) => (
            <CallTileView
              key={tile.key}
              tile={tile}
              rect={rect}
              place={place}
              pinned={pinned === tile.key}
              onPin={tiles.length > 1 ? () => setPinned(pinned === tile.key ? null : tile.key) : undefined}
            />
          ))}
        {arrangement.hidden > 0 && (
          <p className="absolute right-3 bottom-3 rounded-full bg-black/65 px-3 py-1 text-[14px] font-medium text-white">
            {t("call.moreTiles", { count: arrangement.hidden })}
          </p>
        )}
      </div>
    </div>
  );
}

/** Tells the server which pictures are shown and how large, the largest first, so that it sends no more than that. */
function useReportedView({ placed }: Arrangement): void {
  const wanted: WantedTile[] = placed
    .flatMap(({ tile, rect }) =>
      tile.participantId === null
        ? []
        : [
            {
              participantId: tile.participantId,
              source: tile.source,
              width: Math.round(rect.width),
              height: Math.round(rect.height),
            },
          ],
    )
    .sort((a, b) => b.width * b.height - a.width * a.height);
  const key = JSON.stringify(wanted);
  useEffect(() => client.calls.view(JSON.parse(key) as WantedTile[]), [key]);
}
