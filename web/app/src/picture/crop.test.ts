import { describe, expect, it } from "vitest";
import { dragged, sideOf, wholeOf, within, zoomed } from "./crop";

const landscape = { width: 400, height: 200 };

describe("a crop", () => {
  it("begins as the largest square in the middle", () => {
    expect(wholeOf(landscape)).toEqual({ x: 200, y: 100, zoom: 1 });
    expect(sideOf(landscape, 1)).toBe(200);
  });

  it("follows the finger, in the scale of the stage", () => {
    expect(dragged(landscape, wholeOf(landscape), { x: 50, y: 0 }, 100)).toEqual({ x: 100, y: 100, zoom: 1 });
  });

  it.each([
    ["left", { x: 1000, y: 0 }, { x: 100, y: 100 }],
    ["right", { x: -1000, y: 0 }, { x: 300, y: 100 }],
    ["up and down, where there is no room", { x: 0, y: 30 }, { x: 200, y: 100 }],
  ])("does not leave the picture: %s", (_, by, at) => {
    expect(dragged(landscape, wholeOf(landscape), by, 100)).toMatchObject(at);
  });

  it("zooms about its middle, and back into the picture", () => {
    const corner = zoomed(landscape, { x: 50, y: 50, zoom: 2 }, 2);
    expect(corner).toEqual({ x: 50, y: 50, zoom: 2 });
    expect(zoomed(landscape, corner, 1)).toEqual({ x: 100, y: 100, zoom: 1 });
  });

  it("has bounds to its zoom", () => {
    expect(within(landscape, { x: 200, y: 100, zoom: 99 }).zoom).toBe(4);
    expect(within(landscape, { x: 200, y: 100, zoom: 0 }).zoom).toBe(1);
  });
});
