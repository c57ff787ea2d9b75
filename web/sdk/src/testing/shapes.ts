import type { Chat, Member, Message } from "../types.ts";

const at = "2026-01-01T00:00:00.000Z";

export function message(seq: number, change: Partial<Message> = {}): Message {
  return {
    ...{ id: `m${seq}`, chatId: "c", userId: "bob", seq, rev: seq, kind: "text", content: `text ${seq}` },
    ...{ attachments: [], reactions: [], mentions: [], createdAt: at, updatedAt: at },
    ...change,
  };
}

export function member(userId: string, change: Partial<Member> = {}): Member {
  return {
    ...{ userId, username: userId, displayName: userId, avatarUrl: null, role: "member", joinedAt: at },
    ...{ deliveredSeq: 0, readSeq: 0, online: false },
    ...change,
  };
}

export function chat(change: Partial<Chat> = {}): Chat {
  return {
    ...{ id: "c", type: "direct", name: "", description: "", avatarUrl: null, createdAt: at, updatedAt: at },
    ...{ lastSeq: 0, lastRev: 0, unreadCount: 0, unreadMentions: 0, pinCount: 0, myRole: "member" },
    members: [member("ann"), member("bob")],
    ...change,
  };
}
