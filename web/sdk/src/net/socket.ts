import { ConfabError, NetworkError, SignedOutError } from "../errors.ts";
import type { ClientEventName, ClientEvents, ServerEventName, ServerEvents } from "../events.ts";
import { type Observable, Signal, Subject } from "../observable.ts";
import type { Platform, ReachabilityChange, SocketLike } from "../platform.ts";
import type { ConnectionState } from "../state.ts";
import { backoffDelay } from "./backoff.ts";
import { isFieldError } from "./http.ts";
import type { TokenKeeper } from "./tokens.ts";

/** All in milliseconds. */
export interface SocketTiming {
  /** From dialling to the `ready` frame. */
  open: number;
  /** For an ack. */
  ack: number;
  /** Silence after which a sign of life is asked for: below the minute after which NATs and proxies forget a flow. */
  quiet: number;
  /** For that sign of life. */
  probe: number;
  /** First and longest wait between attempts. */
  retry: { first: number; most: number };
}

export const defaultTiming: SocketTiming = {
  open: 10_000,
  ack: 10_000,
  quiet: 25_000,
  probe: 8_000,
  retry: { first: 500, most: 20_000 },
};

/** Close codes of the protocol. */
const closeCodes = { unauthorized: 4401, tooSlow: 4408, restarting: 1012 } as const;

/** From this many failed attempts on, people are told "offline" rather than "reconnecting". */
const offlineAfter = 3;

/** WebSocket.OPEN, which not every platform has as a constant. */
const open = 1;

interface Waiting {
  resolve(data: unknown): void;
  reject(error: ConfabError): void;
  timer: ReturnType<typeof setTimeout>;
}

interface SocketOptions {
  platform: Platform;
  url: string;
  tokens: TokenKeeper;
  /**
   * Called when a handshake failed, before the next attempt: browsers hide the server's status, so this asks by REST
   * whether the session still stands (and signs out where it does not).
   */
  checkSession: () => Promise<void>;
  timing?: SocketTiming;
}

/**
 * The realtime connection: frames, acks, and coming back whatever happens. Between `start` and `stop` it always either
 * is connected or tries to be. It resends nothing: a request that the connection loses is rejected, and whoever asked
 * decides. Each `ready` means that something may have been missed before it.
 */
