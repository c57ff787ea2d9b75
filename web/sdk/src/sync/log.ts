import type { Message, MessagePage } from "../types.ts";
import { replaceAt } from "./lists.ts";

/**
 * The part of one chat that this device holds, and the arithmetic that keeps it right. Pure functions over immutable
 * values; nothing here knows of time or network.
 *
 * A chat numbers its messages by `seq` without gaps, and counts every change of any message by `rev`. The log holds a
 * run of messages without gaps, from wherever loading has come to up to the newest, and a cursor `rev` that promises:
 * every change up to it that touches the run is in the run. Three kinds of news meet it: live events, pages of changes
 * since the cursor, and older pages. They may cross each other on the way, so none is taken at its word beyond what its
 * revision proves.
 *
 * Somebody who jumps to an old message gets a second run around it, `aside`, without everything between being loaded.
 * It grows in both directions, and where it meets the first run the two become one. The cursor's promise holds for both
 * runs, and for the list of pinned messages, which is complete once it is there.
 */
export interface Log {
  /** Ascending by seq, without gaps, ending at `last`. */
  readonly messages: readonly Message[];
  /** The seq of the newest message of the run; with no messages, the seq after which the next one fits. */
  readonly last: number;
  /** A run elsewhere, never empty, that ends before `messages` begins and does not touch it. */
  readonly aside: readonly Message[] | null;
  /** The chat's pinned messages, latest pin first; null until they were asked for. */
  readonly pins: readonly Message[] | null;
  /** Messages beyond a gap, ascending by seq: shown as soon as the gap is filled. */
  readonly ahead: readonly Message[];
  /** Every change up to this revision is in. */
  readonly rev: number;
  /** The highest revision that was heard of. */
  readonly head: number;
}

/**
 * More live messages than this do not wait beyond a gap: they are left to the pull that follows. It bounds what a busy
 * chat can pile up while a pull is under way.
 */
const mostAhead = 500;

/** There are changes that the log does not hold: pull with `sinceRev=log.rev`. */
export function isBehind(log: Log): boolean {
  return log.rev < log.head;
}

/** The run that is shown: the one that was jumped to, else the newest. */
export function shown(log: Log): readonly Message[] {
  return log.aside ?? log.messages;
}

/** There is something before the shown run. */
export function hasOlder(log: Log): boolean {
  const first = shown(log)[0];
  return first ? first.seq > 1 : log.last > 0;
}

/** A log from the page of newest messages. `head` is what had been heard of before the page came. */
export function fromNewest(page: MessagePage, head = 0): Log {
  return {
    messages: page.items,
    last: page.items.at(-1)?.seq ?? page.lastSeq,
    aside: null,
    pins: null,
    ahead: [],
    rev: page.lastRev,
    head: Math.max(head, page.lastRev),
  };
}

/** Learns that the chat has come to `rev`, without its content. */
export function hearOf(log: Log, rev: number): Log {
  return rev > log.head ? { ...log, head: rev } : log;
}

/** Takes a message from a live event or from an answer to a request of one's own. */
export function hear(log: Log, message: Message): Log {
  const known = hearOf(log, message.rev);
  if (message.rev <= known.rev) return known;
  if (message.seq > known.last + 1 && known.ahead.length >= mostAhead) return known;
  const placed = place(known, message);
  return message.rev === known.rev + 1 ? { ...placed, rev: message.rev } : placed;
}

/** Takes a page of changes that was asked for with `sinceRev = since`. */
export function mergeChanges(log: Log, page: MessagePage, since: number): Log {
  const placed = page.items.reduce(place, hearOf(log, page.lastRev));
  const reached = page.hasMore ? (page.items.at(-1)?.rev ?? since) : page.lastRev;
  // A page that begins after the cursor (which moved back meanwhile) leaves a hole before it: it moves nothing.
  return since <= placed.rev && reached > placed.rev ? { ...placed, rev: reached } : placed;
}

/**
 * Takes the page before the shown run. It may have been read before changes that the cursor has passed since, and that
 * nobody applied to messages which were not here yet: then the cursor goes back to the page's own revision.
 */
export function mergeOlder(log: Log, page: MessagePage): Log {
  const run = shown(log);
  const newest = page.items.at(-1);
  if (!run[0] || !newest || newest.seq !== run[0].seq - 1) return log;
  const grown = [...page.items, ...run];
  return readAt(log.aside ? { ...log, aside: grown } : { ...log, messages: grown }, page);
}

/** Takes the page after the run that was jumped to; with the cursor it is as in `mergeOlder`. */
export function mergeNewer(log: Log, page: MessagePage): Log {
  const last = log.aside?.at(-1);
  if (!log.aside || !last || page.items[0]?.seq !== last.seq + 1) return log;
  return readAt(joined({ ...log, aside: [...log.aside, ...page.items] }), page);
}

