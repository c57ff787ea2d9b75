import { MediaError } from "../errors.ts";
import type { Ready, ServerEvents, Tile } from "../events.ts";
import type { RestClient } from "../net/rest.ts";
import type { Socket } from "../net/socket.ts";
import { type Observable, Signal, Subject } from "../observable.ts";
import type { Platform } from "../platform.ts";
import type { Id } from "../types.ts";
import { Call } from "./call.ts";
import { type PathOptions, type PathResult, tryPath } from "./check.ts";
import type { CallMedia } from "./devices.ts";
import type { CallReaction, CallsState, IncomingCall } from "./state.ts";

/** The server rings for 45 s and says when it stops; this is for when that word is lost. Milliseconds. */
const mostRinging = 60_000;

/** A microphone, camera or loudspeaker to choose from. */
export interface MediaDevice {
  id: string;
  kind: "microphone" | "camera" | "speaker";
  /** Empty until a permission was given. */
  label: string;
}

interface CallsOptions {
  platform: Platform;
  socket: Socket;
  rest: RestClient;
  iceTransportPolicy?: RTCIceTransportPolicy;
}

/** Calls: at most one at a time on this device. The results show up in `state`. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #state = new Subject<CallsState>({ incoming: [], current: null });
  readonly #reactions = new Signal<CallReaction>();
  readonly #offs: (() => void)[];
  readonly #rings = new Map<Id, ReturnType<typeof setTimeout>>();
  #call: Call | null = null;
  #joining: Promise<void> | null = null;
  #stopFollowing: () => void = () => {};

  constructor(options: CallsOptions) {
    this.#options = options;
    const { socket, platform } = options;
    this.#offs = [
      socket.on("call:offer", (offer) => this.#rang(offer)),
      socket.on("call:ring-ended", ({ chatId }) => this.#stopRinging(chatId)),
      socket.on("call:end", ({ chatId, callId }) => {
        if (this.#ringingIn(chatId)?.callId === callId) this.#stopRinging(chatId);
      }),
      socket.on("chat:removed", ({ chatId }) => this.#stopRinging(chatId)),
      socket.on("ready", (ready) => this.#socketReady(ready)),
      platform.watchReachability((change) => {
        if (change === "network-changed" || change === "online") this.#call?.networkChanged();
      }),
    ];
  }

  get state(): Observable<CallsState> {
    return this.#state;
  }

  /** False where the platform has no WebRTC. */
  get supported(): boolean {
    return this.#options.platform.webrtc !== null;
  }

  /** Emoji that fly over the screen. Returns how to stop listening. */
  onReaction(listener: (reaction: CallReaction) => void): () => void {
    return this.#reactions.on(listener);
  }

  /**
   * Starts the chat's call or joins the one that runs. A call in another chat is left first. Resolves when the server has
   * let this device in; rejects with its refusal. Without a connection it goes on trying in the background until `leave`.
   * With `only`, and where the chat rings, it is that call and no other: where it is over by then, so is this.
   */
  async join(chatId: Id, media: CallMedia = {}, only = this.#ringingIn(chatId)?.callId): Promise<void> {
    const present = this.#call;
    if (present && !present.ended) {
      if (present.state.get().chatId === chatId) return this.#joining ?? undefined;
      await present.leave();
    }
    const { webrtc } = this.#options.platform;
    if (!webrtc) throw new MediaError("unsupported", "microphone");
    this.#stopRinging(chatId);
    this.#stopFollowing();
    const reacted = (reaction: CallReaction) => this.#reactions.emit(reaction);
    const call = new Call({ ...this.#options, webrtc, chatId, reacted });
    this.#call = call;
    this.#stopFollowing = call.state.subscribe(() => this.#showCurrent());
    this.#showCurrent();
    const joining = call.join(media, only);
    this.#joining = joining;
    return joining;
  }

  /** Stops the ringing on all of the user's devices. */
  async decline(chatId: Id): Promise<void> {
    this.#stopRinging(chatId);
    await this.#options.socket.request("call:decline", { chatId });
  }

  /** Leaves the call; `forAll` ends it for everybody (owners and admins). */
  async leave(options: { forAll?: boolean } = {}): Promise<void> {
    await this.#call?.leave(options.forAll ?? false);
  }

  /** Forgets a call that has ended. */
  dismiss(): void {
    if (!this.#call?.ended) return;
    this.#stopFollowing();
    this.#call = null;
    this.#showCurrent();
  }

  async setMicrophone(on: boolean): Promise<void> {
    await this.#call?.devices.setMicrophone(on);
  }

  async setCamera(on: boolean): Promise<void> {
    await this.#call?.devices.setCamera(on);
  }

  /** Asks the user for a screen and shares it, with its sound where the browser has that. */
  async shareScreen(): Promise<void> {
    await this.#call?.devices.shareScreen();
  }

  async stopScreen(): Promise<void> {
    await this.#call?.devices.stopScreen();
  }

  async devices(): Promise<MediaDevice[]> {
    const found = (await this.#options.platform.webrtc?.enumerateDevices()) ?? [];
    const kinds = { audioinput: "microphone", videoinput: "camera", audiooutput: "speaker" } as const;
    return found.map(({ deviceId, kind, label }) => ({ id: deviceId, kind: kinds[kind], label }));
  }

  /** Tells when devices come and go. Returns how to stop. */
  watchDevices(listener: () => void): () => void {
    return this.#options.platform.webrtc?.watchDevices?.(listener) ?? (() => {});
  }

  async useMicrophone(deviceId: string): Promise<void> {
    await this.#call?.devices.use("microphone", deviceId);
  }

  async useCamera(deviceId: string): Promise<void> {
    await this.#call?.devices.use("camera", deviceId);
  }

  async raiseHand(raised: boolean): Promise<void> {
    await this.#call?.raiseHand(raised);
  }

  async react(emoji: string): Promise<void> {
    await this.#call?.react(emoji);
  }

  async muteParticipant(participantId: Id): Promise<void> {
    await this.#call?.moderate(participantId, "mute");
  }

  async removeParticipant(participantId: Id): Promise<void> {
    await this.#call?.moderate(participantId, "remove");
  }

  /** Which pictures are on the screen and how large (CSS pixels), the most wanted first. Debounced. */
  view(tiles: readonly Tile[]): void {
    this.#call?.view(tiles);
  }

  /** Sends media to the SFU and back outside of any call, by the ways that are allowed, and tells how it fared. */
  async tryPath(options: PathOptions): Promise<PathResult> {
    const { webrtc } = this.#options.platform;
    if (!webrtc) throw new MediaError("unsupported", "camera");
    return tryPath(webrtc, (data) => this.#options.socket.request("call:check", data), options);
  }

  /** The connection's statistics, for a details panel. */
  async stats(): Promise<RTCStatsReport | null> {
    return (await this.#call?.stats) ?? null;
  }

  /** Nobody is signed in any more. */
  signedOut(): void {
    for (const { chatId } of this.#state.get().incoming) this.#stopRinging(chatId);
    this.#call?.abandon("signed-out");
  }

  close(): void {
    for (const off of this.#offs) off();
    this.signedOut();
    this.#stopFollowing();
  }

  #showCurrent(): void {
    const current = this.#call?.state.get() ?? null;
    this.#state.update((state) => ({ ...state, current }));
  }

  #ringingIn(chatId: Id): IncomingCall | undefined {
    return this.#state.get().incoming.find((call) => call.chatId === chatId);
  }

  #rang({ chatId, callId, callerId, media, expiresAt }: ServerEvents["call:offer"]): void {
    const current = this.#call;
    if (current && !current.ended && current.state.get().chatId === chatId) return;
    this.#stopRinging(chatId);
    this.#rings.set(
      chatId,
      setTimeout(() => this.#stopRinging(chatId), mostRinging),
    );
    const call = { chatId, callId, callerId, expiresAt, media: media ?? { audio: true, video: true } };
    this.#state.update((state) => ({ ...state, incoming: [...state.incoming, call] }));
  }

  #stopRinging(chatId: Id): void {
    clearTimeout(this.#rings.get(chatId));
    this.#rings.delete(chatId);
    if (!this.#ringingIn(chatId)) return;
    const incoming = this.#state.get().incoming.filter((call) => call.chatId !== chatId);
    this.#state.update((state) => ({ ...state, incoming }));
  }

  /** Rings whose call is over meanwhile stop; what still rings is told again by the server. */
  #socketReady(ready: Ready): void {
    for (const { chatId, callId } of this.#state.get().incoming) {
      const chat = ready.chats.find(({ id }) => id === chatId);
      if (chat?.activeCall?.id !== callId) this.#stopRinging(chatId);
    }
    this.#call?.socketReady();
  }
}
