import { expect, it } from "vitest";
import { slideOf } from "./gesture";

it.each([
  [0, 0, null],
  [120, 0, "cancel"],
  [120, -10, "cancel"],
  [0, -80, "lock"],
  [60, -90, "lock"],
  [130, -140, "lock"],
  [-200, 0, null],
  [0, 200, null],
] as const)("back %i, down %i is %s", (back, dy, meaning) => expect(slideOf(back, dy)).toBe(meaning));
