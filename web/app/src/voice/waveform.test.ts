import { describe, expect, it } from "vitest";
import { barCount, barsOf, levelOf, waveformOf } from "./waveform";

describe("levelOf", () => {
  const tone = (amplitude: number) =>
    Float32Array.from({ length: 480 }, (_, i) => amplitude * Math.sin(i / 5));
  it("is 0 for silence and nearly 1 at full scale", () => {
    expect(levelOf(new Float32Array(480))).toBe(0);
    expect(levelOf(tone(1))).toBeGreaterThan(0.9);
  });
  it("rises by equal steps for equal ratios, as ears hear it", () => {
    const [soft, middle, loud] = [levelOf(tone(0.01)), levelOf(tone(0.1)), levelOf(tone(1))];
    expect(middle - soft).toBeCloseTo(loud - middle, 2);
  });
  it("is no number for no samples? No: silence", () => expect(levelOf(new Float32Array())).toBe(0));
});

describe("waveformOf", () => {
  it("puts each moment where it was", () => {
    const measured = [
      { at: 0, level: 0.2 },
      { at: 500, level: 0.4 },
      { at: 999, level: 0.1 },
    ];
    expect(waveformOf(measured, 1000, 4)).toEqual([128, 128, 255, 64]);
  });
  it("takes the loudest of a stretch", () => {
    expect(
      waveformOf(
        [0.1, 0.8, 0.3].map((level) => ({ at: 5, level })),
        10,
        1,
      ),
    ).toEqual([255]);
  });
  it("leaves silence silent", () => {
    expect(waveformOf([{ at: 0, level: 0 }], 1000, 3)).toEqual([0, 0, 0]);
    expect(waveformOf([], 0, 2)).toEqual([0, 0]);
  });
  it("keeps within what the server takes, whatever the clock says", () => {
    const measured = [-5, 0, 1e9].map((at) => ({ at, level: 1 }));
    const waveform = waveformOf(measured, 100);
    expect(waveform).toHaveLength(128);
    for (const value of waveform) expect(Number.isInteger(value) && value >= 0 && value <= 255).toBe(true);
  });
});

describe("barsOf", () => {
  it.each([
    ["fewer", [0, 255, 51, 0], 2, [1, 0.2]],
    ["more", [0, 255], 4, [0, 0, 1, 1]],
    ["of nothing", [], 3, []],
  ])("%s", (_, waveform, count, bars) => expect(barsOf(waveform, count)).toEqual(bars));
});

it("a bubble grows with its recording and ends growing", () => {
  expect([0, 10_000, 30_000, 3_600_000].map(barCount)).toEqual([38, 41, 46, 46]);
});
