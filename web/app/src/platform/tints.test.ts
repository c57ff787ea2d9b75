import { describe, expect, it } from "vitest";
import { initialsOf, tintOf } from "./tints";

describe("initialsOf", () => {
  it.each([
    ["Ann Lindqvist", "AL"],
    ["mónica álvarez de la fuente", "MF"],
    ["иван", "И"],
    ["jean-luc", "JL"],
    ["🦊 Fox", "🦊F"],
    ["👩‍🚀", "👩‍🚀"],
    ["Design & research (EU)", "DE"],
    ["  ", "?"],
  ])("%s", (name, initials) => expect(initialsOf(name)).toBe(initials));
});

describe("tintOf", () => {
  it("is the same for the same id", () => expect(tintOf("a")).toBe(tintOf("a")));

  it("spreads ids of the same instant over all colours", () => {
    const ids = Array.from(
      { length: 400 },
      (_, i) => `01a20956-9ac9-76bd-a19f-${i.toString(16).padStart(12, "0")}`,
    );
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(tintOf(id), (counts.get(tintOf(id)) ?? 0) + 1);
    expect(counts.size).toBe(8);
    for (const count of counts.values()) expect(count).toBeGreaterThan(20);
  });
});
