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
 */
export interface Log {
  /** Ascending by seq, without gaps, ending at `last`. */
  readonly messages: readonly Message[];
  /** The seq of the newest message of the run; with no messages, the seq after which the next one fits. */
  readonly last: number;
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

/** There is something before the run. */
export function hasOlder(log: Log): boolean {
  const first = log.messages[0];
  return first ? first.seq > 1 : log.last > 0;
}

/** A log from the page of newest messages. `head` is what had been heard of before the page came. */
export function fromNewest(page: MessagePage, head = 0): Log {
  return {
    messages: page.items,
    last: page.items.at(-1)?.seq ?? page.lastSeq,
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
 * Takes the page before the run. It may have been read before changes that the cursor has passed since, and that
 * nobody applied to messages which were not here yet: then the cursor goes back to the page's own revision.
 */
export function mergeOlder(log: Log, page: MessagePage): Log {
  const first = log.messages[0];
  const newest = page.items.at(-1);
  if (!first || !newest || newest.seq !== first.seq - 1) return log;
  const grown = { ...log, messages: [...page.items, ...log.messages] };
  return page.lastRev < grown.rev ? { ...grown, rev: page.lastRev } : hearOf(grown, page.lastRev);
}

/** Takes the links to files from newly read messages; nothing else of them, and only where the revision is the same. */
export function relink(log: Log, fresh: readonly Message[]): Log {
  const byId = new Map(fresh.map((message) => [message.id, message]));
  const messages = log.messages.map((message) => {
    const again = byId.get(message.id);
    return again?.rev === message.rev && again.attachments.length > 0
      ? { ...message, attachments: again.attachments }
      : message;
  });
  return { ...log, messages };
}

/** Forgets all but the newest `keep` messages. */
export function trim(log: Log, keep: number): Log {
  return log.messages.length > keep ? { ...log, messages: log.messages.slice(-keep) } : log;
}

/** Puts one version of a message where it belongs, unless a later version is there. Leaves the cursor alone. */
function place(log: Log, message: Message): Log {
  if (message.seq > log.last + 1) return { ...log, ahead: insert(log.ahead, message) };
  if (message.seq === log.last + 1) {
    return adoptAhead({ ...log, messages: [...log.messages, message], last: message.seq });
  }
  const first = log.messages[0];
  if (!first || message.seq < first.seq) return log;
  const at = message.seq - first.seq;
  const present = log.messages[at];
  if (!present || present.rev >= message.rev) return log;
  return { ...log, messages: replaceAt(log.messages, at, message) };
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
