import type { Socket } from "../net/socket.ts";
import type { Platform } from "../platform.ts";
import type { Id } from "../types.ts";
import type { Model } from "./model.ts";

/** The server and every client forget that somebody types after this time. */
const forgottenMs = 6000;

/** While one goes on typing it is said again this often: in time, even if one telling is late. */
const repeatMs = 4000;

/** Without a key stroke for this long one has stopped. */
const pauseMs = 5000;

/** Who is typing, in both directions. */
export class Typing {
  readonly #platform: Platform;
  readonly #socket: Socket;
  readonly #model: Model;
  /** Of the others: when each is forgotten, by chat and user. */
  readonly #others = new Map<string, ReturnType<typeof setTimeout>>();
  /** Of mine, by chat: when it was said last, and the timer that says it is over. */
  readonly #mine = new Map<Id, { saidAt: number; pause: ReturnType<typeof setTimeout> }>();

  constructor(platform: Platform, socket: Socket, model: Model) {
    this.#platform = platform;
    this.#socket = socket;
    this.#model = model;
    socket.on("typing", ({ chatId, userId, on }) => {
      if (userId === model.me) return;
      const key = `${chatId} ${userId}`;
      clearTimeout(this.#others.get(key));
      this.#others.delete(key);
      if (on)
        this.#others.set(
          key,
          setTimeout(() => this.#forget(key, chatId, userId), forgottenMs),
        );
      model.setTyping(chatId, userId, on);
    });
  }

  stop(): void {
    for (const timer of this.#others.values()) clearTimeout(timer);
    for (const { pause } of this.#mine.values()) clearTimeout(pause);
    this.#others.clear();
    this.#mine.clear();
  }

  /** A key was pressed. */
  keyPressed(chatId: Id): void {
    const before = this.#mine.get(chatId);
    clearTimeout(before?.pause);
    const now = this.#platform.now();
    const due = !before || now - before.saidAt >= repeatMs;
    if (due) this.#socket.tell("typing", { chatId, on: true });
    const pause = setTimeout(() => this.stopped(chatId), pauseMs);
    this.#mine.set(chatId, { saidAt: due ? now : before.saidAt, pause });
  }

  /** The text was sent or emptied, or the pause is long. */
  stopped(chatId: Id): void {
    const before = this.#mine.get(chatId);
    if (!before) return;
    clearTimeout(before.pause);
    this.#mine.delete(chatId);
    this.#socket.tell("typing", { chatId, on: false });
  }

  #forget(key: string, chatId: Id, userId: Id): void {
    this.#others.delete(key);
    this.#model.setTyping(chatId, userId, false);
  }
}
