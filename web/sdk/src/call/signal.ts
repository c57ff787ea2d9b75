import { ConfabError } from "../errors.ts";
import type { ClientEventName, ClientEvents, ServerEventName, ServerEvents } from "../events.ts";
import type { Socket } from "../net/socket.ts";
import type { Id } from "../types.ts";

type CallEvent = Exclude<Extract<ClientEventName, `call:${string}`>, "call:check">;
type About<T> = T extends { chatId: Id } ? Omit<T, "chatId"> : never;

/** One chat's part of the socket. */
export class CallSignal {
  readonly chatId: Id;
  readonly #socket: Socket;
  readonly #offs: (() => void)[] = [];

  constructor(socket: Socket, chatId: Id) {
    this.#socket = socket;
    this.chatId = chatId;
  }

  get online(): boolean {
    return this.#socket.state.get().status === "online";
  }

  /** Hears the events of this chat alone. */
  on<E extends Extract<ServerEventName, `call:${string}`>>(
    name: E,
    listener: (data: ServerEvents[E]) => void,
  ) {
    const off = this.#socket.on(name, (data) => {
      if (data.chatId === this.chatId) listener(data);
    });
    this.#offs.push(off);
    return off;
  }

  close(): void {
    for (const off of this.#offs.splice(0)) off();
  }

  /** Sends an event about this chat and waits for its ack. */
  request<E extends CallEvent>(
    event: E,
    data: About<ClientEvents[E]["data"]>,
  ): Promise<ClientEvents[E]["ack"]> {
    return this.#socket.request(event, {
      ...data,
      chatId: this.chatId,
    } as unknown as ClientEvents[E]["data"]);
  }

  /** Sends an event about this chat that nobody waits for. */
  tell<E extends CallEvent>(event: E, data: About<ClientEvents[E]["data"]>): void {
    this.#socket.tell(event, { ...data, chatId: this.chatId } as unknown as ClientEvents[E]["data"]);
  }

  /**
   * Offers, and resolves with the event that carries the answer. It is the last one before the ack: one that comes earlier
   * may be the answer to an offer that was given up. It is heard after `close` too.
   */
  async offer(data: About<ClientEvents["call:initiate"]["data"]>): Promise<ServerEvents["call:answered"]> {
    let latest: ServerEvents["call:answered"] | undefined;
    const off = this.#socket.on("call:answered", (answered) => {
      if (answered.chatId === this.chatId) latest = answered;
    });
    try {
      await this.request("call:initiate", data);
    } finally {
      off();
    }
    if (!latest) throw new ConfabError({ status: 0, code: "bad_answer", message: "no answer to the offer" });
    return latest;
  }
}
