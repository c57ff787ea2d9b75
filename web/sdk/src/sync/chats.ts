import type { ChatHead } from "../events.ts";
import type { Chat, DeliveryMark, Id, Member, Message, PublicUser } from "../types.ts";
import { replaceAt } from "./lists.ts";

/** What a chat is called for one of its members: its name, or in a direct chat the other's. */
export function chatTitle(chat: Chat, me: Id): string {
  if (chat.type === "group") return chat.name;
  return otherMember(chat, me)?.displayName ?? chat.name;
}

/** The other one of a direct chat. */
export function otherMember(chat: Chat, me: Id): Member | undefined {
  return chat.type === "direct" ? chat.members.find((member) => member.userId !== me) : undefined;
}

/**
 * How far a message of mine has come: the weakest over the other members' watermarks. Where nobody else is left in the
 * chat, what the server said last.
 */
export function deliveryMark(chat: Chat, message: Message): DeliveryMark {
  let mark: DeliveryMark = "read";
  let others = 0;
  for (const member of chat.members) {
    if (member.userId === message.userId) continue;
    others++;
    if (member.deliveredSeq < message.seq) return "sent";
    if (member.readSeq < message.seq) mark = "delivered";
  }
  return others > 0 ? mark : (message.status ?? "sent");
}

/** Takes what changed of a chat: the fields that are there. */
export function withHead(chat: Chat, head: ChatHead): Chat {
  const { name, description, avatarUrl, updatedAt, pinCount, mutedUntil, archivedAt, activeCall } = {
    ...chat,
    ...head,
  };
  const changed = { name, description, avatarUrl, updatedAt, pinCount, mutedUntil, archivedAt, activeCall };
  return { ...chat, ...changed } as Chat;
}

/** Whether the chat makes no noise at this time (ms since 1970). */
export function isMuted(chat: Chat, now: number): boolean {
  return !!chat.mutedUntil && Date.parse(chat.mutedUntil) > now;
}

/**
 * Whether the chat lies among the archived ones at this time (ms since 1970). One that was put away comes back by itself
 * when something is said in it, unless it is muted as well.
 */
export function isArchived(chat: Chat, now: number): boolean {
  if (!chat.archivedAt) return false;
  return isMuted(chat, now) || !chat.lastMessage || chat.lastMessage.createdAt <= chat.archivedAt;
}

/** Messages of others that say something count as unread; announcements of joins and renames do not. */
function countsAsUnread(message: Message, me: Id): boolean {
  return message.userId !== me && message.kind !== "system";
}

/** Where my own reading has come to. */
function readSeqOf(chat: Chat, me: Id): number {
  return chat.members.find((member) => member.userId === me)?.readSeq ?? 0;
}

/** Whether an unread message of somebody else names me. */
function namesMe(message: Message, me: Id): boolean {
  return message.userId !== me && message.mentions.includes(me);
}

/** Takes a new message: a later one becomes the last, and counts as unread when somebody else wrote it. */
export function withNewMessage(chat: Chat, message: Message, me: Id): Chat {
  const lastRev = Math.max(chat.lastRev, message.rev);
  if (message.seq <= chat.lastSeq) return lastRev === chat.lastRev ? chat : { ...chat, lastRev };
  const unread = countsAsUnread(message, me) && !message.deletedAt && message.seq > readSeqOf(chat, me);
  return {
    ...chat,
    lastSeq: message.seq,
    lastRev,
    lastMessage: message,
    unreadCount: chat.unreadCount + (unread ? 1 : 0),
    unreadMentions: chat.unreadMentions + (unread && namesMe(message, me) ? 1 : 0),
  };
}

/** Takes a changed message; a deleted one is not unread any more. `before`: the version that was known, if any. */
export function withChangedMessage(chat: Chat, message: Message, me: Id, before: Message | undefined): Chat {
  if (message.rev <= chat.lastRev) return withLaterVersion(chat, message);
  const unread = countsAsUnread(message, me) && message.seq > readSeqOf(chat, me);
  const gone = unread && message.deletedAt && !before?.deletedAt;
  const named = unread && before ? Number(namesMe(message, me)) - Number(namesMe(before, me)) : 0;
  return withLaterVersion(
    {
      ...chat,
      lastRev: message.rev,
      unreadCount: Math.max(0, chat.unreadCount - (gone ? 1 : 0)),
      unreadMentions: Math.max(0, chat.unreadMentions + named),
    },
    message,
  );
}

/**
 * Whether a change of a message says by itself what it does to the number of unread mentions: it is read, or the version
 * before it is known, or neither can have named me.
 */
export function knowsMentions(chat: Chat, message: Message, before: Message | undefined, me: Id): boolean {
  if (before || message.rev <= chat.lastRev || message.seq <= readSeqOf(chat, me)) return true;
  return !namesMe(message, me) && chat.unreadMentions === 0;
}

