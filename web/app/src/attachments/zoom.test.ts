import { describe, expect, it } from "vitest";
import { mostScale, moved, swipeOf, whole, zoomAt } from "./zoom";

describe("zoomAt", () => {
  it("keeps what is under the pointer where it is", () => {
    const point = { x: 120, y: -40 };
    const view = zoomAt(zoomAt(whole, 2, point), 1.5, point);
    expect(view.scale).toBe(3);
    // The picture's own point under the pointer: (point - offset) / scale.
    expect((point.x - view.x) / view.scale).toBeCloseTo(120);
    expect((point.y - view.y) / view.scale).toBeCloseTo(-40);
  });

  it("ends at its bounds, and is whole again at the lower one", () => {
    expect(zoomAt(whole, 100, { x: 1, y: 1 }).scale).toBe(mostScale);
    expect(zoomAt({ scale: 2, x: 50, y: 50 }, 0.1, { x: 0, y: 0 })).toEqual(whole);
  });
});

describe("moved", () => {
  it.each([
    ["within what is spare", 30, 30, { x: 100, y: 100 }, { x: 30, y: 30 }],
    ["not past its edge", 300, -300, { x: 100, y: 100 }, { x: 50, y: -50 }],
    ["not at all where it fits", 30, 30, { x: -10, y: 0 }, { x: 0, y: 0 }],
  ])("%s", (_, dx, dy, spare, at) =>
    expect(moved({ scale: 2, x: 0, y: 0 }, dx, dy, spare)).toMatchObject(at),
  );
});

describe("swipeOf", () => {
  it.each([
    [-80, 10, "next"],
    [80, -10, "previous"],
    [10, 120, "close"],
    [10, -120, null],
    [40, 0, null],
    [80, 70, null],
  ] as const)("%i, %i is %s", (dx, dy, meaning) => expect(swipeOf(dx, dy)).toBe(meaning));
});
