import type { Message, PendingMessage } from "@confab/sdk";
import { describe, expect, it } from "vitest";
import { buildRows, type Row } from "./rows";

function message(seq: number, userId: string, at: Date, more: Partial<Message> = {}): Message {
  const createdAt = at.toISOString();
  return {
    id: `m${seq}`,
    chatId: "c",
    userId,
    seq,
    rev: seq,
    kind: "text",
    content: "",
    attachments: [],
    reactions: [],
    mentions: [],
    createdAt,
    updatedAt: createdAt,
    ...more,
  };
}

const noon = (minute: number, day = 1) => new Date(2026, 4, day, 12, minute);

/** The rows in short: D for a day, U for the divider, [ and ] where a group begins and ends. */
const sketch = (rows: Row[]) =>
  rows
    .map((row) => {
      if (row.kind === "day") return "D";
      if (row.kind === "unread") return "U";
      const id = row.kind === "message" ? row.message.seq : "p";
      return `${row.first ? "[" : ""}${id}${row.last ? "]" : ""}`;
    })
    .join(" ");

describe("buildRows", () => {
  it("groups what one author says within five minutes", () => {
    const rows = buildRows(
      [
        message(1, "a", noon(0)),
        message(2, "a", noon(2)),
        message(3, "b", noon(3)),
        message(4, "b", noon(9)),
      ],
      [],
      "me",
      null,
    );
    expect(sketch(rows)).toBe("D [1 2] [3] [4]");
  });

  it("begins each day with a heading and a new group", () => {
    const late = new Date(2026, 4, 1, 23, 59);
    const early = new Date(2026, 4, 2, 0, 1);
    expect(sketch(buildRows([message(1, "a", late), message(2, "a", early)], [], "me", null))).toBe(
      "D [1] D [2]",
    );
  });

  it("lets calls and changes of the group stand for themselves", () => {
    const rows = buildRows(
      [message(1, "a", noon(0)), message(2, "a", noon(1), { kind: "call" }), message(3, "a", noon(2))],
      [],
      "me",
      null,
    );
    expect(sketch(rows)).toBe("D [1] [2] [3]");
  });

  it("puts the divider before the first unread message of somebody else, once", () => {
    const all = [
      message(1, "a", noon(0)),
      message(2, "me", noon(1)),
      message(3, "a", noon(2)),
      message(4, "a", noon(3)),
    ];
    expect(sketch(buildRows(all, [], "me", 1))).toBe("D [1] [2] U [3 4]");
    expect(sketch(buildRows(all, [], "me", 4))).toBe("D [1] [2] [3 4]");
  });

  it("joins what is being sent to what was sent, under a key that stays", () => {
    const pending: PendingMessage = {
      chatId: "c",
      content: "",
      clientId: "x",
      createdAt: noon(1).toISOString(),
      status: "sending",
      error: null,
    };
    const before = buildRows([message(1, "me", noon(0))], [pending], "me", null);
    const after = buildRows(
      [message(1, "me", noon(0)), message(2, "me", noon(1), { clientId: "x" })],
      [],
      "me",
      null,
    );
    expect(sketch(before)).toBe("D [1 p]");
    expect(before.at(-1)?.key).toBe(after.at(-1)?.key);
  });

  it("keeps keys apart where two people used the same client id", () => {
    const rows = buildRows(
      [message(1, "a", noon(0), { clientId: "1" }), message(2, "b", noon(1), { clientId: "1" })],
      [],
      "me",
      null,
    );
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
  });
});
