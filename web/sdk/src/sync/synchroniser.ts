import { asConfabError, ConfabError, NetworkError, SignedOutError } from "../errors.ts";
import type { Ready, ServerEventName, ServerEvents } from "../events.ts";
import { backoffDelay } from "../net/backoff.ts";
import type { RestClient } from "../net/rest.ts";
import type { Socket } from "../net/socket.ts";
import type { Platform } from "../platform.ts";
import type { Chat, Id, Message } from "../types.ts";
import { isOutdated, type Watermark, withHead, withoutSetback } from "./chats.ts";
import { fromNewest, goAside, hearOf, isBehind, type Log, mergeChanges, takePins, trim } from "./log.ts";
import type { Model } from "./model.ts";
import { around, Paging, pageSize, shared } from "./paging.ts";

/** A chat that moves while it is read is read so often at most. */
const mostChatReads = 3;

/** After so many pages of changes a timeline is loaded anew instead: cheaper than replaying a long absence. */
const mostPulls = 8;

/** Chats a page, and the most pages: 5,000 chats is past what anybody reads. */
const chatPageSize = 100;
const mostChatPages = 50;

/** A chat that is shown no longer keeps this many messages; one that is shown keeps what was scrolled to. */
const keptMessages = 100;

const retryLimits = { first: 1000, most: 30_000 };

/**
 * Keeps the model equal to the server: by live events while they flow, and after each `ready` by asking for whatever
 * moved meanwhile. Events that come while the list of chats is being loaded are applied at once, and once more on top of
 * the list, which may have been read before or after them: applying an event twice changes nothing.
 */
export class Synchroniser {
  readonly #platform: Platform;
  readonly #rest: RestClient;
  readonly #model: Model;
  readonly #offs: (() => void)[];
  readonly #afterSync: () => void;
  /** Events since the loading of chats began; null while nothing is being loaded. */
  #replay: (() => void)[] | null = null;
  #epoch: string | null = null;
  /** Counts syncs, so that a former one stops when a later one begins. */
  #run = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  /** Chats on the screen: opened and not yet released. */
  readonly #shown = new Set<Id>();
  readonly #pulling = new Map<string, Promise<void>>();
  readonly #fetching = new Map<string, Promise<void>>();
  /** By chat: how often it was taken away. */
  readonly #removals = new Map<Id, number>();
  /** Moves through the timelines. */
  readonly paging: Paging;

