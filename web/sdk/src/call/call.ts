import { ConfabError, NetworkError } from "../errors.ts";
import type { MediaWish, ServerEvents, Tile } from "../events.ts";
import type { RestClient } from "../net/rest.ts";
import type { Socket } from "../net/socket.ts";
import { type Observable, Subject } from "../observable.ts";
import type { Platform, WebRTCPlatform } from "../platform.ts";
import type { Id } from "../types.ts";
import { CallDevices, type CallMedia } from "./devices.ts";
import { Leg, type MediaPath } from "./leg.ts";
import { noLocalMedia } from "./media.ts";
import {
  emptyRoster,
  ownConnection,
  participantsOf,
  type Roster,
  withHand,
  withMute,
  withPeople,
  withPerson,
  withScores,
  withSpeakers,
} from "./roster.ts";
import { CallSignal } from "./signal.ts";
import type { CallEndReason, CallReaction, CallState } from "./state.ts";

/** Tiles move while a window is dragged; the server hears of where they come to rest. Milliseconds. */
const viewRestMs = 150;

/** The ring's length on the server: after it, waiting alone is being in a call alone. Milliseconds. */
const ringMs = 45_000;

/** So many new legs are tried when none of them gets media through. */
const mostRejoins = 3;

/** A call whose media has been away for so long is over: whoever still waits has hung up. Milliseconds. */
const mostAway = 120_000;

/** What the server takes of a view: more pictures than fit on any screen, sides of an 8K display. */
const mostTiles = 100;
const longestSide = 7680;

/** The server knows of no leg of this device. */
const legGone = new Set(["not_in_call", "no_call", "no_participant", "not_found"]);

export interface CallOptions {
  platform: Platform;
  webrtc: WebRTCPlatform;
  socket: Socket;
  rest: RestClient;
  chatId: Id;
  iceTransportPolicy?: RTCIceTransportPolicy;
  reacted: (reaction: CallReaction) => void;
}

/**
 * One call, from joining to its end. It outlives its legs: the leg is the connection, which may be lost and made anew,
 * while devices, people and the user's choices stay.
 */
