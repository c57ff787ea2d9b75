import { describe, expect, it } from "vitest";
import { daysBetween, duration } from "./format";

describe("duration", () => {
  it.each([
    [0, "0:00"],
    [7, "0:07"],
    [185, "3:05"],
    [3723, "1:02:03"],
    [-4, "0:00"],
    [59.9, "0:59"],
  ])("%d s is %s", (seconds, text) => expect(duration(seconds)).toBe(text));
});

describe("daysBetween", () => {
  const now = new Date(2026, 2, 30, 0, 5);
  it("counts midnights, not hours", () => expect(daysBetween(new Date(2026, 2, 29, 23, 55), now)).toBe(1));
  it("is 0 within a day", () => expect(daysBetween(new Date(2026, 2, 30, 23, 59), now)).toBe(0));
  it("survives a day of 23 hours", () => expect(daysBetween(new Date(2026, 2, 27, 12), now)).toBe(3));
  it("is negative for tomorrow", () => expect(daysBetween(new Date(2026, 2, 31), now)).toBe(-1));
});
