import { asConfabError, isPassing } from "../errors.ts";
import type { Socket } from "../net/socket.ts";
import type { Id, Message } from "../types.ts";
import type { Watermark } from "./chats.ts";
import type { Model } from "./model.ts";

/** Receipts of a burst of messages become one: people do not see a quarter of a second. */
const gatherMs = 250;

/** When to try again what the server could not take just now, unless it says when itself. In ms. */
const retryMs = 5000;

interface Mark {
  seq: number;
  messageId: Id;
}

/** What one chat still owes the server. */
interface Owed {
  delivered?: Mark;
  read?: Mark;
}

/**
 * Tells the server what has reached this device and what its user has seen. Only the latest of each chat counts, so a
 * burst costs one event, and what could not be sent is sent after the next sync.
 */
export class Receipts {
  readonly #socket: Socket;
  readonly #model: Model;
  readonly #sent: (mark: { chatId: Id } & Watermark) => void;
  readonly #owed = new Map<Id, Owed>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `sent` takes each receipt that the server has. */
  constructor(socket: Socket, model: Model, sent: (mark: { chatId: Id } & Watermark) => void) {
    this.#socket = socket;
    this.#model = model;
    this.#sent = sent;
    socket.on("message:received", ({ message }) => {
      if (message.userId !== model.me) this.#owe(message.chatId, "delivered", message);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#owed.clear();
  }

  /** The model has caught up: what arrived while away is delivered, what was seen while away is read. */
  afterSync(): void {
    for (const [chatId, { read }] of this.#owed) if (read) this.#showRead(chatId, read.seq);
    for (const chat of this.#model.state.get().chats) {
      const mine = chat.members.find((member) => member.userId === this.#model.me);
      if (mine && chat.lastMessage && mine.deliveredSeq < chat.lastMessage.seq) {
        this.#owe(chat.id, "delivered", chat.lastMessage);
      }
    }
    void this.#flush();
  }

  /** Everything up to the message (default: the newest that is loaded) has been seen. */
  markRead(chatId: Id, messageId?: Id): void {
    const chat = this.#model.chat(chatId);
    const messages = this.#model.log(chatId)?.messages ?? [];
    const message = messageId ? this.#model.message(messageId) : messages.at(-1);
    const mine = chat?.members.find((member) => member.userId === this.#model.me);
    if (!message || !mine || message.seq <= mine.readSeq) return;
    this.#owe(chatId, "read", message);
    this.#showRead(chatId, message.seq);
  }

  get #online(): boolean {
    return this.#socket.state.get().status === "online";
  }

  #showRead(chatId: Id, seq: number): void {
    this.#model.watermark({ chatId, userId: this.#model.me, status: "read", seq });
  }

  #owe(chatId: Id, kind: keyof Owed, message: Message): void {
    const owed = this.#owed.get(chatId) ?? {};
    if ((owed[kind]?.seq ?? 0) >= message.seq) return;
    this.#owed.set(chatId, { ...owed, [kind]: { seq: message.seq, messageId: message.id } });
    this.#flushIn(gatherMs);
  }

  #flushIn(ms: number): void {
    this.#timer ??= setTimeout(() => void this.#flush(), ms);
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await Promise.all([...this.#owed].map(([chatId, owed]) => this.#send(chatId, owed)));
  }

  async #send(chatId: Id, { delivered, read }: Owed): Promise<void> {
    if (!this.#online) return;
    // Reading implies delivery.
    if (read) await this.#sendOne(chatId, "read", read);
    if (delivered && delivered.seq > (read?.seq ?? 0)) await this.#sendOne(chatId, "delivered", delivered);
    else if (delivered) this.#paid(chatId, "delivered", delivered);
  }

  async #sendOne(chatId: Id, kind: "delivered" | "read", mark: Mark): Promise<void> {
    try {
      await this.#socket.request(`message:${kind}`, { messageId: mark.messageId });
      this.#sent({ chatId, userId: this.#model.me, status: kind, seq: mark.seq });
    } catch (error) {
      if (isPassing(error)) {
        // It stays owed; with the connection gone, until after the next sync.
        if (this.#online) this.#flushIn(asConfabError(error).retryAfter ?? retryMs);
        return;
      }
      // Any other refusal (the chat is gone) is final.
    }
    this.#paid(chatId, kind, mark);
  }

  #paid(chatId: Id, kind: keyof Owed, mark: Mark): void {
    const owed = this.#owed.get(chatId);
    if (owed?.[kind]?.seq !== mark.seq) return;
    const rest: Owed = { ...owed };
    delete rest[kind];
    if (rest.delivered || rest.read) this.#owed.set(chatId, rest);
    else this.#owed.delete(chatId);
  }
}
