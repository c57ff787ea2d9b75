import { NetworkError } from "../errors.ts";
import type { ClientEventName, ClientEvents, ServerEventName, ServerEvents } from "../events.ts";
import type { Socket } from "../net/socket.ts";
import type { Id } from "../types.ts";

/** From an offer to its answer: the server answers in milliseconds, the network may stall. In milliseconds. */
const answerTimeout = 15_000;

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

  /** Offers, and resolves with the event that carries the answer. Refusals come by the ack. */
  offer(data: About<ClientEvents["call:initiate"]["data"]>): Promise<ServerEvents["call:answered"]> {
    return new Promise((resolve, reject) => {
      const done = () => {
        off();
        clearTimeout(timer);
      };
      const timer = setTimeout(() => {
        done();
        reject(new NetworkError("timeout", "the call was not answered in time"));
      }, answerTimeout);
      const off = this.on("call:answered", (answered) => {
        done();
        resolve(answered);
      });
      this.request("call:initiate", data).catch((error: unknown) => {
        done();
        reject(error);
      });
    });
  }
}
