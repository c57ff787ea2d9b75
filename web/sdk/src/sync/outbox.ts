import { asConfabError, ConfabError, isPassing, NetworkError } from "../errors.ts";
import { fileProblem, maxFilesPerMessage, maxVoiceSize } from "../files/local.ts";
import { backoffDelay } from "../net/backoff.ts";
import type { RestClient } from "../net/rest.ts";
import type { Socket } from "../net/socket.ts";
import type { Platform } from "../platform.ts";
import type { PendingFile, PendingMessage } from "../state.ts";
import type { Id, Message, OutgoingDraft } from "../types.ts";
import type { Model } from "./model.ts";
import {
  draftOf,
  fileLost,
  needsUpload,
  outboxPrefix,
  parseEntry,
  serialiseEntry,
  withoutUploads,
} from "./pending.ts";
import { Uploader } from "./uploader.ts";

/** More than this waiting to go out is refused: a person does not type so much, a broken program does. */
const mostPending = 500;

/** So often a message is tried again after the server failed at it, before the user is asked. */
const mostServerFailures = 5;

const retryLimits = { first: 1000, most: 15_000 };

interface Parts {
  platform: Platform;
  rest: RestClient;
  socket: Socket;
  model: Model;
  /** Takes each message that the server has acknowledged. */
  delivered: (message: Message) => void;
}

/**
 * Messages on their way out. Each is shown and kept in the storage before it is sent, and stays there until the server
 * has acknowledged it, so a reload or a crash loses none; its clientId makes the server take it once, however often it is
 * sent. Within a chat they go out one after the other, in the order of writing; one whose files are still being uploaded
 * lets later ones pass. Every message is a key of its own, so that tabs do not overwrite each other's.
 */
export class Outbox {
  readonly #platform: Platform;
  readonly #socket: Socket;
  readonly #model: Model;
  readonly #delivered: (message: Message) => void;
  readonly #uploader: Uploader;
  readonly #entries = new Map<string, PendingMessage>();
  /** Chats whose messages are being sent now. */
  readonly #sending = new Set<Id>();
  #userId: Id = "";
  #lastMoment = 0;

