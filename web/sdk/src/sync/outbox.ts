import { ConfabError, NetworkError } from "../errors.ts";
import { backoffDelay } from "../net/backoff.ts";
import type { Socket } from "../net/socket.ts";
import type { Platform } from "../platform.ts";
import type { PendingMessage } from "../state.ts";
import type { Id, Message, MessageDraft } from "../types.ts";
import type { Model } from "./model.ts";

/** More than this waiting to go out is refused: a person does not type so much, a broken program does. */
const mostPending = 500;

/** So often a message is tried again after the server failed at it, before the user is asked. */
const mostServerFailures = 5;

const retryLimits = { first: 1000, most: 15_000 };

/** Refusals that say nothing about the message itself. */
const passingCodes = new Set(["rate_limited", "internal", "unavailable", "draining", "unauthorized"]);

/**
 * Messages on their way out. Each is shown and kept in the storage before it is sent, and stays there until the server
 * has acknowledged it, so a reload or a crash loses none; its clientId makes the server take it once, however often it is
 * sent. Within a chat they go out one after the other, in the order of writing. Every message is a key of its own, so
 * that tabs do not overwrite each other's.
 */
export class Outbox {
  readonly #platform: Platform;
  readonly #socket: Socket;
  readonly #model: Model;
  readonly #delivered: (message: Message) => void;
  readonly #entries = new Map<string, PendingMessage>();
  /** Chats whose messages are being sent now. */
  readonly #sending = new Set<Id>();
  #userId: Id = "";