export class Call {
  /** What this device sends. */
  readonly devices: CallDevices;
  readonly #options: CallOptions;
  readonly #signal: CallSignal;
  readonly #state: Subject<CallState>;
  #leg: Leg | null = null;
  /** What the present leg listens on, so that a former leg's listeners go with it. */
  #legSignal: CallSignal | null = null;
  #roster: Roster = emptyRoster;
  #path: MediaPath = "connecting";
  /** New legs made since media last flowed. */
  #rejoins = 0;
  #rejoining = false;
  #awayTimer: ReturnType<typeof setTimeout> | undefined;
  #hadCompany = false;
  #ringing = true;
  #ringTimer: ReturnType<typeof setTimeout> | undefined;
  #tiles: readonly Tile[] | null = null;
  #viewTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#signal = new CallSignal(options.socket, options.chatId);
    this.#state = new Subject<CallState>({
      chatId: options.chatId,
      callId: null,
      participantId: null,
      phase: "connecting",
      endReason: null,
      error: null,
      startedAt: null,
      local: noLocalMedia,
      hand: false,
      connection: "good",
      participants: [],
      audioStreams: [],
      downlink: null,
      mutedByModerator: false,
    });
    this.devices = new CallDevices({
      webrtc: options.webrtc,
      signal: this.#signal,
      leg: () => this.#leg,
      over: () => this.ended,
      changed: (local) => {
        const muted = this.#state.get().mutedByModerator && !local.microphone.on;
        this.#patch({ local, mutedByModerator: muted });
      },
    });
    this.#listen();
  }

  get state(): Observable<CallState> {
    return this.#state;
  }

  get ended(): boolean {
    return this.#state.get().phase === "ended";
  }

  get stats(): Promise<RTCStatsReport> | null {
    return this.#leg?.stats() ?? null;
  }

  /** Opens the devices and joins. Devices that are missing or refused are told in the state; the server's refusal throws. */
  async join(media: CallMedia, only?: Id): Promise<void> {
    try {
      const [iceServers] = await Promise.all([this.#iceServers(), this.devices.open(media)]);
      if (this.ended) return;
      if (only !== undefined && !(await this.#runs(only))) return this.#finish("ended");
      if (this.ended) return;
      await this.#openLeg(iceServers, { audio: media.audio ?? true, video: media.video ?? true });
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Hangs up. The local side ends at once, whatever the network does. */
  async leave(forAll = false): Promise<void> {
    if (this.ended) return;
    const told = this.#signal.request("call:end", forAll ? { forAll } : {});
    this.#finish("left");
    await told.catch((error: unknown) => {
      if (!(error instanceof NetworkError) && forAll) throw error;
    });
  }

  /** Ends the local side at once; the server is told if it can be reached, and nobody waits for it. */
  abandon(reason: CallEndReason, error: Error | null = null): void {
    if (this.ended) return;
    this.#signal.tell("call:end", {});
    this.#finish(reason, error);
  }

  async raiseHand(raised: boolean): Promise<void> {
    await this.#signal.request("call:hand", { raised });
    this.#patch({ hand: raised });
  }

  async react(emoji: string): Promise<void> {
    await this.#signal.request("call:reaction", { emoji });
  }

  async moderate(participantId: Id, action: "mute" | "remove"): Promise<void> {
    await this.#signal.request("call:moderate", { participantId, action });
  }

  view(tiles: readonly Tile[]): void {
    const ratio = this.#options.platform.pixelRatio();
    const pixels = (side: number) => Math.min(longestSide, Math.max(0, Math.round(side * ratio)));
    this.#tiles = tiles.slice(0, mostTiles).map(({ participantId, source, width, height }) => ({
      ...{ participantId, source },
      ...{ width: pixels(width), height: pixels(height) },
    }));
    clearTimeout(this.#viewTimer);
    this.#viewTimer = setTimeout(() => this.#tellView(), viewRestMs);
  }

  /** The socket is back: this device takes its leg up again, or makes a new one if the call goes on without it. */
  async socketReady(): Promise<void> {
    if (this.ended) return;
    const { participantId } = this.#state.get();
    if (!this.#leg || this.#path === "failed") return this.#rejoin();
    if (participantId === null) {
      this.#leg.resume(false);
      return;
    }
    try {
      await this.#signal.request("call:resume", { participantId });
    } catch (error) {
      if (error instanceof ConfabError && legGone.has(error.code)) await this.#rejoin();
      return;
    }
    this.#leg?.resume(false);
    this.#tellAll();
  }

  /** The network changed under a connection that still seems to stand. */
  networkChanged(): void {
    if (!this.ended && this.#signal.online) this.#leg?.resume(true);
  }

  #listen(): void {
    const signal = this.#signal;
    signal.on("call:state", ({ callId, startedAt, participants }) => {
      this.#patch({ callId, startedAt });
      this.#setRoster(withPeople(this.#roster, participants));
    });
    signal.on("call:participant", ({ participant, left }) =>
      this.#setRoster(withPerson(this.#roster, participant, left ?? false)),
    );
    signal.on("call:slots", ({ slots, wanted }) => {
      this.#setRoster({ ...this.#roster, slots });
      this.#leg?.grow(wanted);
    });
    signal.on("call:mute", (mute) => this.#muted(mute));
    signal.on("call:hand", ({ participantId, raised }) => {
      if (participantId === this.#state.get().participantId) this.#patch({ hand: raised });
      this.#setRoster(withHand(this.#roster, participantId, raised));
    });
    signal.on("call:speakers", ({ participants }) =>
      this.#setRoster(withSpeakers(this.#roster, participants)),
    );
    signal.on("call:quality", ({ participants, downlink }) => {
      this.#patch({ downlink });
      this.#setRoster(withScores(this.#roster, participants));
    });
    signal.on("call:reaction", ({ participantId, emoji }) => this.#options.reacted({ participantId, emoji }));
    signal.on("call:end", ({ callId, reason }) => {
      const mine = this.#state.get().callId;
      if (mine === null || mine === callId) this.#finish(reason === "lost" ? "connection-lost" : reason);
    });
  }

  async #iceServers(): Promise<RTCIceServer[]> {
    try {
      return (await this.#options.rest.iceServers()).iceServers.map((server) => ({ ...server }));
    } catch (error) {
      // The server's own candidates are in its answer: TURN is for networks that let nothing else through.
      if (error instanceof ConfabError && error.status === 401) throw error;
      return [];
    }
  }

  async #openLeg(iceServers: RTCIceServer[], media: MediaWish): Promise<void> {
    const { webrtc, socket, chatId, iceTransportPolicy } = this.#options;
    const signal = new CallSignal(socket, chatId);
    const leg = new Leg({
      ...{ webrtc, signal, media },
      configuration: { iceServers, ...(iceTransportPolicy ? { iceTransportPolicy } : {}) },
      joined: ({ callId, participantId }) => {
        const first = this.#state.get().participantId !== participantId;
        this.#patch({ callId, participantId });
        this.#setRoster(this.#roster);
        if (first) this.#tellAll();
      },
      pathChanged: (path) => this.#pathChanged(path),
      grown: () => {
        this.#patch({ audioStreams: leg.streamsOf("audio") });
        this.#setRoster(this.#roster);
      },
      refused: (error) => this.#fail(error),
    });
    this.#leg = leg;
    this.#legSignal = signal;
    await this.devices.join(leg);
  }

  #fail(error: unknown): void {
    this.abandon("failed", error instanceof Error ? error : new Error(String(error)));
  }

  /**
   * The leg is beyond repair, or the server has forgotten it. If the call goes on, joins it again with a new one. Without
   * a network it waits for the socket, which calls again.
   */
  async #rejoin(): Promise<void> {
    const { callId } = this.#state.get();
    if (this.#rejoining || callId === null || !this.#signal.online) return;
    if (++this.#rejoins > mostRejoins) return this.abandon("connection-lost");
    this.#rejoining = true;
    this.#closeLeg();
    this.#pathChanged("lost");
    try {
      const runs = await this.#runs(callId);
      if (this.ended) return;
      if (!runs) return this.#finish("ended");
      this.#patch({ participantId: null });
      const iceServers = await this.#iceServers();
      if (this.ended) return;
      await this.#openLeg(iceServers, this.devices.wish);
    } catch (error) {
      if (!(error instanceof NetworkError)) this.#fail(error);
    } finally {
      this.#rejoining = false;
    }
  }

  /** Whether that is the call which the chat has now. */
  async #runs(callId: Id): Promise<boolean> {
    return (await this.#options.rest.chat(this.#options.chatId)).activeCall?.id === callId;
  }

  #closeLeg(): void {
    this.#leg?.close();
    this.#legSignal?.close();
    this.#leg = null;
    this.#legSignal = null;
  }

  /** Tells a leg's server side everything that it cannot know. */
  #tellAll(): void {
    this.devices.tellMutes();
    if (this.#state.get().hand) this.#signal.tell("call:hand", { raised: true });
    this.#tellView();
  }

  #tellView(): void {
    clearTimeout(this.#viewTimer);
    if (this.#tiles && this.#state.get().participantId !== null) {
      this.#signal.tell("call:view", { tiles: this.#tiles });
    }
  }

  #muted({ participantId, source, muted, by }: ServerEvents["call:mute"]): void {
    this.#setRoster(withMute(this.#roster, participantId, source, muted));
    if (participantId !== this.#state.get().participantId || !by || !muted) return;
    this.devices.muted(source);
    if (source === "microphone") this.#patch({ mutedByModerator: true });
  }

  #pathChanged(path: MediaPath): void {
    this.#path = path;
    if (path === "connected") {
      this.#rejoins = 0;
      clearTimeout(this.#awayTimer);
      this.#awayTimer = undefined;
    } else {
      this.#awayTimer ??= setTimeout(() => this.abandon("connection-lost"), mostAway);
    }
    if (path === "failed") void this.#rejoin();
    if (path === "connected" && this.#ringing) {
      this.#ringTimer ??= setTimeout(() => {
        this.#ringing = false;
        this.#patch({});
      }, ringMs);
    }
    this.#patch({});
  }

  #setRoster(roster: Roster): void {
    this.#roster = roster;
    const { participantId, participants } = this.#state.get();
    const streams = this.#leg?.streams ?? new Map<string, MediaStream>();
    // Until this device knows its own id, it would take itself for company.
    const others = participantId === null ? [] : participantsOf(roster, participantId, streams, participants);
    if (others.length > 0) this.#hadCompany = true;
    this.#patch({ participants: others, connection: ownConnection(roster, participantId) });
  }

  #patch(change: Partial<CallState>): void {
    if (this.ended) return;
    this.#state.update((state) => {
      const next = { ...state, ...change, phase: this.#phase() };
      const keys = Object.keys(next) as (keyof CallState)[];
      return keys.every((key) => Object.is(next[key], state[key])) ? state : next;
    });
  }

  #phase(): CallState["phase"] {
    if (this.#path === "connecting") return "connecting";
    if (this.#path !== "connected") return "reconnecting";
    return this.#ringing && !this.#hadCompany ? "ringing" : "connected";
  }

  #finish(endReason: CallEndReason, error: Error | null = null): void {
    if (this.ended) return;
    clearTimeout(this.#ringTimer);
    clearTimeout(this.#viewTimer);
    clearTimeout(this.#awayTimer);
    this.#signal.close();
    this.#closeLeg();
    this.devices.close();
    const ended: Partial<CallState> = {
      phase: "ended",
      endReason,
      error,
      participants: [],
      audioStreams: [],
    };
    this.#state.update((state) => ({ ...state, ...ended, local: this.devices.state }));
  }
}
