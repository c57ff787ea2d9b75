import { capacity, corner, focused, grid, type Rect, type Size } from "./layout";
import type { CallTile } from "./tiles";

export type PlacedTile = {
  tile: CallTile;
  rect: Rect;
  place: "main" | "whole" | "grid" | "strip" | "corner";
};

export type Arrangement = {
  placed: PlacedTile[];
  /** How many are in the call but not on the stage. */
  hidden: number;
};

/**
 * Decides who is seen where. A pinned tile or a shared screen is large with the others in a strip; two people fill the
 * stage with oneself in the corner; more make a grid. Whoever spoke lately (`recent`, latest first) is kept on a stage
 * that is too small for all.
 */
export function arrange(
  tiles: readonly CallTile[],
  stage: Size,
  pinned: string | null,
  recent: readonly string[],
): Arrangement {
  const pin = tiles.find((tile) => tile.key === pinned);
  const main = pin ?? tiles.find((tile) => tile.source === "screen");
  if (main) {
    const others = byImportance(
      tiles.filter((tile) => tile !== main),
      recent,
    );
    const { main: large, strip } = focused(others.length, stage);
    const shown = inOrder(others.slice(0, strip.length), tiles);
    return {
      placed: [
        { tile: main, rect: large, place: "main" },
        ...shown.map((tile, index) => ({ tile, rect: strip[index] as Rect, place: "strip" as const })),
      ],
      hidden: others.length - shown.length,
    };
  }
  const own = tiles.find((tile) => tile.participantId === null);
  const others = tiles.filter((tile) => tile !== own);
  if (own && others.length <= 1) {
    const [other] = others;
    const whole = { x: 0, y: 0, width: stage.width, height: stage.height };
    return {
      placed: [
        ...(other ? [{ tile: other, rect: whole, place: "whole" as const }] : []),
        { tile: own, rect: corner(stage), place: "corner" },
      ],
      hidden: 0,
    };
  }
  const room = Math.max(2, capacity(stage));
  const shown = tiles.length > room ? inOrder(byImportance(tiles, recent).slice(0, room), tiles) : tiles;
  const rects = grid(shown.length, stage);
  return {
    placed: shown.map((tile, index) => ({ tile, rect: rects[index] as Rect, place: "grid" })),
    hidden: tiles.length - shown.length,
  };
}

/** Screens, then oneself, then who spoke lately, then the rest as they came. */
function byImportance(tiles: readonly CallTile[], recent: readonly string[]): CallTile[] {
  const weight = (tile: CallTile) => {
    if (tile.source === "screen") return -2;
    if (tile.participantId === null) return -1;
    const spoke = recent.indexOf(tile.participantId);
    return spoke < 0 ? recent.length : spoke;
  };
  return [...tiles].sort((a, b) => weight(a) - weight(b));
}

/** Back to the usual order, so that nobody on screen moves because somebody else spoke. */
function inOrder(chosen: readonly CallTile[], all: readonly CallTile[]): CallTile[] {
  const wanted = new Set(chosen);
  return all.filter((tile) => wanted.has(tile));
}
