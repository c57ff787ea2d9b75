import { Calls } from "./call/calls.ts";
import { RestClient } from "./net/rest.ts";
import { Socket, type SocketTiming } from "./net/socket.ts";
import type { Observable } from "./observable.ts";
import type { Platform } from "./platform.ts";
import type { ConnectionState, ModelState, SessionState } from "./state.ts";
import { Messaging } from "./sync/messaging.ts";
import { Model } from "./sync/model.ts";
import { Outbox } from "./sync/outbox.ts";
import { Receipts } from "./sync/receipts.ts";
import { Synchroniser } from "./sync/synchroniser.ts";
import { Typing } from "./sync/typing.ts";
import type { AuthAnswer, Id, LoginInput, Profile, RegisterInput } from "./types.ts";

export interface ConfabClientOptions {
  /** Where the server is, e.g. `https://chat.example.org`. In a browser: `location.origin`. */
  baseUrl: string;
  platform: Platform;
  /** For tests: "relay" forces media through TURN. */
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** For tests and unusual networks. */
  socketTiming?: SocketTiming;
}

/**
 * One device's connection to one Confab server: the session, the model, messaging and calls. Who is signed in decides
 * everything: while somebody is, the socket is kept up and the model equal to the server.
 */
export class ConfabClient {
  readonly rest: RestClient;
  readonly messaging: Messaging;
  readonly calls: Calls;
  readonly #socket: Socket;
  readonly #model: Model;
  readonly #synchroniser: Synchroniser;
  readonly #outbox: Outbox;
  readonly #receipts: Receipts;
  readonly #typing: Typing;
  readonly #stopFollowing: () => void;
  #userId: Id | null = null;

  constructor({ baseUrl, platform, iceTransportPolicy, socketTiming }: ConfabClientOptions) {
    const rest = new RestClient(platform, baseUrl);
    const model = new Model();
    const socket = new Socket({
      platform,
      url: rest.socketUrl,
      tokens: rest.tokens,
      checkSession: async () => void (await rest.me()),
      ...(socketTiming ? { timing: socketTiming } : {}),
    });
    const receipts = new Receipts(socket, model, (mark) => synchroniser.watermark(mark));
    const synchroniser = new Synchroniser(platform, rest, socket, model, () => receipts.afterSync());
    const outbox = new Outbox({
      ...{ platform, rest, socket, model },
      delivered: (message) => synchroniser.received(message),
    });
    const typing = new Typing(platform, socket, model);
    socket.on("ready", () => outbox.flush());
    this.rest = rest;
    this.#model = model;
    this.#socket = socket;
    this.#receipts = receipts;
    this.#synchroniser = synchroniser;
    this.#outbox = outbox;
    this.#typing = typing;
    this.messaging = new Messaging({ rest, model, synchroniser, outbox, receipts, typing });
    this.calls = new Calls({
      ...{ platform, socket, rest },
      ...(iceTransportPolicy ? { iceTransportPolicy } : {}),
    });
    this.#stopFollowing = rest.tokens.session.subscribe(() => this.#follow());
  }

  get session(): Observable<SessionState> {
    return this.rest.tokens.session;
  }

  get connection(): Observable<ConnectionState> {
    return this.#socket.state;
  }

  get state(): Observable<ModelState> {
    return this.#model.state;
  }

  /** Takes up the session that the storage holds, if there is one. Call once at start. */
  restore(): Promise<void> {
    return this.rest.tokens.restore();
  }

  /** Asks the server for a sign of life over the socket. Returns how long it took, in ms. */
  async ping(): Promise<number> {
    const began = performance.now();
    await this.#socket.request("ping", {});
    return Math.round(performance.now() - began);
  }

  async register(input: RegisterInput): Promise<Profile> {
    return this.#signedIn(await this.rest.register(input));
  }

  async login(input: LoginInput): Promise<Profile> {
    return this.#signedIn(await this.rest.login(input));
  }

  /** Ends the session on the server where it can be reached, and forgets everything on this device in any case. */
  async logout(): Promise<void> {
    await this.calls.leave().catch(() => {});
    this.#socket.stop(); // the server is about to close it, which would have this device ask for another token
    // Already over, or out of reach: then it runs out by itself.
    await this.rest.logout().catch(() => {});
    await this.#outbox.unload(true);
    await this.rest.tokens.clear("logout");
  }

  /** Stops everything without signing out: the page goes away. */
  close(): void {
    this.#stopFollowing();
    this.rest.tokens.close();
    this.#stop();
    this.#synchroniser.close();
    this.calls.close();
  }

  async #signedIn(answer: AuthAnswer): Promise<Profile> {
    await this.rest.tokens.adopt(answer);
    this.#model.setProfile(answer.user);
    return answer.user;
  }

  /** The session changed: here, in another tab, or because the server ended it. */
  #follow(): void {
    const session = this.session.get();
    const userId = session.status === "signed-in" ? session.userId : null;
    if (userId === this.#userId) return;
    this.#userId = userId;
    this.#stop();
    this.#model.reset(userId ?? "");
    if (userId === null) return;
    void this.#outbox.load(userId);
    this.#socket.start();
  }

  #stop(): void {
    this.calls.signedOut();
    this.#socket.stop();
    this.#synchroniser.stop();
    this.#receipts.stop();
    this.#typing.stop();
    void this.#outbox.unload(false);
  }
}
