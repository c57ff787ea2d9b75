import { memoryFiles } from "../files/browser.ts";
import type { UploadAnswer, UploadRequest } from "../files/xhr.ts";
import { memoryStorage, type Platform, type ReachabilityChange, type SocketLike } from "../platform.ts";

/** A frame as either side sends it. */
export interface WireFrame {
  event: string;
  data?: unknown;
  id?: number;
  error?: unknown;
}

/** The client's end of a connection to a TestServer, and the server's view of it. */
export class TestSocket implements SocketLike {
  readyState = 0;
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  readonly received: WireFrame[] = [];

  constructor(
    readonly protocols: readonly string[],
    readonly answer: (socket: TestSocket, frame: WireFrame) => void,
  ) {}

  get token(): string {
    return this.protocols[1]?.replace("bearer.", "") ?? "";
  }

  send(text: string): void {
    const frame = JSON.parse(text) as WireFrame;
    this.received.push(frame);
    this.answer(this, frame);
  }

  close(): void {
    this.readyState = 3;
  }

  /** The server accepts the handshake. */
  open(): void {
    this.readyState = 1;
    this.onopen?.({});
  }

  /** The server sends an event. */
  say(event: string, data: unknown): void {
    this.onmessage?.({ data: JSON.stringify({ event, data }) });
  }

  /** The server answers a frame. */
  ack(frame: WireFrame, data: unknown, error?: unknown): void {
    this.onmessage?.({
      data: JSON.stringify({ event: "ack", id: frame.id, ...(error ? { error } : { data }) }),
    });
  }

  /** The server, or the network, ends the connection. */
  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }

  of(event: string): WireFrame[] {
    return this.received.filter((frame) => frame.event === event);
  }
}

interface Answer {
  status: number;
  body?: unknown;
}

/** A platform whose network is a test: sockets and requests come out where the test can answer them. */
export class TestWorld {
  readonly sockets: TestSocket[] = [];
  readonly requests: { method: string; path: string; token: string; body: unknown }[] = [];
  /** Answers REST requests: a status and a body; throws for "no network". */
  respond: (request: TestWorld["requests"][number]) => Answer | Promise<Answer> = () => ({ status: 404 });
  /** Answers frames on any socket. */
  answer: (socket: TestSocket, frame: WireFrame) => void = () => {};
  storage = memoryStorage();
  files = memoryFiles();
  /** Takes uploads: a status and a body, when the test wants; rejects for "no network". */
  upload: (request: UploadRequest) => Promise<Answer> = () => Promise.reject(new Error("no network"));
  reach: (change: ReachabilityChange) => void = () => {};
  #ids = 0;
  #locks: Promise<unknown> = Promise.resolve();

  get socket(): TestSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("nobody connected");
    return socket;
  }

  readonly platform: Platform = {
    storage: {
      get: (key) => this.storage.get(key),
      set: (key, value) => this.storage.set(key, value),
      remove: (key) => this.storage.remove(key),
      keys: (prefix) => this.storage.keys(prefix),
    },
    files: {
      get: (key) => this.files.get(key),
      set: (key, file) => this.files.set(key, file),
      remove: (key) => this.files.remove(key),
      keys: (prefix) => this.files.keys(prefix),
    },
    upload: (request) => this.#upload(request),
    fetch: (url, init) => this.#fetch(url, init),
    createSocket: (_url, protocols) => {
      const socket = new TestSocket(protocols, (s, frame) => this.answer(s, frame));
      this.sockets.push(socket);
      return socket;
    },
    webrtc: null,
    now: () => Date.now(),
    random: () => 0.5,
    uuid: () => `client-${++this.#ids}`,
    exclusive: (_name, task) => {
      const run = this.#locks.then(task);
      this.#locks = run.catch(() => {});
      return run;
    },
    pixelRatio: () => 1,
    online: () => true,
    watchReachability: (listener) => {
      this.reach = listener;
      return () => {
        this.reach = () => {};
      };
    },
  };

  async #upload(request: UploadRequest): Promise<UploadAnswer> {
    const { status, body } = await this.upload(request);
    return { status, text: body === undefined ? "" : JSON.stringify(body), header: () => null };
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const request = {
      method: init.method ?? "GET",
      path: new URL(url).pathname + new URL(url).search,
      token: headers.get("Authorization")?.replace("Bearer ", "") ?? "",
      body: typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : undefined,
    };
    this.requests.push(request);
    const aborted = new Promise<never>((_, reject) => {
      init.signal?.addEventListener("abort", () => reject(new DOMException("given up", "AbortError")));
    });
    const { status, body } = await Promise.race([this.respond(request), aborted]);
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  }
}

/** A session as login answers it. */
export function tokens(n: number, expiresIn = 900) {
  return { accessToken: `access-${n}`, refreshToken: `refresh-${n}`, expiresIn };
}

export const ann = {
  ...{ id: "ann", username: "ann", displayName: "Ann", avatarUrl: null, email: "ann@example.org" },
  ...{
    shareReadReceipts: true,
    totpEnabled: false,
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
  },
};
