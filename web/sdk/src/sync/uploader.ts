import { ConfabError, NetworkError } from "../errors.ts";
import type { LocalFile } from "../files/local.ts";
import { backoffDelay } from "../net/backoff.ts";
import type { RestClient } from "../net/rest.ts";
import type { Platform } from "../platform.ts";
import type { PendingMessage } from "../state.ts";
import type { Id, Message } from "../types.ts";
import { fileLost, laneOf, needsUpload, progressOf } from "./pending.ts";

/** So many messages upload their files at once: few, since they share one line. The server takes ten of a person. */
const mostAtOnce = 3;

/** Progress is told this often at most, in ms: as often as a ring on the screen needs it. */
const progressEvery = 100;

const retryLimits = { first: 1000, most: 30_000 };

interface Work {
  platform: Platform;
  rest: RestClient;
  /** The outbox's entries, which alone are the truth. */
  entry(clientId: string): PendingMessage | undefined;
  entries(): Iterable<PendingMessage>;
  /** A new version of an entry; `keep`: also for after a restart. */
  put(entry: PendingMessage, keep: boolean): void;
  /** The server has taken a recording. */
  sent(clientId: string, message: Message): void;
  /** An upload failed. True: try again. */
  refused(clientId: string, error: unknown, failures: number): boolean;
  /** All files of one of the chat's messages are with the server. */
  uploaded(chatId: Id): void;
  online(): boolean;
}

/**
 * Brings the files of pending messages to the server. Uploads begin while the socket is up, since then the server can be
 * reached, but go on without it. A file that was uploaded is not uploaded again when the next one fails.
 */
export class Uploader {
  readonly #work: Work;
  /** What runs, by lane. */
  readonly #running = new Map<string, { clientId: string; abort: AbortController }>();

  constructor(work: Work) {
    this.#work = work;
  }

  /** Begins what waits and has room. */
  start(): void {
    if (!this.#work.online()) return;
    for (const entry of this.#work.entries()) {
      if (this.#running.size >= mostAtOnce) return;
      const lane = laneOf(entry);
      if (entry.status === "failed" || !needsUpload(entry) || this.#running.has(lane)) continue;
      const abort = new AbortController();
      this.#running.set(lane, { clientId: entry.clientId, abort });
      void this.#upload(entry, abort.signal).then(() => {
        if (this.#running.get(lane)?.abort === abort) this.#running.delete(lane);
        this.#work.uploaded(entry.chatId);
        this.start();
      });
    }
  }

  cancel(clientId: string): void {
    for (const [lane, run] of this.#running) {
      if (run.clientId !== clientId) continue;
      this.#running.delete(lane);
      run.abort.abort();
    }
  }

  stop(): void {
    for (const { abort } of this.#running.values()) abort.abort();
    this.#running.clear();
  }

  async #upload({ clientId }: PendingMessage, signal: AbortSignal): Promise<void> {
    for (let attempts = 0, failures = 0; !signal.aborted; attempts++) {
      const entry = this.#work.entry(clientId);
      if (!entry) return;
      try {
        await this.#transfer(entry, signal);
        return;
      } catch (error) {
        if (signal.aborted || !this.#work.refused(clientId, error, failures)) return;
        if (!this.#work.online()) return; // it is begun again when the connection is back
        if (!(error instanceof NetworkError)) failures++;
        await this.#wait(error, attempts);
      }
    }
  }

  async #transfer(entry: PendingMessage, signal: AbortSignal): Promise<void> {
    const { rest } = this.#work;
    const { clientId, chatId, replyTo, voice } = entry;
    const [recording] = entry.files ?? [];
    if (voice && recording) {
      const message = await this.#send(entry, 0, signal, (file, options) =>
        rest.sendVoice(
          {
            ...{ chatId, clientId, file, waveform: voice.waveform },
            ...(replyTo === undefined ? {} : { replyTo }),
          },
          options,
        ),
      );
      this.#work.sent(clientId, message);
      return;
    }
    for (const [at, { attachmentId }] of (entry.files ?? []).entries()) {
      if (attachmentId !== null) continue;
      const attachment = await this.#send(entry, at, signal, (file, options) => rest.upload(file, options));
      const present = this.#work.entry(clientId);
      if (!present?.files) return;
      const files = present.files.map((file, i) =>
        i === at ? { ...file, attachmentId: attachment.id } : file,
      );
      this.#work.put({ ...present, files }, true);
    }
  }

  /** Sends one file of an entry, with its progress on the entry. */
  async #send<T>(
    entry: PendingMessage,
    at: number,
    signal: AbortSignal,
    how: (
      file: LocalFile,
      options: { progress: (sent: number, total: number) => void; signal: AbortSignal },
    ) => Promise<T>,
  ): Promise<T> {
    const { platform } = this.#work;
    const file = entry.files?.[at]?.file;
    if (!file) throw fileLost();
    let told = 0;
    const progress = (sent: number, total: number) => {
      const now = platform.now();
      const present = this.#work.entry(entry.clientId);
      if (!present?.files || signal.aborted || (sent < total && now - told < progressEvery)) return;
      told = now;
      this.#work.put(
        { ...present, status: "sending", progress: progressOf(present.files, at, sent, total) },
        false,
      );
    };
    progress(0, file.size);
    try {
      return await how(file, { progress, signal });
    } catch (error) {
      if (error instanceof NetworkError && !signal.aborted && !(await isReadable(file))) throw fileLost();
      throw error;
    }
  }

  #wait(error: unknown, attempts: number): Promise<void> {
    const asked = error instanceof ConfabError ? error.retryAfter : undefined;
    const wait = asked ?? backoffDelay(attempts, retryLimits, this.#work.platform.random());
    return new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** A file that was changed or moved since it was chosen fails like a network: one byte tells. */
async function isReadable(file: LocalFile): Promise<boolean> {
  if (!file.blob) return true;
  return file.blob
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
}