export class Socket {
  readonly #options: SocketOptions;
  readonly #timing: SocketTiming;
  readonly #state = new Subject<ConnectionState>({ status: "idle", attempt: 0, retryAt: null });
  readonly #signals = new Map<string, Signal<unknown>>();
  readonly #waiting = new Map<number, Waiting>();
  #stopWatching: (() => void) | null = null;
  #socket: SocketLike | null = null;
  #ready = false;
  #token = "";
  #lastId = 0;
  /** Counts dials, so that what a former dial began is told from the present one. */
  #dial = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #openTimer: ReturnType<typeof setTimeout> | undefined;
  #quietTimer: ReturnType<typeof setTimeout> | undefined;
  #renewTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#timing = options.timing ?? defaultTiming;
  }

  get state(): Observable<ConnectionState> {
    return this.#state;
  }

  on<E extends ServerEventName>(name: E, listener: (data: ServerEvents[E]) => void): () => void {
    let signal = this.#signals.get(name);
    if (!signal) {
      signal = new Signal();
      this.#signals.set(name, signal);
    }
    return signal.on(listener as (data: unknown) => void);
  }

  start(): void {
    if (this.#stopWatching) return;
    this.#stopWatching = this.#options.platform.watchReachability((change) => this.#reached(change));
    this.#state.set({ status: "connecting", attempt: 0, retryAt: null });
    void this.#connect();
  }

  stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.#drop("stopped");
    clearTimeout(this.#retryTimer);
    this.#dial++;
    this.#state.set({ status: "idle", attempt: 0, retryAt: null });
  }

  /** Sends an event and waits for its ack. NetworkError: it is not known whether the server saw it. */
  request<E extends ClientEventName>(
    event: E,
    data: ClientEvents[E]["data"],
    timeout = this.#timing.ack,
  ): Promise<ClientEvents[E]["ack"]> {
    return new Promise((resolve, reject) => {
      if (!this.#ready) {
        reject(new NetworkError("disconnected", "not connected"));
        return;
      }
      const id = ++this.#lastId;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new NetworkError("timeout", `no answer to ${event}`));
      }, timeout);
      this.#waiting.set(id, { resolve: resolve as (data: unknown) => void, reject, timer });
      this.#write({ event, data, id });
    });
  }

  /** Sends an event that nobody waits for; lost when there is no connection. */
  tell<E extends ClientEventName>(event: E, data: ClientEvents[E]["data"]): void {
    if (this.#ready) this.#write({ event, data });
  }

  #write(frame: { event: string; data: unknown; id?: number }): void {
    // A socket that is closing drops what it is given. Its close event, which says why, is on its way and fails what waits.
    if (this.#socket && this.#socket.readyState > open) return;
    try {
      this.#socket?.send(JSON.stringify(frame));
    } catch {
      this.#lost("not writable");
    }
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#retryTimer);
    const dial = ++this.#dial;
    this.#state.update((s) => ({ ...s, retryAt: null }));
    let token: string;
    try {
      token = await this.#options.tokens.access();
    } catch (error) {
      // Signing out stops this socket from outside; without tokens there is nothing to try again.
      if (dial === this.#dial && !(error instanceof SignedOutError)) this.#retry();
      return;
    }
    if (dial !== this.#dial || !this.#stopWatching) return;
    this.#open(token);
  }

  #open(token: string): void {
    this.#token = token;
    const { platform, url } = this.#options;
    let socket: SocketLike;
    try {
      socket = platform.createSocket(url, ["confab.v1", `bearer.${token}`]);
    } catch {
      this.#retry();
      return;
    }
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = (event) => void this.#closed(event.code, opened);
    // An error is always followed by a close.
    socket.onerror = () => {};
    this.#openTimer = setTimeout(() => this.#lost("no ready in time"), this.#timing.open);
  }

  /** The connection is given up from this side; a browser may take minutes to notice a dead one by itself. */
  #lost(reason: string): void {
    if (!this.#socket) return;
    this.#drop(reason);
    this.#retry();
  }

  /** Lets go of the present connection, if there is one. */
  #drop(reason: string): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    for (const timer of [this.#openTimer, this.#quietTimer, this.#renewTimer]) clearTimeout(timer);
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      try {
        socket.close(1000);
      } catch {
        // Closed already.
      }
    }
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new NetworkError("disconnected", `connection lost: ${reason}`));
    }
    this.#waiting.clear();
  }

  async #closed(code: number, opened: boolean): Promise<void> {
    const token = this.#token;
    const wasReady = this.#ready;
    this.#drop(`closed with ${code}`);
    if (code === closeCodes.tooSlow && wasReady) {
      this.#retry(0);
      return;
    }
    const dial = this.#dial;
    if (code === closeCodes.unauthorized || !opened) {
      this.#state.update((s) => ({ ...s, status: statusAfterLoss(s) }));
      try {
        if (code === closeCodes.unauthorized) await this.#options.tokens.access(token);
        else await this.#options.checkSession();
      } catch (error) {
        if (error instanceof SignedOutError) return;
      }
      if (dial !== this.#dial || !this.#stopWatching) return;
    }
    this.#retry();
  }

  /** Plans the next attempt: after `delay`, or after a wait that grows with the attempts. */
  #retry(delay?: number): void {
    const { platform } = this.#options;
    const before = this.#state.get();
    const wait = delay ?? backoffDelay(before.attempt, this.#timing.retry, platform.random());
    const attempt = before.attempt + 1;
    this.#state.set({
      status: platform.online() && attempt < offlineAfter ? statusAfterLoss(before) : "offline",
      attempt,
      retryAt: platform.now() + wait,
    });
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#connect(), wait);
  }

  #reached(change: ReachabilityChange): void {
    if (change === "offline") {
      // What looks connected is dead or will be; the state says so at once, the attempts go on meanwhile.
      this.#lost("offline");
      this.#state.update((s) => ({ ...s, status: "offline" }));
      return;
    }
    if (this.#ready) this.#probe();
    else if (this.#state.get().retryAt !== null) void this.#connect();
  }

  /** Asks for a sign of life and gives the connection up where none comes. */
  #probe(): void {
    clearTimeout(this.#quietTimer);
    const socket = this.#socket;
    this.request("ping", {}, this.#timing.probe).catch((error: unknown) => {
      // Even "unknown event" is a sign of life.
      if (error instanceof NetworkError && error.code === "timeout" && socket === this.#socket) {
        this.#lost("no sign of life");
      }
    });
    this.#quietTimer = setTimeout(() => this.#probe(), this.#timing.quiet);
  }

  #received(text: unknown): void {
    if (typeof text !== "string") return;
    const frame = parseFrame(text);
    if (!frame) return;
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.#probe(), this.#timing.quiet);
    if (frame.event === "ack") {
      this.#acked(frame);
      return;
    }
    if (frame.event === "ready") this.#becameReady();
    this.#signals.get(frame.event)?.emit(frame.data);
  }

  #becameReady(): void {
    clearTimeout(this.#openTimer);
    this.#ready = true;
    this.#scheduleRenewal();
    this.#state.set({ status: "online", attempt: 0, retryAt: null });
  }

  #acked(frame: Frame): void {
    const waiting = this.#waiting.get(frame.id ?? -1);
    if (!waiting) return;
    this.#waiting.delete(frame.id ?? -1);
    clearTimeout(waiting.timer);
    if (frame.error) waiting.reject(refusal(frame.error));
    else waiting.resolve(frame.data);
  }

  /** Hands the server a fresh token before the one that this connection lives on runs out. */
  #scheduleRenewal(): void {
    const { platform, tokens } = this.#options;
    const renewAt = tokens.renewAt;
    if (renewAt === null) return;
    const socket = this.#socket;
    this.#renewTimer = setTimeout(
      async () => {
        try {
          const token = await tokens.access();
          if (socket !== this.#socket) return;
          await this.request("auth", { token });
          this.#token = token;
        } catch {
          // Not renewed: the server closes with 4401 at expiry, and that path renews or signs out.
        }
        if (socket === this.#socket && this.#ready) this.#scheduleRenewal();
      },
      Math.max(1000, renewAt - platform.now()),
    );
  }
}

/** A connection that has been there comes back; one that never was is still on its way. */
function statusAfterLoss(before: ConnectionState): "connecting" | "reconnecting" {
  return before.status === "connecting" ? "connecting" : "reconnecting";
}

interface Frame {
  event: string;
  id?: number;
  data?: unknown;
  error?: unknown;
}

function parseFrame(text: string): Frame | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const frame = value as Record<string, unknown>;
    return typeof frame.event === "string" ? (frame as unknown as Frame) : null;
  } catch {
    return null;
  }
}

/** An ack's error: `{code, message}`, with `retryAfter` in seconds where the server limits rates. */
function refusal(value: unknown): ConfabError {
  const error = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return new ConfabError({
    status: 0,
    code: typeof error.code === "string" ? error.code : "unknown",
    message: typeof error.message === "string" ? error.message : "refused",
    fields: Array.isArray(error.fields) ? error.fields.filter(isFieldError) : [],
    ...(typeof error.retryAfter === "number" ? { retryAfter: error.retryAfter * 1000 } : {}),
  });
}
