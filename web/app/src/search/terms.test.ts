import { describe, expect, it } from "vitest";
import { findPieces, foundIn, snippet } from "./terms";

const found = (text: string, query: string) =>
  findPieces(text, query)
    .filter((piece) => piece.found)
    .map((piece) => piece.text);

describe("findPieces", () => {
  it.each([
    ["The meeting was long", "meeting", ["meeting"]],
    ["We met, a meeting, meetings", "meeting", ["meeting", "meetings"]],
    ["He runs while running", "run", ["runs", "running"]],
    ["Работать над работой", "работа", ["Работать", "работой"]],
    ["Ещё ёлка и елка", "елка", ["ёлка", "елка"]],
    ["the red house and the house red", '"red house"', ["red house"]],
    ["the red house", "«red house", ["red house"]],
    ["backup the back door", "back* the", ["backup the back"]],
    ["a big plan", "pla", ["plan"]],
    ["explain a plan", "pla", ["plan"]],
    ["a b c", "a", ["a"]],
    ["nothing here", "else", []],
    ["nothing here", "", []],
    ["nothing here", "!!!", []],
    ["C++ and 2024-01-05", "2024", ["2024"]],
  ])("%s: %s", (text, query, expected) => {
    expect(found(text, query)).toEqual(expected);
  });

  it("loses nothing of the text", () => {
    const text = "One, two; three  (two) two.";
    expect(
      findPieces(text, "two three")
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text);
  });
});

describe("snippet", () => {
  const long = `${"before ".repeat(30)}the needle is here ${"after ".repeat(60)}`;
  const text = (pieces: { text: string }[]) => pieces.map((piece) => piece.text).join("");

  it("begins shortly before what was found, and ends", () => {
    const pieces = snippet(long, "needle");
    expect(text(pieces)).toMatch(/^…before before (before )?the needle is here .*…$/);
    expect(text(pieces).length).toBeLessThan(145);
    expect(pieces.find((piece) => piece.found)?.text).toBe("needle");
  });

  it("is the whole of a short message, in one line", () => {
    expect(text(snippet("first\n\n second", "second"))).toBe("first second");
  });
});

describe("foundIn", () => {
  it.each([
    [["a plan", "plan.pdf"], "plans", "a plan"],
    [["photos", "IMG_0001.jpg", "budget_2026.ods"], "budget", "budget_2026.ods"],
    [["photos", "a.jpg"], "plan", undefined],
    [[], "plan", undefined],
  ])("%j: %s", (texts, query, expected) => {
    expect(foundIn(texts, query)).toBe(expected);
  });
});