  /** `afterSync` is called when the model has caught up after a `ready`. */
  constructor(platform: Platform, rest: RestClient, socket: Socket, model: Model, afterSync: () => void) {
    this.#platform = platform;
    this.#rest = rest;
    this.#model = model;
    this.#afterSync = afterSync;
    this.paging = new Paging(
      rest,
      model,
      () => this.#run,
      (chatId) => this.#catchUp(chatId),
    );
    const live = <E extends ServerEventName>(name: E, apply: (data: ServerEvents[E]) => void) =>
      socket.on(name, (data) => this.#apply(() => apply(data)));
    this.#offs = [
      socket.on("ready", (ready) => this.#ready(ready)),
      socket.on("message:received", ({ message }) => this.received(message)),
      socket.on("message:updated", ({ message }) => this.updated(message)),
      socket.on("message:delivery_status", (mark) => this.watermark(mark)),
      live("chat:created", ({ chat }) => this.#chatAppeared(chat)),
      live("chat:updated", ({ chatId, chat }) => {
        this.#model.changeChat(chatId, (c) => withHead(c, chat));
      }),
      live("chat:muted", ({ chatId, ...head }) => this.#model.changeChat(chatId, (c) => ({ ...c, ...head }))),
      live("chat:archived", ({ chatId, ...head }) =>
        this.#model.changeChat(chatId, (c) => ({ ...c, ...head })),
      ),
      live("user:blocked", (change) => this.#model.blockChanged(change)),
      live("chat:removed", ({ chatId }) => this.#chatRemoved(chatId)),
      live("member:added", (change) => this.#model.memberChanged(change)),
      live("member:updated", (change) => this.#model.memberChanged(change)),
      live("member:removed", (change) => this.#model.memberRemoved(change)),
      live("user:updated", (change) => this.#model.userUpdated(change)),
      live("user:online", ({ userId }) => this.#model.presence(userId, true)),
      live("user:offline", ({ userId, lastSeenAt }) => this.#model.presence(userId, false, lastSeenAt)),
    ];
  }

  close(): void {
    for (const off of this.#offs) off();
    this.stop();
  }

  /** The connection or the session is gone: what runs shall not touch the model any more. */
  stop(): void {
    this.#run++;
    this.#replay = null;
    this.#epoch = null;
    clearTimeout(this.#retryTimer);
  }

  /**
   * Loads a chat's newest messages unless they are there, and whatever else is missing. Where more is unread than a page
   * holds, the messages around the first unread one are shown.
   */
  async open(chatId: Id): Promise<void> {
    this.#shown.add(chatId);
    const log = this.#model.log(chatId);
    if (!log) await this.#reload(chatId, this.#firstUnread(chatId));
    else if (isBehind(log)) await this.#pull(chatId);
    // Without the pins a chat is of use all the same; the next ready tries again.
    if (this.#model.log(chatId)?.pins === null) await this.#loadPins(chatId).catch(() => {});
  }

  release(chatId: Id): void {
    this.#shown.delete(chatId);
    const log = this.#model.log(chatId);
    if (log && (log.aside || log.messages.length > keptMessages)) {
      this.#model.setLog(chatId, trim(log, keptMessages));
    }
  }

  /** Takes a message that an answer brought. */
  received(message: Message): void {
    this.#apply(() => {
      this.#model.received(message);
      this.#noteRev(message.chatId);
    });
  }

  /** Takes a changed message that an answer brought. */
  updated(message: Message): void {
    this.#apply(() => {
      const certain = this.#model.updated(message);
      this.#noteRev(message.chatId);
      if (!certain) void this.#fetchChat(message.chatId);
    });
  }

  /** Takes a receipt: somebody's, or one of this device's that the server has. */
  watermark(mark: { chatId: Id } & Watermark): void {
    this.#apply(() => {
      this.#model.watermark(mark);
      if (this.#model.isUncounted(mark.chatId)) void this.#fetchChat(mark.chatId);
    });
  }

  /** Takes a chat that an answer brought. */
  chatAppeared(chat: Chat): void {
    this.#apply(() => this.#chatAppeared(chat));
  }

  #apply(change: () => void): void {
    change();
    this.#replay?.push(change);
  }

  #ready(ready: Ready): void {
    if (this.#epoch !== null && this.#epoch !== ready.epoch) this.#model.forgetHistory();
    this.#epoch = ready.epoch;
    this.#model.setOnline(ready.online);
    this.#model.nobodyTypes();
    void this.#sync(ready, ++this.#run, 0);
  }

  /** Brings the list of chats and every loaded timeline up to date, and tries again until that has worked. */
  async #sync(ready: Ready, run: number, attempt: number): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#replay = [];
    try {
      const [me, chats, blocked] = await Promise.all([
        this.#rest.me(),
        this.#allChats(),
        this.#rest.blockedUsers(),
      ]);
      if (run !== this.#run) return;
      this.#model.setBlocked(blocked.items.map((user) => user.id));
      this.#takeChats(chats, ready);
      this.#model.setProfile(me);
      await Promise.all([...this.#shown].map((chatId) => this.open(chatId).catch(unlessTemporary)));
      await Promise.all(this.#model.logs().map(([chatId]) => this.#pull(chatId).catch(unlessTemporary)));
      if (run === this.#run) this.#afterSync();
    } catch (error) {
      if (run !== this.#run || error instanceof SignedOutError) return;
      const wait = backoffDelay(attempt, retryLimits, this.#platform.random());
      this.#retryTimer = setTimeout(() => void this.#sync(ready, run, attempt + 1), wait);
    }
  }

  async #allChats(): Promise<Chat[]> {
    const chats = new Map<Id, Chat>();
    let cursor: string | null | undefined;
    for (let page = 0; page < mostChatPages; page++) {
      const answer = await this.#rest.chats({ limit: chatPageSize, ...(cursor ? { cursor } : {}) });
      for (const chat of answer.items) chats.set(chat.id, chat);
      cursor = answer.nextCursor;
      if (!cursor) break;
    }
    return [...chats.values()];
  }

  #takeChats(chats: readonly Chat[], ready: Ready): void {
    this.#model.setChats(chats);
    for (const { id, readSeq } of ready.chats) {
      // One's own reading as the server counts it, also for who hides receipts from the others.
      this.#model.changeChat(id, (chat) => ({
        ...chat,
        members: chat.members.map((m) =>
          m.userId === this.#model.me && m.readSeq < readSeq ? { ...m, readSeq } : m,
        ),
      }));
    }
    const replay = this.#replay ?? [];
    this.#replay = null;
    for (const change of replay) change();
    for (const chat of chats) this.#noteRev(chat.id);
  }

  #chatAppeared(chat: Chat): void {
    const known = this.#model.chat(chat.id);
    if (!known || known.lastRev <= chat.lastRev)
      this.#model.putChat(known ? withoutSetback(chat, known, this.#model.me) : chat);
    this.#noteRev(chat.id);
  }

  #chatRemoved(chatId: Id): void {
    this.#removals.set(chatId, (this.#removals.get(chatId) ?? 0) + 1);
    this.#model.removeChat(chatId);
  }

  /** Begins a question about a chat. Returns how to tell whether the answer still counts. */
  #asking(chatId: Id): () => boolean {
    const run = this.#run;
    const removals = this.#removals.get(chatId);
    return () => run === this.#run && removals === this.#removals.get(chatId);
  }

  /** Something of this chat moved: fetch a chat that is not known, pull for a timeline that is behind. */
  #noteRev(chatId: Id): void {
    const chat = this.#model.chat(chatId);
    if (!chat) {
      // While the list is on its way the chat will be in it.
      if (this.#replay === null && this.#model.state.get().phase === "ready") void this.#fetchChat(chatId);
      return;
    }
    const log = this.#model.log(chatId);
    if (!log) return;
    if (log.head < chat.lastRev) this.#model.setLog(chatId, hearOf(log, chat.lastRev));
    if (this.#behind(chatId)) void this.#pullSoon(chatId);
  }

  /** A pull that nobody waits for; when it fails for now, it is tried again a little later. */
  async #pullSoon(chatId: Id): Promise<void> {
    const run = this.#run;
    try {
      await this.#pull(chatId);
    } catch (error) {
      if (!isTemporary(error)) return;
      setTimeout(() => {
        if (run === this.#run) this.#noteRev(chatId);
      }, retryLimits.first);
    }
  }

  /** Reads a chat anew. One reading at a time per chat: it goes on until it has what was heard of meanwhile. */
  #fetchChat(chatId: Id): Promise<void> {
    return shared(this.#fetching, this.#key(chatId), () => this.#readChat(chatId));
  }

  async #readChat(chatId: Id): Promise<void> {
    const counts = this.#asking(chatId);
    try {
      for (let reads = 0; reads < mostChatReads; reads++) {
        const chat = await this.#rest.chat(chatId);
        if (!counts()) return;
        this.chatAppeared(chat);
        const known = this.#model.chat(chatId);
        if (!known || !isOutdated(chat, known, this.#model.me)) return this.#model.counted(chatId);
      }
    } catch {
      // Gone again, or no network: then the next ready brings it.
    }
  }

  /** Fetches changes until the timeline has all that was heard of. One at a time per chat. */
  #pull(chatId: Id): Promise<void> {
    return shared(this.#pulling, this.#key(chatId), () => this.#pullAll(chatId));
  }

  /** A later run shares nothing with a former one, whose answers change nothing. */
  #key(chatId: Id): string {
    return `${this.#run} ${chatId}`;
  }

  async #pullAll(chatId: Id): Promise<void> {
    const run = this.#run;
    for (let pulls = 0; ; pulls++) {
      const since = this.#behind(chatId)?.rev;
      if (since === undefined) return;
      if (pulls === mostPulls) return this.#startOver(chatId);
      const page = await this.#rest.messages({ chatId, sinceRev: since, limit: pageSize });
      if (run !== this.#run) return;
      const log = this.#model.log(chatId);
      if (!log) return;
      const after = mergeChanges(log, page, since);
      this.#model.setLog(chatId, after);
      // The server knows of no more, so neither does anybody: what was heard of came from another database.
      if (!page.hasMore && page.lastRev < after.head && after.rev === log.rev) return this.#startOver(chatId);
    }
  }

  /** Loads a timeline anew: where the reader is, or when the chat is opened again. */
  async #startOver(chatId: Id): Promise<void> {
    if (!this.#shown.has(chatId)) return this.#model.forget(chatId);
    const aside = this.#model.log(chatId)?.aside;
    await this.#reload(chatId, aside?.[Math.floor(aside.length / 2)]?.seq);
    await this.#loadPins(chatId);
  }

  async #catchUp(chatId: Id): Promise<void> {
    if (this.#behind(chatId)) await this.#pull(chatId);
  }

  #behind(chatId: Id): Log | undefined {
    const log = this.#model.log(chatId);
    return log && isBehind(log) ? log : undefined;
  }

  /** Loads the newest messages, and with `at` shows those around that seq. */
  async #reload(chatId: Id, at?: number): Promise<void> {
    const counts = this.#asking(chatId);
    const ended = this.#model.startLoading(chatId, "newest");
    try {
      const [page, elsewhere] = await Promise.all([
        this.#rest.messages({ chatId, limit: pageSize }),
        at === undefined ? undefined : around(this.#rest, chatId, at),
      ]);
      if (counts()) {
        const log = fromNewest(page);
        this.#model.setLog(chatId, elsewhere ? goAside(log, ...elsewhere) : log);
        this.#noteRev(chatId);
      }
      ended();
    } catch (error) {
      ended(asConfabError(error));
      throw error;
    }
  }

  /** The first unread message, when it is further back than the newest page. */
  #firstUnread(chatId: Id): number | undefined {
    const chat = this.#model.chat(chatId);
    const read = this.#model.readSeq(chatId);
    return chat && chat.unreadCount > 0 && chat.lastSeq - read > pageSize ? read + 1 : undefined;
  }

  async #loadPins(chatId: Id): Promise<void> {
    const since = this.#model.log(chatId)?.rev;
    if (since === undefined) return;
    const run = this.#run;
    const { items } = await this.#rest.pins(chatId);
    const log = this.#model.log(chatId);
    if (run !== this.#run || !log) return;
    this.#model.setLog(chatId, takePins(log, items, since));
    this.#noteRev(chatId);
  }
}

/** Worth trying again: nobody answered, or the server could not just now. */
function isTemporary(error: unknown): boolean {
  if (error instanceof NetworkError) return true;
  return error instanceof ConfabError && (error.status === 429 || error.status >= 500);
}

/** For what may fail for good (a chat that is gone) without stopping the rest. */
function unlessTemporary(error: unknown): void {
  if (isTemporary(error)) throw error;
}