/** Goes elsewhere: to the run of two pages, `older` up to some message and `newer` from the next one on. */
export function goAside(log: Log, older: MessagePage, newer: MessagePage): Log {
  const end = older.items.at(-1)?.seq;
  const fits = end === undefined || newer.items.length === 0 || newer.items[0]?.seq === end + 1;
  const aside = fits ? [...older.items, ...newer.items] : older.items;
  if (aside.length === 0) return log;
  return readAt(readAt(joined({ ...log, aside }), older), newer);
}

/** Back to the newest messages. */
export function goBack(log: Log): Log {
  return log.aside ? { ...log, aside: null } : log;
}

/** Takes the whole list of pinned messages, which was asked for when the cursor was at `since`. */
export function takePins(log: Log, pins: readonly Message[], since: number): Log {
  return { ...log, pins: byPin(pins), rev: Math.min(log.rev, since) };
}

/** Takes the links to files from newly read messages; nothing else of them, and only where the revision is the same. */
export function relink(log: Log, fresh: readonly Message[]): Log {
  const byId = new Map(fresh.map((message) => [message.id, message]));
  const linked = (message: Message) => {
    const again = byId.get(message.id);
    return again?.rev === message.rev && again.attachments.length > 0
      ? { ...message, attachments: again.attachments }
      : message;
  };
  return { ...log, messages: log.messages.map(linked), aside: log.aside?.map(linked) ?? null };
}

/** Forgets all but the newest `keep` messages. */
export function trim(log: Log, keep: number): Log {
  const back = goBack(log);
  return back.messages.length > keep ? { ...back, messages: back.messages.slice(-keep) } : back;
}

/** Notes at which revision a page was read. */
function readAt(log: Log, page: MessagePage): Log {
  return page.lastRev < log.rev ? { ...log, rev: page.lastRev } : hearOf(log, page.lastRev);
}

/** One run of two that meet or overlap. */
function joined(log: Log): Log {
  const first = log.messages[0];
  const end = log.aside?.at(-1);
  // A run of nothing is joined by whatever ends where it would begin.
  const begins = first?.seq ?? log.last + 1;
  if (!log.aside || !end || end.seq < begins - 1) return log;
  const before = log.aside.filter((message) => message.seq < begins);
  const both = { ...log, aside: null, messages: [...before, ...log.messages] };
  return log.aside.slice(before.length).reduce(placeInRun, both);
}

/** Puts one version of a message wherever it belongs, unless a later version is there. Leaves the cursor alone. */
function place(log: Log, message: Message): Log {
  const placed = placeInRun(log, message);
  const aside = placed.aside && replaced(placed.aside, message);
  const pins = placed.pins && pinned(placed.pins, message);
  return aside === placed.aside && pins === placed.pins ? placed : { ...placed, aside, pins };
}

function placeInRun(log: Log, message: Message): Log {
  if (message.seq > log.last + 1) return { ...log, ahead: insert(log.ahead, message) };
  if (message.seq === log.last + 1) {
    return adoptAhead({ ...log, messages: [...log.messages, message], last: message.seq });
  }
  const messages = replaced(log.messages, message);
  return messages === log.messages ? log : { ...log, messages };
}

/** A run with a later version of one of its messages. */
function replaced(run: readonly Message[], message: Message): readonly Message[] {
  const at = message.seq - (run[0]?.seq ?? 0);
  const present = run[at];
  return present && present.rev < message.rev ? replaceAt(run, at, message) : run;
}

/** The list of pinned messages after the news of one. */
function pinned(pins: readonly Message[], message: Message): readonly Message[] {
  const present = pins.find((pin) => pin.id === message.id);
  if (present && present.rev >= message.rev) return pins;
  const others = present ? pins.filter((pin) => pin !== present) : pins;
  return message.pinnedAt && !message.deletedAt ? byPin([...others, message]) : others;
}

function byPin(pins: readonly Message[]): readonly Message[] {
  const key = (pin: Message) => `${pin.pinnedAt ?? ""} ${pin.id}`;
  return [...pins].sort((a, b) => (key(a) < key(b) ? 1 : -1));
}

/** Moves what now fits from beyond the gap into the run. */
function adoptAhead(log: Log): Log {
  let fitting = 0;
  while (log.ahead[fitting]?.seq === log.last + 1 + fitting) fitting++;
  if (fitting === 0) return log;
  return {
    ...log,
    messages: [...log.messages, ...log.ahead.slice(0, fitting)],
    last: log.last + fitting,
    ahead: log.ahead.slice(fitting),
  };
}

function insert(sorted: readonly Message[], message: Message): readonly Message[] {
  const at = sorted.findIndex((m) => m.seq >= message.seq);
  if (at < 0) return [...sorted, message];
  const present = sorted[at];
  if (present?.seq !== message.seq) return [...sorted.slice(0, at), message, ...sorted.slice(at)];
  return present.rev >= message.rev ? sorted : replaceAt(sorted, at, message);
}
