import { asConfabError, ConfabError, isPassing, NetworkError } from "../errors.ts";
import type { JoinedCall, MediaWish, ServerEvents, Tile } from "../events.ts";
import { backoffDelay } from "../net/backoff.ts";
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

/** Between attempts to come back after a passing failure: the server keeps a leg for 30 s. Milliseconds. */
const retryLimits = { first: 1000, most: 5000 };

/** What the server takes of a view: more pictures than fit on any screen, sides of an 8K display. */
const mostTiles = 100;
const longestSide = 7680;

/** The call that was meant is over, or this device's leg in it. */
function isOver(error: unknown): boolean {
  return error instanceof ConfabError && error.code === "not_in_call";
}

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
  /** The call that is meant: of the ring that is accepted, or the one that this device was let into. */
  #callId: Id | null = null;
  /** An end that came before it was known which call this is. */
  #earlyEnd: ServerEvents["call:end"] | null = null;
  /** This device's last leg on the server, also while a new one is being made. */
  #participantId: Id | null = null;
  /** The server has heard from here that it is over, or will find out. */
  #toldEnd = false;
  #roster: Roster = emptyRoster;
  #path: MediaPath = "connecting";
  /** New legs made since media last flowed. */
  #rejoins = 0;
  #backWanted = false;
  #comingBack: Promise<void> | null = null;
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

  /**
   * Opens the devices and joins. Devices that are missing or refused are told in the state; the server's refusal throws.
   * That the call `only` is over is an end like others.
   */
  async join(media: CallMedia, only?: Id): Promise<void> {
    this.#callId = only ?? null;
    try {
      const [iceServers] = await Promise.all([this.#iceServers(), this.devices.open(media)]);
      if (this.ended) return;
      await this.#openLeg(iceServers, { audio: media.audio ?? true, video: media.video ?? true });
    } catch (error) {
      if (isOver(error)) return this.#finish("ended");
      this.#fail(error);
      throw error;
    }
  }

  /** Hangs up. The local side ends at once, whatever the network does. */
  async leave(forAll = false): Promise<void> {
    if (this.ended) return;
    const told = this.#signal.request("call:end", forAll ? { forAll } : {});
    this.#toldEnd = true;
    this.#finish("left");
    await told.catch((error: unknown) => {
      if (!(error instanceof NetworkError) && forAll) throw error;
    });
  }

  /** Ends the local side at once; the server is told if it can be reached, and nobody waits for it. */
  abandon(reason: CallEndReason, error: Error | null = null): void {
    if (this.ended) return;
    this.#signal.tell("call:end", {});
    this.#toldEnd = true;
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
  socketReady(): void {
    this.#comeBack();
  }

  /** The network changed under a connection that still seems to stand. */
  networkChanged(): void {
    if (this.ended || !this.#signal.online) return;
    this.#leg?.resume(true).catch((error: unknown) => this.#refused(error));
  }

  #listen(): void {
    const signal = this.#signal;
    signal.on("call:state", ({ callId, startedAt, participants }) => {
      if (this.#isAnother(callId)) return;
      this.#patch({ startedAt });
      this.#setRoster(withPeople(this.#roster, participants));
    });
    signal.on("call:participant", ({ callId, participant, left }) => {
      if (!this.#isAnother(callId)) this.#setRoster(withPerson(this.#roster, participant, left ?? false));
    });
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
    signal.on("call:end", (end) => this.#endHeard(end));
  }

  /** It is known to be another call of the chat: one that was left just now has late news. */
  #isAnother(callId: Id): boolean {
    return this.#callId !== null && this.#callId !== callId;
  }

  #endHeard(end: ServerEvents["call:end"]): void {
    // "left" answers a hanging up: this device has come into the same call again since.
    if (end.reason === "left" || this.#isAnother(end.callId)) return;
    if (this.#callId === null) this.#earlyEnd = end;
    // How others fared in it is nothing to somebody who was not let in.
    else if (this.#participantId === null) this.#finish("ended");
    else this.#finish(end.reason === "lost" ? "connection-lost" : end.reason);
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
      ...{ webrtc, signal, media, callId: this.#callId },
      configuration: { iceServers, ...(iceTransportPolicy ? { iceTransportPolicy } : {}) },
      joined: (joined) => this.#joined(joined),
      joinedLate: () => {
        // What ended was a former leg: the server does not know that this one is not wanted.
        if (this.ended && !this.#toldEnd) this.#signal.tell("call:end", {});
      },
      pathChanged: (path) => this.#pathChanged(path),
      grown: () => {
        this.#patch({ audioStreams: leg.streamsOf("audio") });
        this.#setRoster(this.#roster);
      },
      refused: (error) => this.#refused(error),
    });
    this.#leg = leg;
    this.#legSignal = signal;
    await this.devices.join(leg);
  }

  #joined({ callId, participantId }: JoinedCall): void {
    const first = this.#state.get().participantId !== participantId;
    this.#callId = callId;
    this.#participantId = participantId;
    this.#patch({ callId, participantId });
    this.#setRoster(this.#roster);
    if (first) this.#tellAll();
    const earlyEnd = this.#earlyEnd;
    this.#earlyEnd = null;
    if (earlyEnd) this.#endHeard(earlyEnd);
  }

  /** An offer that nobody waits for was refused. */
  #refused(error: unknown): void {
    if (isOver(error) || isPassing(error)) this.#comeBack();
    else this.#fail(error);
  }

  #fail(error: unknown): void {
    this.abandon("failed", error instanceof Error ? error : new Error(String(error)));
  }

  /** Sees to it that this device is in the call. With the socket gone it waits for the next one. */
  #comeBack(): void {
    this.#backWanted = true;
    this.#comingBack ??= this.#comeBackAtLast().finally(() => {
      this.#comingBack = null;
    });
  }

  /** Tries until it is done, what fails will not pass, or the socket is gone. A wish that comes meanwhile is one more try. */
  async #comeBackAtLast(): Promise<void> {
    for (let failures = 0; this.#backWanted && !this.ended && this.#signal.online; ) {
      this.#backWanted = false;
      try {
        await this.#comeBackOnce();
      } catch (error) {
        if (isOver(error)) return this.#finish("ended");
        // With another socket since, the refusal may have been to a device that the server took for a second one.
        if (!isPassing(error) && !this.#backWanted) return this.#fail(error);
        this.#backWanted = true;
        const wait = backoffDelay(failures++, retryLimits, this.#options.platform.random());
        await new Promise((resolve) => setTimeout(resolve, asConfabError(error).retryAfter ?? wait));
      }
    }
  }

  async #comeBackOnce(): Promise<void> {
    const resumed = await this.#takeUp();
    if (this.ended) return;
    const leg = this.#leg;
    const { callId, participantId } = this.#state.get();
    // The server may know nothing of a leg that it has not answered: its offer goes out again.
    if (leg && this.#path !== "failed" && (resumed || participantId === null)) {
      if (participantId !== null) this.#tellAll();
      await leg.resume(false);
    } else if (callId !== null) {
      await this.#rejoin();
    }
  }

  /**
   * Gives what the server has of this device's last leg to the present socket. False: it has nothing. A leg that is to be
   * replaced is taken up too, or the new one would be a second device's.
   */
  async #takeUp(): Promise<boolean> {
    const participantId = this.#participantId;
    if (participantId === null) return false;
    try {
      await this.#signal.request("call:resume", { participantId });
      return true;
    } catch (error) {
      if (isPassing(error)) throw error;
      return false;
    }
  }

  /** The leg is beyond repair, or the server has forgotten it: joins the call with a new one, if it goes on. */
  async #rejoin(): Promise<void> {
    if (++this.#rejoins > mostRejoins) return this.abandon("connection-lost");
    this.#closeLeg();
    this.#pathChanged("lost");
    this.#patch({ participantId: null });
    const iceServers = await this.#iceServers();
    if (!this.ended) await this.#openLeg(iceServers, this.devices.wish);
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
    if (path === "failed") this.#comeBack();
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
