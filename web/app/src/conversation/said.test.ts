import type { Message } from "@confab/sdk";
import { describe, expect, it } from "vitest";
import { isEditable, isSaid } from "./said";

const at = "2026-11-28T10:00:00.000Z";
const message = (change: Partial<Message>) => ({ kind: "text", userId: "ann", ...change }) as Message;

describe("what can be done with a message", () => {
  it.each([
    ["a text", {}, true, true],
    ["a file with its caption", { kind: "file" }, true, true],
    ["a recording", { kind: "audio" }, true, true],
    ["somebody else's", { userId: "bob" }, true, false],
    ["a forwarded one", { forwardedFrom: { userId: "ann", createdAt: at } }, true, false],
    ["a deleted one", { deletedAt: at }, false, false],
    ["a call", { kind: "call" }, false, false],
    ["a change of the group", { kind: "system" }, false, false],
  ] as const)("%s", (_, change, said, editable) => {
    expect(isSaid(message(change))).toBe(said);
    expect(isEditable(message(change), "ann")).toBe(editable);
  });
});
