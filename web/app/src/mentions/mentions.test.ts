import type { Member } from "@confab/sdk";
import { describe, expect, it } from "vitest";
import { complete, findMentions, mentionAt, suggest } from "./mentions";

const named = new Map([
  ["ann", "1"],
  ["bob.smith", "2"],
  ["орлов", "3"],
]);

describe("findMentions", () => {
  it.each([
    ["hello @ann", ["@ann"]],
    ["@ANN, are you there?", ["@ANN"]],
    ["thanks, @bob.smith.", ["@bob.smith"]],
    ["(@ann)", ["@ann"]],
    ["@орлов и @ann", ["@орлов", "@ann"]],
    ["@annabel is somebody else", []],
    ["write to ann@ann", []],
    ["@ann@example.org is an address", []],
    ["example.org/@ann too", []],
    ["@nobody", []],
    ["@ann-", ["@ann"]],
  ])("in %s", (text, found) => {
    expect(findMentions(text, named).map(({ start, end }) => text.slice(start, end))).toEqual(found);
  });

  it("names who is meant", () => {
    expect(findMentions("@Bob.Smith", named)).toEqual([{ start: 0, end: 10, userId: "2" }]);
  });
});

describe("mentionAt", () => {
  it.each([
    ["@", 1, { start: 0, query: "" }],
    ["hi @an", 6, { start: 3, query: "an" }],
    ["hi @an and more", 6, { start: 3, query: "an" }],
    ["hi @ann ", 8, null],
    ["mail a@b", 8, null],
    ["no mention", 5, null],
    ["@ор", 3, { start: 0, query: "ор" }],
  ])("%s at %i", (text, caret, expected) => {
    expect(mentionAt(text, caret)).toEqual(expected);
  });
});

describe("complete", () => {
  it("puts the name and a space, and the caret after them", () => {
    expect(complete("hi @an there", 3, 6, "ann")).toEqual({ text: "hi @ann there", caret: 8 });
    expect(complete("@", 0, 1, "ann")).toEqual({ text: "@ann ", caret: 5 });
  });
});

describe("suggest", () => {
  const member = (userId: string, username: string, displayName: string, deleted = false) =>
    ({ userId, username, displayName, deleted }) as Member;
  const members = [
    member("me", "anton", "Anton"),
    member("1", "zoe", "Anna Berg"),
    member("2", "ann", "Zed"),
    member("3", "joanna", "Jo"),
    member("4", "", "", true),
    member("5", "carl", "Carl"),
  ];

  it("has usernames first, then names, then any part; never me or who is gone", () => {
    expect(suggest(members, "an", "me").map((m) => m.userId)).toEqual(["2", "1", "3"]);
    expect(suggest(members, "", "me").map((m) => m.userId)).toEqual(["1", "5", "3", "2"]);
    expect(suggest(members, "AN", "me")).toHaveLength(3);
    expect(suggest(members, "xyz", "me")).toEqual([]);
  });
});
