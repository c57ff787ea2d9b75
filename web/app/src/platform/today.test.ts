import { expect, it } from "vitest";
import { untilMidnight } from "./today";

const hour = 3_600_000;

it.each([
  ["in the evening", new Date(2026, 10, 28, 22, 30), 1.5 * hour],
  ["at midnight, the next one", new Date(2026, 10, 28), 24 * hour],
  ["at the end of a year", new Date(2026, 11, 31, 23, 0), hour],
])("%s", (_, now, left) => {
  expect(untilMidnight(now)).toBe(left);
});