function withLaterVersion(chat: Chat, message: Message): Chat {
  const last = chat.lastMessage;
  return last?.id === message.id && last.rev < message.rev ? { ...chat, lastMessage: message } : chat;
}

/** Up to where somebody has got or read a chat. */
export interface Watermark {
  userId: Id;
  status: "delivered" | "read";
  seq: number;
}

/**
 * Whether `messages` show what a watermark does to the unread counts: it is not my own reading, or nothing is left to
 * read, or every message that it passes is there.
 */
export function knowsUnread(chat: Chat, mark: Watermark, me: Id, messages: readonly Message[]): boolean {
  const before = readSeqOf(chat, me);
  if (mark.userId !== me || mark.status !== "read" || mark.seq <= before) return true;
  if (chat.unreadCount === 0 || mark.seq >= chat.lastSeq) return true;
  return messages.filter((m) => m.seq > before && m.seq <= mark.seq).length === mark.seq - before;
}

/**
 * Moves somebody's watermark. When it is my own reading, the unread count follows: nothing is unread at the end of the
 * chat, and before it what `messages` shows as read is taken off.
 */
export function withWatermark(chat: Chat, mark: Watermark, me: Id, messages: readonly Message[]): Chat {
  const member = chat.members.find((m) => m.userId === mark.userId);
  if (!member) return chat;
  const readSeq = mark.status === "read" ? Math.max(member.readSeq, mark.seq) : member.readSeq;
  const deliveredSeq = Math.max(member.deliveredSeq, mark.seq, readSeq);
  if (readSeq === member.readSeq && deliveredSeq === member.deliveredSeq) return chat;
  const moved = withMember(chat, { ...member, readSeq, deliveredSeq });
  if (mark.userId !== me || readSeq === member.readSeq) return moved;
  if (readSeq >= chat.lastSeq) return { ...moved, unreadCount: 0, unreadMentions: 0 };
  const read = messages.filter(
    (m) => m.seq > member.readSeq && m.seq <= readSeq && countsAsUnread(m, me) && !m.deletedAt,
  );
  const named = read.filter((m) => namesMe(m, me));
  return {
    ...moved,
    unreadCount: Math.max(0, chat.unreadCount - read.length),
    unreadMentions: Math.max(0, chat.unreadMentions - named.length),
  };
}

/** Puts a member in, or the later version of one. Watermarks never go back. */
export function withMember(chat: Chat, member: Member): Chat {
  const at = chat.members.findIndex((m) => m.userId === member.userId);
  const present = chat.members[at];
  if (!present) return { ...chat, members: [...chat.members, member] };
  const merged = {
    ...member,
    deliveredSeq: Math.max(present.deliveredSeq, member.deliveredSeq),
    readSeq: Math.max(present.readSeq, member.readSeq),
  };
  return { ...chat, members: replaceAt(chat.members, at, merged) };
}

/**
 * A chat as it was read, which may have been before receipts that are known here already: those stay. What is unread was
 * then counted before my own reading, and is taken from here as well.
 */
export function withoutSetback(chat: Chat, known: Chat, me: Id): Chat {
  const marks = new Map(known.members.map((member) => [member.userId, member]));
  const members = chat.members.map((member) => ({
    ...member,
    deliveredSeq: Math.max(member.deliveredSeq, marks.get(member.userId)?.deliveredSeq ?? 0),
    readSeq: Math.max(member.readSeq, marks.get(member.userId)?.readSeq ?? 0),
  }));
  if (readSeqOf(known, me) <= readSeqOf(chat, me)) return { ...chat, members };
  const { unreadCount, unreadMentions } = known;
  return { ...chat, members, unreadCount, unreadMentions };
}

/** Whether a chat was read before something that is known here: a message of it, or my own reading. */
export function isOutdated(chat: Chat, known: Chat, me: Id): boolean {
  return chat.lastRev < known.lastRev || readSeqOf(chat, me) < readSeqOf(known, me);
}

export function withoutMember(chat: Chat, userId: Id): Chat {
  return { ...chat, members: chat.members.filter((member) => member.userId !== userId) };
}

/** Shows somebody's new name and picture wherever they are a member. */
export function withUser(chat: Chat, user: PublicUser): Chat {
  const at = chat.members.findIndex((member) => member.userId === user.id);
  const present = chat.members[at];
  if (!present) return chat;
  const { username, displayName, avatarUrl } = user;
  const deleted = user.deleted ?? false;
  return {
    ...chat,
    members: replaceAt(chat.members, at, { ...present, username, displayName, avatarUrl, deleted }),
  };
}

/** Latest activity first: the newest message, or the chat's creation. */
export function byActivity(chats: Iterable<Chat>): Chat[] {
  return [...chats].sort((a, b) => compare(activityOf(b), activityOf(a)) || compare(b.id, a.id));
}

function activityOf(chat: Chat): string {
  return chat.lastMessage?.createdAt ?? chat.createdAt;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