  constructor({ platform, rest, socket, model, delivered }: Parts) {
    this.#platform = platform;
    this.#socket = socket;
    this.#model = model;
    this.#delivered = delivered;
    this.#uploader = new Uploader({
      ...{ platform, rest },
      entry: (clientId) => this.#entries.get(clientId),
      entries: () => this.#entries.values(),
      put: (entry, keep) => {
        this.#put(entry);
        if (keep) void this.#persist(entry);
      },
      sent: (clientId, message) => this.#sent(clientId, message),
      refused: (clientId, error, tries) => this.#refused(clientId, error, tries),
      uploaded: (chatId) => this.#run(chatId),
      online: () => this.#online(),
    });
    socket.on("message:received", ({ message }) => {
      if (message.userId === this.#userId && message.clientId) this.#settle(message.clientId);
    });
  }

  /** Takes up what this user left unsent, here or in another tab. */
  async load(userId: Id): Promise<void> {
    this.#userId = userId;
    this.#entries.clear();
    const { storage, files } = this.#platform;
    const prefix = outboxPrefix(userId);
    const found: PendingMessage[] = [];
    for (const key of await storage.keys(prefix)) {
      const entry = parseEntry(await storage.get(key), this.#platform.now());
      if (entry) found.push(await this.#withBytes(entry));
    }
    if (userId !== this.#userId) return;
    const kept = new Set(found.flatMap((entry) => entry.files?.map((file) => file.key) ?? []));
    for (const key of await files.keys(prefix).catch(() => [])) {
      if (!kept.has(key) && !this.#holds(key)) await files.remove(key).catch(() => {});
    }
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
    this.#uploader.stop();
    if (!forget || userId === "") return;
    for (const storage of [this.#platform.storage, this.#platform.files]) {
      for (const key of await storage.keys(outboxPrefix(userId)).catch(() => [])) await storage.remove(key);
    }
  }

  /** Refuses what the server would refuse for its size: empty_file, too_large, too_many_files. */
  async send(draft: OutgoingDraft): Promise<string> {
    if (this.#entries.size >= mostPending) {
      throw new ConfabError({ status: 0, code: "outbox_full", message: "too many messages wait to be sent" });
    }
    const { files: _files, voice, ...plain } = draft;
    const clientId = this.#platform.uuid();
    const files = this.#filesOf(draft, clientId);
    const entry: PendingMessage = {
      ...plain,
      ...(files.length > 0 ? { files } : {}),
      ...(voice ? { voice: { durationMs: voice.durationMs, waveform: voice.waveform } } : {}),
      clientId,
      createdAt: new Date(this.#moment()).toISOString(),
      status: "queued",
      error: null,
    };
    this.#put(entry);
    await this.#persist(entry);
    // As with texts, a storage that is full costs the safety of a reload, not the message.
    for (const { key, file } of files) if (file) await this.#platform.files.set(key, file).catch(() => {});
    if (this.#entries.has(clientId)) this.#go(entry.chatId);
    else this.#forgetFiles(entry); // it was given up meanwhile
    return clientId;
  }

  /** Now, in ms, but later than whatever was written before: after a reload it is by this that the order is known. */
  #moment(): number {
    this.#lastMoment = Math.max(this.#platform.now(), this.#lastMoment + 1);
    return this.#lastMoment;
  }

  retry(clientId: string): void {
    const entry = this.#entries.get(clientId);
    if (entry?.status !== "failed") return;
    // A refused payload may be one whose uploads the server has forgotten.
    const fresh = entry.error?.code === "invalid" ? withoutUploads(entry) : entry;
    const queued: PendingMessage = { ...fresh, status: "queued", error: null };
    this.#put(queued);
    void this.#persist(queued);
    this.#go(entry.chatId);
  }

  discard(clientId: string): void {
    this.#settle(clientId);
  }

  /** Sends whatever waits. Called whenever the connection is ready. */
  flush(): void {
    for (const chatId of new Set([...this.#entries.values()].map((entry) => entry.chatId))) this.#run(chatId);
    this.#uploader.start();
  }

  #go(chatId: Id): void {
    this.#run(chatId);
    this.#uploader.start();
  }

  #online(): boolean {
    return this.#socket.state.get().status === "online";
  }

  #filesOf({ files = [], voice }: OutgoingDraft, clientId: string): PendingFile[] {
    if (files.length > maxFilesPerMessage) {
      throw new ConfabError({ status: 0, code: "too_many_files", message: "too many files for one message" });
    }
    const drafts = voice ? [{ file: voice.file }] : files;
    for (const { file } of drafts) {
      const problem = fileProblem(file, voice ? maxVoiceSize : undefined);
      if (problem) throw problem;
    }
    return drafts.map(({ file, ...shape }, i) => ({
      ...shape,
      ...{ name: file.name, type: file.type, size: file.size },
      key: `${outboxPrefix(this.#userId)}${clientId}.${i}`,
      file,
      attachmentId: null,
    }));
  }

  #run(chatId: Id): void {
    if (this.#sending.has(chatId)) return;
    this.#sending.add(chatId);
    void this.#sendAll(chatId).finally(() => this.#sending.delete(chatId));
  }

  async #sendAll(chatId: Id): Promise<void> {
    for (let failures = 0; ; ) {
      const entry = this.#next(chatId);
      if (!entry || !this.#online()) return;
      this.#put({ ...entry, status: "sending" });
      try {
        const { message } = await this.#socket.request("message:send", draftOf(entry));
        failures = 0;
        this.#sent(entry.clientId, message);
      } catch (error) {
        if (!this.#refused(entry.clientId, error, failures)) failures = 0;
        else if (!(error instanceof NetworkError && error.code === "disconnected")) {
          if (!(error instanceof NetworkError)) failures++;
          await this.#wait(error, failures);
        }
      }
    }
  }

  #next(chatId: Id): PendingMessage | undefined {
    return [...this.#entries.values()].find(
      (e) => e.chatId === chatId && e.status !== "failed" && !needsUpload(e),
    );
  }

  #sent(clientId: string, message: Message): void {
    this.#model.batch(() => {
      this.#settle(clientId);
      this.#delivered(message);
    });
  }

  /** Notes that sending failed, after `failures` of the server before. True: it is worth another try. */
  #refused(clientId: string, error: unknown, failures: number): boolean {
    const present = this.#entries.get(clientId);
    if (!present) return false;
    if (present.files && error instanceof ConfabError && error.code === "client_id_conflict") {
      // The message is stored already, with the same files under other ids: another tab uploaded them too.
      this.#settle(clientId);
      return false;
    }
    const { progress: _, ...entry } = present;
    if (isPassing(error) && failures < mostServerFailures) {
      this.#put({ ...entry, status: "queued" });
      return true;
    }
    const failed: PendingMessage = { ...entry, status: "failed", error: asConfabError(error) };
    this.#put(failed);
    void this.#persist(failed);
    return false;
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
    this.#uploader.cancel(clientId);
    this.#show(entry.chatId);
    void this.#platform.storage.remove(outboxPrefix(this.#userId) + clientId).catch(() => {});
    this.#forgetFiles(entry);
  }

  #show(chatId: Id): void {
    this.#model.setPending(
      chatId,
      [...this.#entries.values()].filter((entry) => entry.chatId === chatId),
    );
  }

  /** A storage that is full or refused costs the safety of a reload, not the message. */
  async #persist(entry: PendingMessage): Promise<void> {
    const key = outboxPrefix(this.#userId) + entry.clientId;
    await this.#platform.storage.set(key, serialiseEntry(entry)).catch(() => {});
  }

  /** Reads the bytes of an entry's files back; one that has lost some can only be given up. */
  async #withBytes(entry: PendingMessage): Promise<PendingMessage> {
    if (!entry.files) return entry;
    const files = await Promise.all(
      entry.files.map(async (file) => ({
        ...file,
        file: await this.#platform.files.get(file.key).catch(() => null),
      })),
    );
    const lost = files.some((file) => file.file === null && file.attachmentId === null);
    return lost ? { ...entry, files, status: "failed", error: fileLost() } : { ...entry, files };
  }

  #holds(key: string): boolean {
    return [...this.#entries.values()].some((entry) => entry.files?.some((file) => file.key === key));
  }

  #forgetFiles(entry: PendingMessage): void {
    for (const { key } of entry.files ?? []) void this.#platform.files.remove(key).catch(() => {});
  }
}
