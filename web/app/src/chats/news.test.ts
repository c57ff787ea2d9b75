import type { Chat, Message } from "@confab/sdk";
import { expect, it } from "vitest";
import { newsOf } from "./news";

const now = Date.parse("2026-11-28T10:00:00.000Z");
const later = "2026-11-28T11:00:00.000Z";

function chat(seq: number, change: Partial<Chat> = {}, message: Partial<Message> = {}): Chat {
  const lastMessage = { id: `m${seq}`, seq, userId: "bob", kind: "text", ...message };
  return { id: "c", lastSeq: seq, unreadCount: 1, lastMessage, ...change } as Chat;
}

it.each([
  ["a later message", [chat(1)], chat(2), true],
  ["the first of a new chat", [], chat(1), true],
  [
    "a muted chat, once it is heard again",
    [chat(1)],
    chat(2, { mutedUntil: "2026-11-28T09:00:00.000Z" }),
    true,
  ],
  ["what was there before", [chat(2)], chat(2), false],
  ["my own", [chat(1)], chat(2, {}, { userId: "me" }), false],
  ["in a muted chat", [chat(1)], chat(2, { mutedUntil: later }), false],
  ["read on another device", [chat(1)], chat(2, { unreadCount: 0 }), false],
  ["somebody who joins", [chat(1)], chat(2, {}, { kind: "system" }), false],
  ["what was deleted at once", [chat(1)], chat(2, {}, { deletedAt: later }), false],
] as const)("%s", (_, before, after, told) => {
  expect(newsOf(before, [after], "me", now).map(({ message }) => message.seq)).toEqual(
    told ? [after.lastSeq] : [],
  );
});
