import type { Chat } from "@confab/sdk";
import { expect, it } from "vitest";
import { isMutedForGood, mutedUntil } from "./mute";

const now = Date.parse("2026-11-28T10:00:00.000Z");
const chat = (until: string | null) => ({ mutedUntil: until }) as Chat;

it.each([
  ["hour", "2026-11-28T11:00:00.000Z"],
  ["eight", "2026-11-28T18:00:00.000Z"],
  ["day", "2026-11-29T10:00:00.000Z"],
  ["week", "2026-12-05T10:00:00.000Z"],
] as const)("muting for %s ends at %s", (span, end) => {
  expect(mutedUntil(span, now)).toBe(end);
  expect(isMutedForGood(chat(end))).toBe(false);
});

it("can be for good", () => {
  expect(isMutedForGood(chat(mutedUntil("always", now)))).toBe(true);
  expect(isMutedForGood(chat(null))).toBe(false);
});
