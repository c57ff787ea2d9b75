import { describe, expect, it } from "vitest";
import { albumRows, boxOf } from "./album";

describe("boxOf", () => {
  it.each([
    ["a photograph", { width: 4000, height: 3000 }, { width: 360, ratio: 4 / 3 }],
    ["a small picture stays small", { width: 200, height: 100 }, { width: 200, ratio: 2 }],
    ["an icon leaves room for the time", { width: 16, height: 16 }, { width: 132, ratio: 1 }],
    ["a portrait is bounded by its height", { width: 3000, height: 4000 }, { width: 315, ratio: 0.75 }],
    ["a long receipt is cut", { width: 100, height: 5000 }, { width: 132, ratio: 0.5 }],
    ["a panorama is cut", { width: 9000, height: 900 }, { width: 360, ratio: 2.6 }],
  ])("%s", (_, size, box) => expect(boxOf(size)).toEqual(box));
});

describe("albumRows", () => {
  const wide = { width: 1600, height: 900 };
  const tall = { width: 900, height: 1600 };

  it("puts two tall ones side by side and two wide ones below each other", () => {
    expect(albumRows([tall, tall])).toHaveLength(1);
    expect(albumRows([wide, wide])).toHaveLength(2);
  });

  it.each(Array.from({ length: 9 }, (_, i) => i + 2))("lays out %i pictures of any shape", (count) => {
    for (let mix = 0; mix < 1 << count; mix += 7) {
      const rows = albumRows(Array.from({ length: count }, (_, i) => (mix & (1 << i) ? wide : tall)));
      expect(rows.flatMap((row) => row.cells.map((cell) => cell.index))).toEqual([...Array(count).keys()]);
      for (const row of rows) {
        expect(row.cells.length).toBeLessThanOrEqual(4);
        expect(row.cells.reduce((sum, cell) => sum + cell.part, 0)).toBeCloseTo(1);
      }
      expect(rows.reduce((sum, row) => sum + row.height, 0)).toBeLessThan(2);
    }
  });

  it("takes a picture of no known size for a square", () => {
    expect(albumRows([{ width: 0, height: 0 }])).toEqual([{ height: 1, cells: [{ index: 0, part: 1 }] }]);
  });
});
