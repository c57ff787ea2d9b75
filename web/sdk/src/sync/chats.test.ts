import { describe, expect, test } from "vitest";
import { chat, member, message } from "../testing/shapes.ts";
import {
  byActivity,
  chatTitle,
  deliveryMark,
  isArchived,
  knowsMentions,
  knowsUnread,
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
    const after = withChangedMessage(two, deleted, "ann", message(1));
    expect(after.unreadCount).toBe(1);
    expect(withChangedMessage(after, deleted, "ann", deleted).unreadCount).toBe(1);
  });

  test("go as far as one has read, on whichever device", () => {
    const read = (seq: number) => ({ userId: "ann", status: "read" as const, seq });
    const messages = [message(1), message(2)];
    expect(withWatermark(two, read(1), "ann", messages).unreadCount).toBe(1);
    expect(withWatermark(two, read(2), "ann", []).unreadCount).toBe(0);
    const done = withWatermark(two, read(2), "ann", messages);
    expect(withWatermark(done, read(1), "ann", messages)).toBe(done);
  });

  const three = withNewMessage(two, message(3), "ann");
  test.each([
    ["all that I read is loaded", "ann", 2, [message(1), message(2)], true],
    ["some of it is not", "ann", 2, [message(2)], false],
    ["nothing is left to read", "ann", 3, [], true],
    ["somebody else read", "bob", 2, [], true],
  ])("are known, or not, when %s (%s, up to %i)", (_name, userId, seq, messages, known) => {
    expect(knowsUnread(three, { userId, status: "read", seq }, "ann", messages)).toBe(known);
  });
});

describe("unread mentions", () => {
  const naming = (seq: number, change = {}) => message(seq, { mentions: ["ann"], ...change });
  const two = [message(1), naming(2), naming(3)].reduce((c, m) => withNewMessage(c, m, "ann"), chat());
  const read = (seq: number) => ({ userId: "ann", status: "read" as const, seq });

  test("are the unread messages of others that name me", () => {
    expect(two).toMatchObject({ unreadCount: 3, unreadMentions: 2 });
    expect(withNewMessage(two, naming(4, { userId: "ann" }), "ann").unreadMentions).toBe(2);
  });

  test("are fewer as I read", () => {
    const messages = [message(1), naming(2), naming(3)];
    expect(withWatermark(two, read(2), "ann", messages)).toMatchObject({ unreadCount: 1, unreadMentions: 1 });
    expect(withWatermark(two, read(3), "ann", []).unreadMentions).toBe(0);
  });

  test("follow an edit and a deletion", () => {
    const named = withChangedMessage(two, naming(1, { rev: 4 }), "ann", message(1));
    expect(named.unreadMentions).toBe(3);
    const unnamed = withChangedMessage(named, message(2, { rev: 5 }), "ann", naming(2));
    expect(unnamed.unreadMentions).toBe(2);
    const deleted = message(3, { rev: 6, deletedAt: "2026-01-01T00:00:00.000Z" });
    const after = withChangedMessage(unnamed, deleted, "ann", naming(3));
    expect(after).toMatchObject({ unreadCount: 2, unreadMentions: 1 });
  });

  test("of a message that is not known here are the server's to count", () => {
    const one = withWatermark(two, read(2), "ann", [message(1), naming(2)]);
    expect(knowsMentions(one, message(3, { rev: 9 }), undefined, "ann")).toBe(false);
    expect(knowsMentions(one, message(3, { rev: 9 }), naming(3), "ann")).toBe(true);
    expect(knowsMentions(one, naming(2, { rev: 9 }), undefined, "ann")).toBe(true);
    expect(knowsMentions(chat(), message(3, { rev: 9 }), undefined, "ann")).toBe(true);
    expect(knowsMentions(chat(), naming(3, { rev: 9 }), undefined, "ann")).toBe(false);
  });

  test("that I have read here do not come back with an older reading of the chat", () => {
    const done = withWatermark(two, read(3), "ann", []);
    expect(withoutSetback(two, done, "ann")).toMatchObject({ unreadCount: 0, unreadMentions: 0 });
    expect(withoutSetback(two, two, "ann").unreadMentions).toBe(2);
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
    expect(withoutSetback(chat(), known, "ann").members[1]).toMatchObject({ deliveredSeq: 4, readSeq: 3 });
  });

  test("takes only what a change names", () => {
    const before = chat({ name: "old", type: "group" });
    const call = { id: "call" };
    expect(withHead(before, { id: "c", activeCall: call })).toEqual({ ...before, activeCall: call });
    expect(withHead(before, { id: "c", name: "new" }).name).toBe("new");
    expect(withHead(before, { id: "c", pinCount: 3 })).toEqual({ ...before, pinCount: 3 });
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