  /** `delivered` takes each message that the server has acknowledged. */
  constructor(platform: Platform, socket: Socket, model: Model, delivered: (message: Message) => void) {
    this.#platform = platform;
    this.#socket = socket;
    this.#model = model;
    this.#delivered = delivered;
    socket.on("message:received", ({ message }) => {
      if (message.userId === this.#userId && message.clientId) this.#settle(message.clientId);
    });
  }

  /** Takes up what this user left unsent, here or in another tab. */
  async load(userId: Id): Promise<void> {
    this.#userId = userId;
    this.#entries.clear();
    const { storage } = this.#platform;
    const found: PendingMessage[] = [];
    for (const key of await storage.keys(prefix(userId))) {
      const entry = parseEntry(await storage.get(key));
      if (entry) found.push(entry);
    }
    if (userId !== this.#userId) return;
    found.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
    for (const entry of found)
      if (!this.#entries.has(entry.clientId)) this.#entries.set(entry.clientId, entry);
    for (const chatId of new Set(found.map((entry) => entry.chatId))) this.#show(chatId);
    this.flush();
  }

  /** The user is gone: nothing of theirs is sent or shown any more. `forget` removes it from the storage as well. */
  async unload(forget: boolean): Promise<void> {
    const userId = this.#userId;
    this.#userId = "";
    this.#entries.clear();
    if (!forget || userId === "") return;
    const { storage } = this.#platform;
    for (const key of await storage.keys(prefix(userId))) await storage.remove(key);
  }

  async send(draft: MessageDraft): Promise<string> {
    if (this.#entries.size >= mostPending) {
      throw new ConfabError({ status: 0, code: "outbox_full", message: "too many messages wait to be sent" });
    }
    const entry: PendingMessage = {
      ...draft,
      clientId: this.#platform.uuid(),
      createdAt: new Date(this.#platform.now()).toISOString(),
      status: "queued",
      error: null,
    };
    this.#put(entry);
    await this.#persist(entry);
    this.#run(entry.chatId);
    return entry.clientId;
  }

  retry(clientId: string): void {
    const entry = this.#entries.get(clientId);
    if (entry?.status !== "failed") return;
    const queued: PendingMessage = { ...entry, status: "queued", error: null };
    this.#put(queued);
    void this.#persist(queued);
    this.#run(entry.chatId);
  }

  discard(clientId: string): void {
    this.#settle(clientId);
  }

  /** Sends whatever waits. Called whenever the connection is ready. */
  flush(): void {
    for (const chatId of new Set([...this.#entries.values()].map((entry) => entry.chatId))) this.#run(chatId);
  }

  #run(chatId: Id): void {
    if (this.#sending.has(chatId)) return;
    this.#sending.add(chatId);
    void this.#sendAll(chatId).finally(() => this.#sending.delete(chatId));
  }

  async #sendAll(chatId: Id): Promise<void> {
    for (let failures = 0; ; ) {
      const entry = this.#next(chatId);
      if (!entry || this.#socket.state.get().status !== "online") return;
      this.#put({ ...entry, status: "sending" });
      try {
        const { message } = await this.#socket.request("message:send", draftOf(entry));
        failures = 0;
        this.#model.batch(() => {
          this.#settle(entry.clientId);
          this.#delivered(message);
        });
      } catch (error) {
        const present = this.#entries.get(entry.clientId);
        if (!present) continue;
        const passing = isPassing(error) && failures < mostServerFailures;
        const next: PendingMessage = passing
          ? { ...present, status: "queued" }
          : { ...present, status: "failed", error: asRefusal(error) };
        this.#put(next);
        if (!passing) {
          await this.#persist(next);
          failures = 0;
        } else if (!(error instanceof NetworkError && error.code === "disconnected")) {
          if (!(error instanceof NetworkError)) failures++;
          await this.#wait(error, failures);
        }
      }
    }
  }

  #next(chatId: Id): PendingMessage | undefined {
    return [...this.#entries.values()].find((e) => e.chatId === chatId && e.status !== "failed");
  }

  #wait(error: unknown, failures: number): Promise<void> {
    const asked = error instanceof ConfabError ? error.retryAfter : undefined;
    const wait = asked ?? backoffDelay(failures, retryLimits, this.#platform.random());
    return new Promise((resolve) => setTimeout(resolve, wait));
  }

  #put(entry: PendingMessage): void {
    this.#entries.set(entry.clientId, entry);
    this.#show(entry.chatId);
  }

  /** The message is the server's now, or nobody's. */
  #settle(clientId: string): void {
    const entry = this.#entries.get(clientId);
    if (!entry) return;
    this.#entries.delete(clientId);
    this.#show(entry.chatId);
    void this.#platform.storage.remove(prefix(this.#userId) + clientId).catch(() => {});
  }

  #show(chatId: Id): void {
    this.#model.setPending(
      chatId,
      [...this.#entries.values()].filter((entry) => entry.chatId === chatId),
    );
  }

  /** A storage that is full or refused costs the safety of a reload, not the message. */
  async #persist(entry: PendingMessage): Promise<void> {
    const { status, error, ...kept } = entry;
    const failure = status === "failed" ? { code: error?.code, message: error?.message } : undefined;
    await this.#platform.storage
      .set(prefix(this.#userId) + entry.clientId, JSON.stringify({ ...kept, failure }))
      .catch(() => {});
  }
}

function prefix(userId: Id): string {
  return `confab.outbox.${userId}.`;
}

function draftOf(entry: PendingMessage): MessageDraft & { clientId: string } {
  const { chatId, content, clientId, replyTo, attachmentIds } = entry;
  return {
    ...{ chatId, content, clientId },
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(attachmentIds === undefined ? {} : { attachmentIds }),
  };
}

function isPassing(error: unknown): boolean {
  return error instanceof NetworkError || (error instanceof ConfabError && passingCodes.has(error.code));
}

function asRefusal(error: unknown): ConfabError {
  return error instanceof ConfabError
    ? error
    : new ConfabError({ status: 0, code: "internal", message: String(error), cause: error });
}

function parseEntry(text: string | null): PendingMessage | null {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Partial<PendingMessage> & {
      failure?: { code?: string; message?: string };
    };
    const { chatId, content, clientId, createdAt, replyTo, attachmentIds, failure } = value;
    if (!chatId || typeof content !== "string" || !clientId || !createdAt) return null;
    return {
      ...{ chatId, content, clientId, createdAt },
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(attachmentIds === undefined ? {} : { attachmentIds }),
      status: failure ? "failed" : "queued",
      error: failure
        ? new ConfabError({ status: 0, code: failure.code ?? "failed", message: failure.message ?? "" })
        : null,
    };
  } catch {
    return null;
  }
}
