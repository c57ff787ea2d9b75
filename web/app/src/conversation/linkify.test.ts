import { describe, expect, it } from "vitest";
import { isEmojiOnly, linkify } from "./linkify";

const links = (text: string) => linkify(text).flatMap((part) => (part.kind === "link" ? [part.href] : []));

describe("linkify", () => {
  it.each([
    ["see https://example.org/a?b=c#d now", ["https://example.org/a?b=c#d"]],
    ["(https://example.org/wiki/C_(language))", ["https://example.org/wiki/C_(language)"]],
    ["Go to www.example.org.", ["https://www.example.org"]],
    ["«https://пример.рф/путь»", ["https://пример.рф/путь"]],
    ["write to ann.b+x@example.co.uk!", ["mailto:ann.b+x@example.co.uk"]],
    ["a https://a.org, and https://b.org", ["https://a.org", "https://b.org"]],
  ])("finds the addresses in %s", (text, found) => expect(links(text)).toEqual(found));

  it.each(["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://", "a.b", "@ann", "1.5"])(
    "makes no link of %s",
    (text) => expect(links(text)).toEqual([]),
  );

  it("loses nothing of the text", () => {
    const text = "x https://a.org/?q=(1), y\n\nwww.b.org… z@c.de";
    expect(
      linkify(text)
        .map((part) => part.text)
        .join(""),
    ).toBe(text);
  });
});

describe("isEmojiOnly", () => {
  it.each(["👍", "❤️ 🔥", "👨‍👩‍👧‍👦", "🇷🇺", "👋🏽"])("%s is", (text) => expect(isEmojiOnly(text)).toBe(true));
  it.each(["", "ok 👍", "1", "#", "👍👍👍👍", "12 34"])("%s is not", (text) =>
    expect(isEmojiOnly(text)).toBe(false),
  );
});
