import { asConfabError } from "../errors.ts";
import type { RestClient } from "../net/rest.ts";
import type { Id, Message, MessagePage } from "../types.ts";
import { goAside, goBack, type Log, mergeNewer, mergeOlder, relink, shown } from "./log.ts";
import type { Model } from "./model.ts";

/** Messages a page: some screens full, and small enough for a slow phone network. */
export const pageSize = 50;

/** Messages before and after the one that is jumped to: more than a screen on either side. */
const aroundSize = 30;

/** How a reader moves through timelines that are loaded: back, forth, elsewhere, and to the newest again. */
export class Paging {
  readonly #rest: RestClient;
  readonly #model: Model;
  readonly #run: () => number;
  readonly #catchUp: (chatId: Id) => Promise<void>;
  readonly #older = new Map<string, Promise<void>>();
  readonly #newer = new Map<string, Promise<void>>();
  readonly #relinking = new Map<string, Promise<void>>();
  /** By chat: the seq that was asked for last. */
  readonly #goingTo = new Map<Id, number>();

  /**
   * `run` counts connections: an answer that was asked for in an earlier one changes nothing. `catchUp` fetches the
   * changes that a timeline has heard of and does not have.
   */
  constructor(rest: RestClient, model: Model, run: () => number, catchUp: (chatId: Id) => Promise<void>) {
    this.#rest = rest;
    this.#model = model;
    this.#run = run;
    this.#catchUp = catchUp;
  }

  /** Loads the page before the loaded ones. */
  loadOlder(chatId: Id): Promise<void> {
    return shared(this.#older, this.#key(chatId), () => this.#loadOlder(chatId));
  }

  /** Loads the page after the loaded ones, where they do not end with the newest. */
  loadNewer(chatId: Id): Promise<void> {
    return shared(this.#newer, this.#key(chatId), () => this.#loadNewer(chatId));
  }

  /** Shows the messages around one of the chat's, unless it is among those shown. A later call overtakes an earlier one. */
  async goTo(chatId: Id, seq: number): Promise<void> {
    this.#goingTo.set(chatId, seq);
    const log = this.#model.log(chatId);
    if (!log || holds(shown(log), seq)) return;
    if (holds(log.messages, seq)) return this.#model.setLog(chatId, goBack(log));
    const run = this.#run();
    const ended = this.#model.startLoading(chatId, "elsewhere");
    try {
      const [older, newer] = await around(this.#rest, chatId, seq);
      const present = this.#model.log(chatId);
      if (run !== this.#run() || !present || this.#goingTo.get(chatId) !== seq) return;
      this.#model.setLog(chatId, goAside(present, older, newer));
      await this.#catchUp(chatId);
    } finally {
      // After a failure the messages that are shown are as good as before: only who asked is told.
      ended();
    }
  }

  /** Shows the newest messages again. */
  goToNewest(chatId: Id): void {
    this.#goingTo.delete(chatId);
    const log = this.#model.log(chatId);
    if (log?.aside) this.#model.setLog(chatId, goBack(log));
  }

  /** The first unread message that names the user, or undefined. */
  async nextMention(chatId: Id): Promise<Message | undefined> {
    // What has been read on this device may be on its way to the server yet.
    const page = await this.#rest.mentions(chatId, { after: this.#model.readSeq(chatId), limit: 1 });
    return page.items[0];
  }

  /** Reads the page around a message again, for the links in it. */
  renewLinks(chatId: Id, seq: number): Promise<void> {
    const after = Math.floor((seq - 1) / pageSize) * pageSize;
    return shared(this.#relinking, `${chatId} ${after}`, async () => {
      const page = await this.#rest.messages({ chatId, after, limit: pageSize });
      const log = this.#model.log(chatId);
      if (log) this.#model.setLog(chatId, relink(log, page.items));
    });
  }

  async #loadOlder(chatId: Id): Promise<void> {
    const log = this.#model.log(chatId);
    const first = log && shown(log)[0];
    if (!first || first.seq <= 1) return;
    await this.#loadMore(chatId, "older", { before: first.seq }, mergeOlder);
  }

  async #loadNewer(chatId: Id): Promise<void> {
    const last = this.#model.log(chatId)?.aside?.at(-1);
    if (last) await this.#loadMore(chatId, "newer", { after: last.seq }, mergeNewer);
  }

  async #loadMore(
    chatId: Id,
    loading: "older" | "newer",
    place: { before: number } | { after: number },
    merge: (log: Log, page: MessagePage) => Log,
  ): Promise<void> {
    const run = this.#run();
    const ended = this.#model.startLoading(chatId, loading);
    try {
      const page = await this.#rest.messages({ chatId, ...place, limit: pageSize });
      const log = this.#model.log(chatId);
      if (run === this.#run() && log) {
        this.#model.setLog(chatId, merge(log, page));
        await this.#catchUp(chatId);
      }
      ended();
    } catch (error) {
      ended(asConfabError(error));
      throw error;
    }
  }

  /** What is asked for in one connection is shared within it alone: a later one would wait for nothing. */
  #key(chatId: Id): string {
    return `${this.#run()} ${chatId}`;
  }
}

/** Whether a run has the message of that seq. */
function holds(run: readonly Message[], seq: number): boolean {
  const first = run[0]?.seq;
  return first !== undefined && seq >= first && seq < first + run.length;
}

/** The page up to a seq and the one after it. */
export function around(rest: RestClient, chatId: Id, seq: number): Promise<[MessagePage, MessagePage]> {
  return Promise.all([
    rest.messages({ chatId, before: seq + 1, limit: aroundSize }),
    rest.messages({ chatId, after: seq, limit: aroundSize }),
  ]);
}

/** Runs one task of a key at a time: who calls while it runs shares it. */
export function shared(
  running: Map<string, Promise<void>>,
  key: string,
  task: () => Promise<void>,
): Promise<void> {
  const present = running.get(key);
  if (present) return present;
  const begun = task().finally(() => running.delete(key));
  running.set(key, begun);
  return begun;
}
