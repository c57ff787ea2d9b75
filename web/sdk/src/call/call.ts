import { ConfabError, type MediaSource, NetworkError } from "../errors.ts";
import type { ServerEvents, Tile, TrackSource } from "../events.ts";
import type { RestClient } from "../net/rest.ts";
import type { Socket } from "../net/socket.ts";
import { type Observable, Subject } from "../observable.ts";
import type { Platform, WebRTCPlatform } from "../platform.ts";
import type { Id } from "../types.ts";
import type { CallMedia } from "./calls.ts";
import { Leg, type MediaPath } from "./leg.ts";
import { LocalMedia, noLocalMedia } from "./media.ts";
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
  readonly #options: CallOptions;
  readonly #signal: CallSignal;
  readonly #media: LocalMedia;
  readonly #state: Subject<CallState>;
  #leg: Leg | null = null;
  /** What the present leg listens on, so that a former leg's listeners go with it. */
  #legSignal: CallSignal | null = null;
  #roster: Roster = emptyRoster;
  #path: MediaPath = "connecting";
  /** New legs made since media last flowed. */
  #rejoins = 0;
  #hadCompany = false;
  #ringing = true;
  #ringTimer: ReturnType<typeof setTimeout> | undefined;
  #tiles: readonly Tile[] | null = null;
  #viewTimer: ReturnType<typeof setTimeout> | undefined;
  /** Device changes run one after the other, so that quick clicks end where the last one meant. */
  #devices: Promise<unknown> = Promise.resolve();

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
    this.#media = new LocalMedia({
      webrtc: options.webrtc,
      changed: (local) => this.#patch({ local }),
      ended: (source) => void this.#sourceEnded(source),
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
  async join({ audio = true, video = true, microphoneId, cameraId }: CallMedia): Promise<void> {
    const wish = { audio, video };
    if (microphoneId) this.#media.prefer("microphone", microphoneId);
    if (cameraId) this.#media.prefer("camera", cameraId);
    try {
      const [iceServers] = await Promise.all([this.#iceServers(), this.#media.openBoth(wish)]);
      if (this.ended) return this.#media.closeAll();
      await this.#openLeg(iceServers, wish);
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

  setMicrophone(on: boolean): Promise<void> {
    return this.#deviceChange(async () => {
      if (on && !this.#media.track("microphone")) {
        await this.#leg?.publish(["microphone", await this.#media.open("microphone")]);
      }
      this.#media.setMicrophoneEnabled(on);
      this.#tellMute("microphone", !on);
      if (on) this.#patch({ mutedByModerator: false });
    });
  }

  setCamera(on: boolean): Promise<void> {
    return this.#deviceChange(async () => {
      if (on === (this.#media.track("camera") !== null)) return;
      if (on) {
        await this.#leg?.publish(["camera", await this.#media.open("camera")]);
      } else {
        await this.#leg?.publish(["camera", null]);
        this.#media.close("camera");
      }
      this.#tellMute("camera", !on);
    });
  }

  shareScreen(): Promise<void> {
    return this.#deviceChange(async () => {
      if (this.#media.track("screen")) return;
      await this.#media.openScreen();
      await this.#publishScreen();
      this.#tellMute("screen", false);
      this.#tellMute("screen-audio", this.#media.track("screen-audio") === null);
    });
  }

  stopScreen(): Promise<void> {
    return this.#deviceChange(async () => {
      if (!this.#media.track("screen")) return;
      this.#media.close("screen");
      this.#tellMute("screen", true);
      this.#tellMute("screen-audio", true);
      await this.#publishScreen();
    });
  }

  /** Goes over to another microphone or camera; what is off stays off until it is switched on. */
  useDevice(source: "microphone" | "camera", deviceId: string): Promise<void> {
    return this.#deviceChange(async () => {
      if (!this.#media.track(source)) return this.#media.prefer(source, deviceId);
      const wasOn = this.#media.state[source].on;
      const track = await this.#media.open(source, deviceId);
      await this.#leg?.publish([source, track]);
      if (source === "microphone") this.#media.setMicrophoneEnabled(wasOn);
    });
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
    const { participantId } = this.#state.get();
    if (this.ended) return;
    if (participantId === null) {
      this.#leg?.resume(false);
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

  async #openLeg(iceServers: RTCIceServer[], media: { audio: boolean; video: boolean }): Promise<void> {
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
    await leg.join(this.#media.track("microphone"), this.#media.track("camera"));
    await this.#publishScreen();
  }

  /** Sends what is shared of the screen now, or nothing. */
  async #publishScreen(): Promise<void> {
    const track = (source: "screen" | "screen-audio") => this.#media.track(source);
    await this.#leg?.publish(["screen", track("screen")], ["screen-audio", track("screen-audio")]);
  }

  #fail(error: unknown): void {
    this.abandon("failed", error instanceof Error ? error : new Error(String(error)));
  }

  /** The leg is beyond repair, or the server has forgotten it. If the call goes on, joins it again with a new one. */
  async #rejoin(): Promise<void> {
    const { callId, chatId } = this.#state.get();
    if (++this.#rejoins > mostRejoins) {
      this.abandon("connection-lost");
      return;
    }
    this.#closeLeg();
    this.#pathChanged("lost");
    try {
      const chat = await this.#options.rest.chat(chatId);
      if (this.ended) return;
      if (!chat.activeCall || chat.activeCall.id !== callId) {
        this.#finish("ended");
        return;
      }
      this.#patch({ participantId: null });
      const iceServers = await this.#iceServers();
      if (this.ended) return;
      const { microphone, camera } = this.#media.state;
      await this.#openLeg(iceServers, { audio: microphone.on, video: camera.on });
    } catch (error) {
      this.abandon("connection-lost", error instanceof Error ? error : null);
    }
  }

  #closeLeg(): void {
    this.#leg?.close();
    this.#legSignal?.close();
    this.#leg = null;
    this.#legSignal = null;
  }

  /** Tells a leg's server side everything that it cannot know. */
  #tellAll(): void {
    this.#tellMute("microphone", !this.#media.state.microphone.on);
    this.#tellMute("camera", this.#media.track("camera") === null);
    if (this.#state.get().hand) this.#signal.tell("call:hand", { raised: true });
    this.#tellView();
  }

  #tellMute(source: TrackSource, muted: boolean): void {
    // Asked for with an ack, so that a refusal (nothing is published yet) raises no `error` event.
    this.#signal.request("call:mute", { source, muted }).catch(() => {});
  }

  #tellView(): void {
    clearTimeout(this.#viewTimer);
    if (this.#tiles && this.#state.get().participantId !== null) {
      this.#signal.tell("call:view", { tiles: this.#tiles });
    }
  }

  #deviceChange(change: () => Promise<void>): Promise<void> {
    const run = this.#devices.then(async () => {
      if (this.ended) return;
      await change();
      // Hung up while the user was being asked: nothing stays open.
      if (this.ended) this.#media.closeAll();
    });
    this.#devices = run.catch(() => {});
    return run;
  }

  /** A device went away by itself. The microphone goes over to whichever is there now. */
  async #sourceEnded(source: MediaSource): Promise<void> {
    if (source === "screen") return this.stopScreen();
    const wasOn = this.#media.state[source].on;
    this.#media.close(source);
    if (source === "camera") {
      await this.#leg?.publish(["camera", null]).catch(() => {});
      this.#tellMute("camera", true);
    } else {
      await this.#deviceChange(async () => {
        await this.#leg?.publish(["microphone", await this.#media.open("microphone", "")]);
        this.#media.setMicrophoneEnabled(wasOn);
      }).catch(() => this.#tellMute("microphone", true));
    }
  }

  #muted({ participantId, source, muted, by }: ServerEvents["call:mute"]): void {
    this.#setRoster(withMute(this.#roster, participantId, source, muted));
    if (participantId !== this.#state.get().participantId || !by || !muted) return;
    if (source === "microphone") {
      this.#media.setMicrophoneEnabled(false);
      this.#patch({ mutedByModerator: true });
    } else if (source === "camera") {
      void this.setCamera(false);
    } else {
      void this.stopScreen();
    }
  }

  #pathChanged(path: MediaPath): void {
    this.#path = path;
    if (path === "connected") this.#rejoins = 0;
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
    this.#signal.close();
    this.#closeLeg();
    this.#media.closeAll();
    const ended: Partial<CallState> = {
      phase: "ended",
      endReason,
      error,
      participants: [],
      audioStreams: [],
    };
    this.#state.update((state) => ({ ...state, ...ended, local: this.#media.state }));
  }
}
