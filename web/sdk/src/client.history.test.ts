import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfabClient } from "./client.ts";
import { seeded } from "./testing/seeded.ts";
import { nothing, Server } from "./testing/server.ts";
import type { Message } from "./types.ts";

/** Lets what was scheduled up to `ms` from now happen. */
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** A reader whose connection comes and goes while answers are on their way, as a seed decides. */
class History {
  readonly server = new Server();
  readonly client = new ConfabClient({ baseUrl: "http://server", platform: this.server.world.platform });
  readonly pick: (below: number) => number;

  constructor(seed: number) {
    this.pick = seeded(seed);
    for (let i = 100 + this.pick(100); i > 0; i--) this.#add();
    this.server.read(this.pick(50));
  }

  async begin(): Promise<void> {
    await this.client.login({ login: "ann", password: "secret" });
    await this.#comeBack();
  }

  async step(): Promise<void> {
    this.#moveServer();
    this.#moveReader();
    if (this.pick(12) === 0) this.server.world.socket.end(1006);
    if (this.pick(6) === 0) await this.#comeBack();
    await pass(this.pick(2) * this.pick(400));
  }

  /** Whatever is on the way arrives, and nothing more happens. */
  async settle(): Promise<void> {
    await this.#comeBack();
    this.server.holding = nothing;
    while (this.server.held > 0) this.server.letGo(this.pick(this.server.held));
    await pass(10_000);
  }

  get #online(): boolean {
    return this.client.connection.get().status === "online";
  }

  async #comeBack(): Promise<void> {
    while (!this.#online) {
      await pass(1000);
      this.server.ready();
    }
  }

  #moveServer(): void {
    const { server, pick } = this;
    switch (pick(8)) {
      case 0:
        this.#tell("message:received", this.#add());
        break;
      case 1:
        this.#tell("message:updated", server.edit(this.#someSeq(), `changed at ${server.rev + 1}`));
        break;
      case 2:
        this.#readElsewhere(Math.min(server.marks.ann.readSeq + 1 + pick(20), server.messages.length));
        break;
      case 3:
        server.holding = pick(2) === 0 ? nothing : /./;
        break;
      case 4:
        server.letGo(pick(server.held + 1));
        break;
    }
  }

  #moveReader(): void {
    const { client, pick } = this;
    const { messaging } = client;
    switch (pick(10)) {
      case 0:
        this.#ask(messaging.open("c"));
        break;
      case 1:
        if (pick(3) === 0) messaging.release("c");
        break;
      case 2:
        this.#ask(messaging.loadOlder("c"));
        break;
      case 3:
        this.#ask(messaging.loadNewer("c"));
        break;
      case 4:
        this.#ask(messaging.goTo("c", { seq: this.#someSeq() }));
        break;
      case 5:
        messaging.goToNewest("c");
        break;
      case 6: {
        const { messages = [] } = client.state.get().timelines.c ?? {};
        messaging.markRead("c", messages[pick(messages.length)]?.id);
        break;
      }
    }
  }

  /** It may fail with the connection, or be given up after a while. */
  #ask(asked: Promise<void>): void {
    asked.catch(() => {});
  }

  #someSeq(): number {
    return 1 + this.pick(this.server.messages.length);
  }

  #add(): Message {
    return this.server.add(this.pick(4) === 0 ? { mentions: ["ann"] } : {});
  }

  #readElsewhere(seq: number): void {
    if (this.#online) this.server.readElsewhere(seq);
    else this.server.read(seq);
  }

  #tell(event: string, message: Message): void {
    if (this.#online) this.server.world.socket.say(event, { message });
  }
}

describe("a client under a random history", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each(Array.from({ length: 100 }, (_, seed) => seed))(
    "ends as the server is (seed %i)",
    async (seed) => {
      const history = new History(seed);
      await history.begin();
      for (let i = 0; i < 60; i++) await history.step();
      await history.settle();

      const { server, client } = history;
      const { chats, timelines } = client.state.get();
      expect(chats[0]).toMatchObject({
        lastSeq: server.messages.length,
        lastRev: server.rev,
        ...server.unread,
      });
      const { messages, hasNewer, loading } = timelines.c ?? {
        messages: [],
        hasNewer: false,
        loading: "none",
      };
      expect(loading).toBe("none");
      const begin = (messages[0]?.seq ?? 1) - 1;
      expect(messages).toEqual(server.messages.slice(begin, begin + messages.length));
      if (!hasNewer && messages.length > 0) expect(messages.at(-1)).toEqual(server.messages.at(-1));
    },
  );
});
