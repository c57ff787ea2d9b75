import { describe, expect, it } from "vitest";
import { endingOf, fileSize, lookOf, looksLike } from "./kinds";

describe("lookOf", () => {
  it.each([
    [{ mime: "image/jpeg", width: 10, height: 10 }, "picture"],
    [{ mime: "image/jpeg" }, "file"],
    [{ mime: "image/svg+xml", width: 10, height: 10 }, "file"],
    [{ mime: "video/mp4" }, "video"],
    [{ mime: "audio/mpeg" }, "audio"],
    [{ mime: "text/html" }, "file"],
  ])("%j", (shape, look) => expect(lookOf(shape)).toBe(look));
});

it("knows a recording by its type with codecs", () => {
  expect(looksLike("audio/webm;codecs=opus")).toBe("audio");
});

describe("endingOf", () => {
  it.each([
    ["report.pdf", "PDF"],
    ["archive.tar.gz", "GZ"],
    ["Отчёт.докх", "ДОКХ"],
    ["README", ""],
    ["a.notanending", ""],
    [".", ""],
  ])("%s", (name, ending) => expect(endingOf(name)).toBe(ending));
});

describe("fileSize", () => {
  it.each([
    [1, "1 byte"],
    [999, "999 bytes"],
    [1400, "1.4 kB"],
    [20 * 1024 * 1024, "20 MB"],
    [1023 * 1024, "1 MB"],
    [5 * 1024 ** 3, "5 GB"],
  ])("%i", (bytes, text) => expect(fileSize("en", bytes)).toBe(text));

  it("in Russian", () => expect(fileSize("ru", 20 * 1024 * 1024).replace(/\s/, " ")).toBe("20 МБ"));
});
