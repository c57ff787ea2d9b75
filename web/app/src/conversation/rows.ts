import type { Id, Message, PendingMessage } from "@confab/sdk";

/** What the list of messages is made of, from top to bottom. */
export type Row =
  | { kind: "day"; key: string; at: string }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: string; message: Message; first: boolean; last: boolean }
  | { kind: "pending"; key: string; pending: PendingMessage; first: boolean; last: boolean };

/** Messages of one author that follow each other within this many ms stand together as a group. */
const groupGap = 5 * 60_000;

/** A call or a change of the group stands for itself and ends a group. */
const alone = (message: Message) => message.kind === "system" || message.kind === "call";

type Entry = { author: Id; at: string; alone: boolean } & (
  | { message: Message; pending?: undefined }
  | { message?: undefined; pending: PendingMessage }
);

/**
 * Lays out a run of messages: a heading before each local day, one divider before the first message of others past
 * `unreadAfter` (null: none), and groups by author. A message's `first` and `last` say where it is in its group.
 */
export function buildRows(
  messages: readonly Message[],
  pending: readonly PendingMessage[],
  me: Id,
  unreadAfter: number | null,
): Row[] {
  const entries: Entry[] = [
    ...messages.map((message) => ({
      author: message.userId,
      at: message.createdAt,
      alone: alone(message),
      message,
    })),
    ...pending.map((entry) => ({ author: me, at: entry.createdAt, alone: false, pending: entry })),
  ];
  const rows: Row[] = [];
  let divided = unreadAfter === null;
  let before: Entry | undefined;
  const days = new Set<string>();
  for (const entry of entries) {
    const newDay = !before || dayOf(before.at) !== dayOf(entry.at);
    if (newDay) {
      // A server's clock that was set back may bring a day twice.
      const day = dayOf(entry.at);
      rows.push({ kind: "day", key: days.has(day) ? `${day} ${keyOf(entry)}` : day, at: entry.at });
      days.add(day);
    }
    const divider = !divided && isUnread(entry, me, unreadAfter ?? 0);
    if (divider) {
      rows.push({ kind: "unread", key: "unread" });
      divided = true;
    }
    const first = newDay || divider || !before || !together(before, entry);
    const previous = rows.at(-1);
    if (!first && previous && "last" in previous) previous.last = false;
    const key = keyOf(entry);
    if (entry.message) rows.push({ kind: "message", key, message: entry.message, first, last: true });
    else rows.push({ kind: "pending", key, pending: entry.pending, first, last: true });
    before = entry;
  }
  return rows;
}

/** Rows by day, each day beginning with its heading. */
export function byDay(rows: readonly Row[]): { key: string; at: string; rows: Row[] }[] {
  const days: { key: string; at: string; rows: Row[] }[] = [];
  for (const row of rows) {
    if (row.kind === "day") days.push({ key: row.key, at: row.at, rows: [] });
    else days.at(-1)?.rows.push(row);
  }
  return days;
}

/** The same key for a pending message and the one it becomes, so that the bubble stays where it is. */
function keyOf(entry: Entry): string {
  const clientId = entry.pending ? entry.pending.clientId : entry.message.clientId;
  return clientId ? `${entry.author}/${clientId}` : (entry.message?.id ?? "");
}

function together(a: Entry, b: Entry): boolean {
  if (a.alone || b.alone || a.author !== b.author) return false;
  return Date.parse(b.at) - Date.parse(a.at) < groupGap;
}

function isUnread(entry: Entry, me: Id, after: number): boolean {
  return entry.message !== undefined && entry.message.userId !== me && entry.message.seq > after;
}

function dayOf(at: string): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}
