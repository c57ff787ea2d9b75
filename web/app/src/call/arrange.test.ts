import { describe, expect, it } from "vitest";
import { arrange } from "./arrange";
import type { CallTile } from "./tiles";

const stage = { width: 1400, height: 760 };

function tile(id: string | null, source: CallTile["source"] = "camera"): CallTile {
  return {
    key: `${id ?? "self"}/${source}`,
    participantId: id,
    userId: id ?? "me",
    name: id ?? "me",
    source,
    stream: null,
    microphoneOn: true,
    speaking: false,
    hand: false,
    connection: "good",
  };
}

const places = (tiles: CallTile[], pinned: string | null = null, recent: string[] = [], size = stage) =>
  arrange(tiles, size, pinned, recent).placed.map(({ tile: placed, place }) => `${placed.key} ${place}`);

describe("arrange", () => {
  it("puts oneself in the corner of a call of two", () => {
    expect(places([tile("a"), tile(null)])).toEqual(["a/camera whole", "self/camera corner"]);
  });

  it("makes a grid of three", () => {
    expect(places([tile("a"), tile("b"), tile(null)])).toEqual([
      "a/camera grid",
      "b/camera grid",
      "self/camera grid",
    ]);
  });

  it("shows a shared screen large", () => {
    expect(places([tile("a", "screen"), tile("a"), tile(null)])).toEqual([
      "a/screen main",
      "a/camera strip",
      "self/camera strip",
    ]);
  });

  it("prefers what was pinned to a screen", () => {
    expect(places([tile("a", "screen"), tile("a"), tile(null)], "a/camera")[0]).toBe("a/camera main");
  });

  it("forgets a pin of somebody who left", () => {
    expect(places([tile("a"), tile(null)], "b/camera")).toEqual(["a/camera whole", "self/camera corner"]);
  });

  it("keeps who spoke on a stage that is too small, in the usual order, and counts the rest", () => {
    const people = Array.from({ length: 20 }, (_, index) => tile(`p${index}`));
    const small = { width: 300, height: 300 };
    const { placed, hidden } = arrange([...people, tile(null)], small, null, ["p19", "p7"]);
    const keys = placed.map((each) => each.tile.key);
    expect(placed.length + hidden).toBe(21);
    expect(keys).toContain("self/camera");
    expect(keys.indexOf("p7/camera")).toBeLessThan(keys.indexOf("p19/camera"));
    expect(keys.indexOf("p7/camera")).toBeGreaterThanOrEqual(0);
  });
});
