import { describe, expect, it } from "vitest";
import { corner, focused, grid, type Rect, type Size } from "./layout";

const stages: Record<string, Size> = {
  desktop: { width: 1400, height: 760 },
  phone: { width: 344, height: 620 },
  narrow: { width: 320, height: 240 },
};

const inside = (rect: Rect, stage: Size) =>
  rect.x >= -0.01 &&
  rect.y >= -0.01 &&
  rect.x + rect.width <= stage.width + 0.01 &&
  rect.y + rect.height <= stage.height + 0.01;

const apart = (a: Rect, b: Rect) =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;

describe.each(Object.entries(stages))("on a %s stage", (_, stage) => {
  it.each([1, 2, 3, 4, 5, 7, 9, 12, 16, 25])("%i tiles lie inside and apart", (count) => {
    const rects = grid(count, stage);
    expect(rects).toHaveLength(count);
    for (const rect of rects) expect(inside(rect, stage)).toBe(true);
    for (const [i, a] of rects.entries()) for (const b of rects.slice(i + 1)) expect(apart(a, b)).toBe(true);
  });

  it.each([0, 1, 3, 12])("a large tile and %i others lie inside and apart", (count) => {
    const { main, strip } = focused(count, stage);
    const all = [main, ...strip];
    expect(strip.length).toBeLessThanOrEqual(count);
    for (const rect of all) expect(inside(rect, stage)).toBe(true);
    for (const [i, a] of all.entries()) for (const b of all.slice(i + 1)) expect(apart(a, b)).toBe(true);
  });

  it("keeps the corner inside", () => expect(inside(corner(stage), stage)).toBe(true));
});

it("stacks two on an upright phone and sets them side by side on a desktop", () => {
  const [above, below] = grid(2, stages.phone as Size);
  expect(above?.x).toBe(below?.x);
  const [left, right] = grid(2, stages.desktop as Size);
  expect(left?.y).toBe(right?.y);
});
