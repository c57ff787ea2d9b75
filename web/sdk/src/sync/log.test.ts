import { describe, expect, test } from "vitest";
import { seeded } from "../testing/seeded.ts";
import type { Message, MessagePage } from "../types.ts";
import {
  fromNewest,
  goAside,
  goBack,
  hasOlder,
  hear,
  hearOf,
  isBehind,
  type Log,
  mergeChanges,
  mergeNewer,
  mergeOlder,
  shown,
  takePins,
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
    return this.#put(this.#version(seq, `changed at ${this.rev + 1}`));
  }

  pin(seq: number): Message {
    const pinnedAt = this.messages[seq - 1]?.pinnedAt ? null : `at ${String(this.rev + 1).padStart(6, "0")}`;
    return this.#put({ ...this.#version(seq, "pinned or not"), pinnedAt });
  }

  pins(): Message[] {
    const pins = this.messages.filter((m) => m.pinnedAt);
    return pins.sort((a, b) => ((a.pinnedAt ?? "") < (b.pinnedAt ?? "") ? 1 : -1));
  }

  #put(message: Message): Message {
    const { seq } = message;
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

  after(seq: number, limit: number): MessagePage {
    const newer = this.messages.filter((m) => m.seq > seq);
    return this.#page(newer.slice(0, limit), newer.length > limit);
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
      ...{ attachments: [], reactions: [], mentions: [], createdAt: at, updatedAt: at },
      pinnedAt: this.messages[seq - 1]?.pinnedAt ?? null,
    };
  }
}

function expectRun(log: Log): void {
  const first = log.messages[0]?.seq ?? log.last + 1;
  expect(log.messages.every((message, i) => message.seq === first + i)).toBe(true);
  expect(first + log.messages.length - 1).toBe(log.last);
  if (!log.aside) return;
  const begin = log.aside[0]?.seq ?? 0;
  expect(log.aside.every((message, i) => message.seq === begin + i)).toBe(true);
  // It is somewhere else, with a gap between: else the two would be one.
  expect(begin + log.aside.length).toBeLessThan(first);
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
    switch (pick(14)) {
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
        const page = server.before(shown(log)[0]?.seq ?? 1, 1 + pick(4));
        this.#pages.push((l) => mergeOlder(l, page));
        break;
      }
      case 5:
        this.log = pick(10) === 0 ? trim(log, 1 + pick(5)) : log;
        break;
      case 6:
      case 7:
        this.#arrive(this.#pages, true);
        break;
      case 8: {
        const seq = 1 + pick(server.messages.length);
        const older = server.before(seq + 1, 1 + pick(3));
        // Two requests: something may come between them.
        if (pick(2) === 0) this.#tell(server.change(1 + pick(server.messages.length)));
        if (pick(3) === 0) this.#tell(server.add());
        const newer = server.after(seq, 1 + pick(3));
        this.#pages.push((l) => goAside(l, older, newer));
        break;
      }
      case 9: {
        const page = server.after(log.aside?.at(-1)?.seq ?? log.last, 1 + pick(4));
        this.#pages.push((l) => mergeNewer(l, page));
        break;
      }
      case 10: {
        const since = log.rev;
        const pins = server.pins();
        this.#pages.push((l) => takePins(l, pins, since));
        break;
      }
      case 11:
        this.#tell(server.pin(1 + pick(server.messages.length)));
        break;
      case 12:
        this.log = pick(6) === 0 ? goBack(log) : log;
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
    if (log.aside) {
      const begin = log.aside[0]?.seq ?? 0;
      expect(log.aside).toEqual(server.messages.slice(begin - 1, begin - 1 + log.aside.length));
    }
    if (log.pins) expect(log.pins).toEqual(server.pins());
    expect(hasOlder(log)).toBe((shown(log)[0]?.seq ?? log.last + 1) > 1);
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

  test("goes elsewhere, grows there in both directions, and is one run again where the two meet", () => {
    const server = new ReferenceChat();
    for (let i = 0; i < 20; i++) server.add();
    const newest = fromNewest(server.newest(4));
    let log = goAside(newest, server.before(9, 2), server.after(8, 2));
    expect(shown(log).map((m) => m.seq)).toEqual([7, 8, 9, 10]);
    log = mergeOlder(log, server.before(7, 2));
    log = mergeNewer(log, server.after(10, 3));
    expect(shown(log).map((m) => m.seq)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(goBack(log).messages).toEqual(newest.messages);
    log = mergeNewer(log, server.after(13, 3));
    expect(log.aside).toBeNull();
    expect(log.messages).toEqual(server.messages.slice(4));
  });

  test("going to what is near the newest makes one run", () => {
    const server = new ReferenceChat();
    for (let i = 0; i < 20; i++) server.add();
    const log = goAside(fromNewest(server.newest(4)), server.before(16, 5), server.after(15, 5));
    expect(log.aside).toBeNull();
    expect(log.messages).toEqual(server.messages.slice(10));
    expect(log.last).toBe(20);
  });

  test("a change that crosses the way elsewhere is asked for", () => {
    const server = new ReferenceChat();
    for (let i = 0; i < 20; i++) server.add();
    const newest = fromNewest(server.newest(4));
    const older = server.before(6, 3);
    const newer = server.after(5, 3);
    const heard = hear(newest, server.change(5));
    const log = goAside(heard, older, newer);
    expect(isBehind(log)).toBe(true);
    const pulled = mergeChanges(log, server.sinceRev(log.rev, 10), log.rev);
    expect(shown(pulled)).toEqual(server.messages.slice(2, 8));
  });

  test("follows what is pinned and what is not any more", () => {
    const server = new ReferenceChat();
    for (let i = 0; i < 5; i++) server.add();
    const start = fromNewest(server.newest(2));
    let log = takePins(hear(start, server.pin(1)), server.pins(), start.rev + 1);
    log = hear(log, server.pin(4));
    expect(log.pins?.map((m) => m.seq)).toEqual([4, 1]);
    log = hear(log, server.pin(1));
    expect(log.pins?.map((m) => m.seq)).toEqual([4]);
  });
});
