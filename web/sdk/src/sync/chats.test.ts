import { describe, expect, test } from "vitest";
import { chat, member, message } from "../testing/shapes.ts";
import {
  byActivity,
  chatTitle,
  deliveryMark,
  isArchived,
  withChangedMessage,
  withHead,
  withNewMessage,
  withoutSetback,
  withWatermark,
} from "./chats.ts";

describe("unread messages", () => {
  const two = [1, 2].reduce((c, seq) => withNewMessage(c, message(seq), "ann"), chat());

  test("are the others' new ones, counted once", () => {
    expect(two).toMatchObject({ unreadCount: 2, lastSeq: 2, lastMessage: { id: "m2" } });
    expect(withNewMessage(two, message(2), "ann")).toBe(two);
    expect(withNewMessage(two, message(3, { userId: "ann" }), "ann").unreadCount).toBe(2);
    expect(withNewMessage(two, message(3, { kind: "system" }), "ann").unreadCount).toBe(2);
  });

  test("are fewer when one is deleted, once", () => {
    const deleted = message(1, { rev: 3, deletedAt: "2026-01-01T00:00:00.000Z" });
    const after = withChangedMessage(two, deleted, "ann");
    expect(after.unreadCount).toBe(1);
    expect(withChangedMessage(after, deleted, "ann").unreadCount).toBe(1);
  });

  test("go as far as one has read, on whichever device", () => {
    const read = (seq: number) => ({ userId: "ann", status: "read" as const, seq });
    const messages = [message(1), message(2)];
    expect(withWatermark(two, read(1), "ann", messages).unreadCount).toBe(1);
    expect(withWatermark(two, read(2), "ann", []).unreadCount).toBe(0);
    const done = withWatermark(two, read(2), "ann", messages);
    expect(withWatermark(done, read(1), "ann", messages)).toBe(done);
  });
});

describe("the mark of a message", () => {
  const group = (bob: number[], cyd: number[]) =>
    chat({
      type: "group",
      members: [
        member("ann"),
        member("bob", { deliveredSeq: bob[0] ?? 0, readSeq: bob[1] ?? 0 }),
        member("cyd", { deliveredSeq: cyd[0] ?? 0, readSeq: cyd[1] ?? 0 }),
      ],
    });
  const mine = message(5, { userId: "ann", status: "delivered" });

  test.each([
    ["sent while one has not got it", [5, 5], [4, 4], "sent"],
    ["delivered when all have got it", [5, 5], [7, 4], "delivered"],
    ["read when all have read it", [5, 5], [9, 6], "read"],
  ])("is %s", (_name, bob, cyd, expected) => {
    expect(deliveryMark(group(bob, cyd), mine)).toBe(expected);
  });

  test("is the server's when nobody else is left", () => {
    expect(deliveryMark(chat({ members: [member("ann")] }), mine)).toBe("delivered");
  });
});

describe("a chat", () => {
  test("is called by its name, or by the other's", () => {
    expect(chatTitle(chat(), "ann")).toBe("bob");
    expect(chatTitle(chat({ type: "group", name: "Crew" }), "ann")).toBe("Crew");
  });

  test("keeps receipts that an older reading of it does not have", () => {
    const known = chat({ members: [member("ann"), member("bob", { deliveredSeq: 4, readSeq: 3 })] });
    expect(withoutSetback(chat(), known).members[1]).toMatchObject({ deliveredSeq: 4, readSeq: 3 });
  });

  test("takes only what a change names", () => {
    const before = chat({ name: "old", type: "group" });
    const call = { id: "call" };
    expect(withHead(before, { id: "c", activeCall: call })).toEqual({ ...before, activeCall: call });
    expect(withHead(before, { id: "c", name: "new" }).name).toBe("new");
  });

  test("stands by its latest activity", () => {
    const older = chat({ id: "older", createdAt: "2026-01-02T00:00:00.000Z" });
    const newer = chat({ id: "newer", lastMessage: message(1, { createdAt: "2026-01-03T00:00:00.000Z" }) });
    expect(byActivity([older, newer, chat()]).map((c) => c.id)).toEqual(["newer", "older", "c"]);
  });
});

describe("isArchived", () => {
  const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z`;
  const now = Date.parse(at(30));
  const said = (second: number) => message(1, { createdAt: at(second) });

  test.each([
    ["a chat in the list", {}, false],
    ["one that was put away", { archivedAt: at(10) }, true],
    ["nothing new was said since", { archivedAt: at(10), lastMessage: said(10) }, true],
    ["something was said since", { archivedAt: at(10), lastMessage: said(11) }, false],
    ["muted, something was said", { archivedAt: at(10), lastMessage: said(11), mutedUntil: at(31) }, true],
    ["the mute is over", { archivedAt: at(10), lastMessage: said(11), mutedUntil: at(29) }, false],
  ])("%s", (_, change, archived) => {
    expect(isArchived(chat(change), now)).toBe(archived);
  });
});
