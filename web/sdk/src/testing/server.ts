import type { Chat, ForwardRequest, Message, MessageDraft } from "../types.ts";
import { chat, member, message } from "./shapes.ts";
import { ann, TestWorld, tokens, type WireFrame } from "./world.ts";

/** Matches no path. */
export const nothing = /(?!)/;

/** One direct chat of ann and bob, as a server keeps it. */
export class Server {
  readonly world = new TestWorld();
  messages: Message[] = [];
  rev = 0;
  epoch = "first";
  /** False: sends are taken, but no ack comes back. */
  acking = true;
  refusal: { code: string; message: string; retryAfter?: number } | null = null;
  marks = { ann: { deliveredSeq: 0, readSeq: 0 }, bob: { deliveredSeq: 0, readSeq: 0 } };

  /** Requests for such paths get their answers, as they are when they are asked for, only when they are let go. */
  holding = nothing;
  readonly #held: (() => void)[] = [];

  constructor() {
    this.world.respond = async ({ path }) => {
      const body = this.#rest(new URL(path, "http://server"));
      if (this.holding.test(path)) await new Promise<void>((resolve) => this.#held.push(resolve));
      return { status: 200, body };
    };
    this.world.answer = (socket, frame) => {
      if (frame.event === "message:read") this.read(seqOf(frame));
      if (frame.event !== "message:send") socket.ack(frame, {});
      else if (this.refusal) socket.ack(frame, undefined, this.refusal);
      else {
        const stored = this.take(frame);
        if (this.acking) socket.ack(frame, { message: stored });
      }
    };
  }

  /** Stores a send; the same clientId again is the message stored first. */
  take(frame: WireFrame): Message {
    const { clientId, ...draft } = frame.data as (MessageDraft | ForwardRequest) & { clientId: string };
    const content = "forwardOf" in draft ? `copy of ${draft.forwardOf}` : draft.content;
    return (
      this.messages.find((m) => m.clientId === clientId) ?? this.add({ userId: "ann", content, clientId })
    );
  }

  add(change: Partial<Message> = {}): Message {
    const added = message(this.messages.length + 1, { rev: ++this.rev, ...change });
    this.messages.push(added);
    return added;
  }

  edit(seq: number, content: string): Message {
    const edited = { ...message(seq), ...this.messages[seq - 1], content, rev: ++this.rev };
    this.messages[seq - 1] = edited;
    return edited;
  }

  /** Ann has read up to that message. Receipts never go back. */
  read(seq: number): void {
    const { deliveredSeq, readSeq } = this.marks.ann;
    this.marks.ann = { deliveredSeq: Math.max(deliveredSeq, seq), readSeq: Math.max(readSeq, seq) };
  }

  /** Another device of ann reads up to that message, and this one is told. */
  readElsewhere(seq: number): void {
    this.read(seq);
    const status = { messageId: `m${seq}`, chatId: "c", userId: "ann", status: "read", seq, at: "" };
    this.world.socket.say("message:delivery_status", status);
  }

  /** Lets one of the answers go that are held back. */
  letGo(at = 0): void {
    this.#held.splice(at, 1)[0]?.();
  }

  get held(): number {
    return this.#held.length;
  }

  ready(): void {
    const { socket } = this.world;
    socket.open();
    const chats = [
      { id: "c", lastSeq: this.messages.length, lastRev: this.rev, readSeq: this.marks.ann.readSeq },
    ];
    socket.say("ready", {
      userId: "ann",
      sessionId: "s",
      epoch: this.epoch,
      serverTime: "",
      chats,
      online: ["bob"],
    });
  }

  #rest(url: URL): unknown {
    const number = (name: string) =>
      url.searchParams.has(name) ? Number(url.searchParams.get(name)) : undefined;
    if (url.pathname === "/auth/login") return { ...tokens(1), user: ann };
    if (url.pathname === "/users/me") return ann;
    if (url.pathname === "/users/blocked") return { items: [] };
    if (url.pathname === "/chats") return { items: [this.#chat()] };
    if (url.pathname === "/chats/c") return this.#chat();
    if (url.pathname === "/chats/c/pins") return { items: [] };
    const limit = number("limit") ?? 50;
    const since = number("sinceRev");
    if (url.pathname === "/chats/c/mentions") {
      const after = number("after") ?? this.marks.ann.readSeq;
      const naming = this.messages.filter((m) => m.seq > after && m.mentions.includes("ann"));
      return { items: naming.slice(0, limit), hasMore: naming.length > limit };
    }
    const after = number("after");
    const before = number("before") ?? Number.POSITIVE_INFINITY;
    const found =
      since !== undefined
        ? this.messages.filter((m) => m.rev > since).sort((a, b) => a.rev - b.rev)
        : after !== undefined
          ? this.messages.slice(after)
          : this.messages.filter((m) => m.seq < before).slice(-limit);
    const items = found.slice(0, limit);
    return { items, lastSeq: this.messages.length, lastRev: this.rev, hasMore: found.length > items.length };
  }

  /** What ann has not read. */
  get unread(): Pick<Chat, "unreadCount" | "unreadMentions"> {
    const unread = this.messages.filter((m) => m.userId === "bob" && m.seq > this.marks.ann.readSeq);
    const naming = unread.filter((m) => m.mentions.includes("ann"));
    return { unreadCount: unread.length, unreadMentions: naming.length };
  }

  #chat(): Chat {
    const lastMessage = this.messages.at(-1);
    return chat({
      ...{ lastSeq: this.messages.length, lastRev: this.rev, ...this.unread },
      members: [member("ann", this.marks.ann), member("bob", { ...this.marks.bob, online: true })],
      ...(lastMessage ? { lastMessage } : {}),
    });
  }
}

function seqOf({ data }: WireFrame): number {
  return Number((data as { messageId: string }).messageId.slice(1));
}
