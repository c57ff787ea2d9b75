import { describe, expect, test } from "vitest";
import type { Message, MessagePage } from "../types.ts";
import {
  fromNewest,
  hasOlder,
  hear,
  hearOf,
  isBehind,
  type Log,
  mergeChanges,
  mergeOlder,
  trim,
} from "./log.ts";

/** A chat as the server keeps it: the simplest thing that can be right. */
class ReferenceChat {
  readonly messages: Message[] = [];
  rev = 0;

  add(): Message {
    const message = this.#version(this.messages.length + 1, "new");
    this.messages.push(message);
    return message;
  }

  change(seq: number): Message {
    const message = this.#version(seq, `changed at ${this.rev + 1}`);
    this.messages[seq - 1] = message;
    return message;
  }

  newest(limit: number): MessagePage {
    return this.#page(this.messages.slice(-limit), this.messages.length > limit);
  }

  before(seq: number, limit: number): MessagePage {
    const older = this.messages.filter((m) => m.seq < seq);
    return this.#page(older.slice(-limit), older.length > limit);
  }

  sinceRev(rev: number, limit: number): MessagePage {
    const changed = this.messages.filter((m) => m.rev > rev).sort((a, b) => a.rev - b.rev);
    return this.#page(changed.slice(0, limit), changed.length > limit);
  }

  #page(items: Message[], hasMore: boolean): MessagePage {
    return { items: [...items], lastSeq: this.messages.length, lastRev: this.rev, hasMore };
  }

  #version(seq: number, content: string): Message {
    this.rev++;
    const at = "2026-01-01T00:00:00.000Z";
    return {
      ...{ id: `m${seq}`, chatId: "c", userId: "u", seq, rev: this.rev, kind: "text", content },
      ...{ attachments: [], reactions: [], createdAt: at, updatedAt: at },
    };
  }
}

/** A small seeded generator (mulberry32), so that a failing history can be run again. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

function expectRun(log: Log): void {
  const first = log.messages[0]?.seq ?? log.last + 1;
  expect(log.messages.every((message, i) => message.seq === first + i)).toBe(true);
  expect(first + log.messages.length - 1).toBe(log.last);
}

/** Something that was read from the server earlier and reaches the device now. */
type Arrival = (log: Log) => Log;

/** A world that a seed decides: how much of the live events is lost, and whether they overtake each other. */
class History {
  readonly server = new ReferenceChat();
  readonly pick: (below: number) => number;
  readonly #losing: number;
  readonly #overtaking: boolean;
  /** Events come by the socket, pages by requests of their own, which overtake events and each other. */
  #live: Arrival[] = [];
  #pages: Arrival[] = [];
  log: Log;

  constructor(seed: number) {
    this.pick = seeded(seed);
    this.#losing = [0, 0, 5, 30][this.pick(4)] ?? 0;
    this.#overtaking = this.pick(4) === 0;
    for (let i = 3 + this.pick(10); i > 0; i--) this.server.add();
    this.log = fromNewest(this.server.newest(1 + this.pick(4)));
  }

  step(): void {
    const { server, pick, log } = this;
    switch (pick(9)) {
      case 0:
        this.#tell(server.add());
        break;
      case 1:
      case 2:
        this.#tell(server.change(1 + pick(server.messages.length)));
        break;
      case 3: {
        const since = log.rev;
        const page = server.sinceRev(since, 1 + pick(4));
        this.#pages.push((l) => mergeChanges(l, page, since));
        break;
      }
      case 4: {
        const page = server.before(log.messages[0]?.seq ?? 1, 1 + pick(4));
        this.#pages.push((l) => mergeOlder(l, page));
        break;
      }
      case 5:
        this.log = pick(10) === 0 ? trim(log, 1 + pick(5)) : log;
        break;
      case 6:
        this.#arrive(this.#pages, true);
        break;
      default:
        this.#arrive(this.#live, this.#overtaking);
        break;
    }
  }

  /** Whatever is still on the way arrives. */
  settle(): void {
    for (const arrival of [...this.#live, ...this.#pages]) this.log = arrival(this.log);
  }

  #tell(message: Message): void {
    if (this.#losing === 0 || this.pick(this.#losing) > 0) this.#live.push((l) => hear(l, message));
  }

  #arrive(wire: Arrival[], overtaking: boolean): void {
    if (wire.length === 0) return;
    const at = overtaking ? this.pick(wire.length) : 0;
    const [arrival] = this.pick(8) === 0 ? wire.slice(at) : wire.splice(at, 1);
    if (arrival) this.log = arrival(this.log);
  }
}

describe("a log under a random history", () => {
  test.each(Array.from({ length: 300 }, (_, seed) => seed))("ends as the server's (seed %i)", (seed) => {
    const history = new History(seed);
    const { server } = history;
    for (let i = 20 + history.pick(100); i > 0; i--) {
      history.step();
      expectRun(history.log);
    }
    history.settle();

    // What a device does when it is ready again: learn the head, pull until equal.
    let log = hearOf(history.log, server.rev);
    for (let pulls = 0; isBehind(log); pulls++) {
      expect(pulls).toBeLessThan(1000);
      log = mergeChanges(log, server.sinceRev(log.rev, 3), log.rev);
    }
    const first = log.messages[0]?.seq ?? log.last + 1;
    expect(log.messages).toEqual(server.messages.slice(first - 1));
    expect(log.ahead).toEqual([]);
    expect(hasOlder(log)).toBe(first > 1);
  });
});

describe("a log", () => {
  test("takes the next message and is not behind", () => {
    const server = new ReferenceChat();
    server.add();
    const log = hear(fromNewest(server.newest(10)), server.add());
    expect(log.messages.map((m) => m.seq)).toEqual([1, 2]);
    expect(isBehind(log)).toBe(false);
  });

  test("holds a message beyond a gap back until the gap is filled", () => {
    const server = new ReferenceChat();
    server.add();
    const before = fromNewest(server.newest(10));
    server.add();
    const gapped = hear(before, server.add());
    expect(gapped.messages.map((m) => m.seq)).toEqual([1]);
    expect(isBehind(gapped)).toBe(true);
    const filled = mergeChanges(gapped, server.sinceRev(gapped.rev, 10), gapped.rev);
    expect(filled.messages.map((m) => m.seq)).toEqual([1, 2, 3]);
    expect(isBehind(filled)).toBe(false);
  });

  test("an older page that was read before a change does not hide that change", () => {
    const server = new ReferenceChat();
    for (let i = 0; i < 4; i++) server.add();
    const start = fromNewest(server.newest(2));
    const stale = server.before(3, 2);
    const heard = hear(start, server.change(1));
    expect(isBehind(heard)).toBe(false);
    const merged = mergeOlder(heard, stale);
    expect(isBehind(merged)).toBe(true);
    const pulled = mergeChanges(merged, server.sinceRev(merged.rev, 10), merged.rev);
    expect(pulled.messages).toEqual(server.messages);
  });

  test("an older version never replaces a later one", () => {
    const server = new ReferenceChat();
    const first = server.add();
    const log = hear(fromNewest(server.newest(10)), server.change(1));
    expect(hear(log, first).messages[0]?.content).toBe("changed at 2");
  });

  test("keeps no more than its bound beyond a gap, and still ends right", () => {
    const server = new ReferenceChat();
    let log = fromNewest(server.newest(10));
    server.add();
    for (let i = 0; i < 700; i++) log = hear(log, server.add());
    expect(log.ahead.length).toBe(500);
    while (isBehind(log)) log = mergeChanges(log, server.sinceRev(log.rev, 100), log.rev);
    expect(log.messages.length).toBe(701);
  });
});
