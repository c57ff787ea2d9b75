import { ConfabError, NetworkError } from "../errors.ts";
import type { JoinedCall, MediaWish, TrackKind, TrackSource } from "../events.ts";
import type { WebRTCPlatform } from "../platform.ts";
import type { Id } from "../types.ts";
import { offerDescriptor } from "./descriptor.ts";
import { type LayerSize, SentLayers } from "./layers.ts";
import type { CallSignal } from "./signal.ts";
import { initialSlots, type SlotCount, slotsFor } from "./slotcount.ts";

/**
 * The camera's three simulcast layers, smallest first. The rates (bits per second) are what VP8 needs for an
 * unblemished talking head at 180p, 360p and 720p.
 */
const cameraLayers: RTCRtpEncodingParameters[] = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];

/**
 * The layers of a camera, three if it is not open yet. Chromium (libwebrtc's simulcast formats) makes three of pictures
 * from 960 × 540 on and two from 480 × 270 on, and leaves out the largest of those that are too many.
 */
function layersOf(camera: MediaStreamTrack | TrackKind): RTCRtpEncodingParameters[] {
  const { width = 1280, height = 720 } = typeof camera === "string" ? {} : camera.getSettings();
  const count = width * height >= 960 * 540 ? 3 : width * height >= 480 * 270 ? 2 : 1;
  return cameraLayers.slice(-count);
}

/** What each of `count` layers is of a camera's picture. Those that are too many for it are whole, like the largest. */
function sizesOf(camera: MediaStreamTrack, count: number): LayerSize[] {
  const layers = layersOf(camera).slice(-count);
  const surplus = Array.from({ length: count - layers.length }, () => layers.at(-1) ?? {});
  return [...layers, ...surplus].map(({ rid: _, ...size }) => size);
}

/** A screen is sharp or useless: one layer, with room for text that scrolls. */
const screenLayers: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];

/** ICE may lose its way for a moment and find it again by itself. Milliseconds. */
const patience = 3000;

/** How long media may be away before the leg is given up for a new one, and the wait between ICE restarts. Milliseconds. */
const mostAway = 25_000;
const betweenRestarts = 8000;

export type MediaPath = "connecting" | "connected" | "lost" | "failed";

interface LegOptions {
  webrtc: WebRTCPlatform;
  configuration: RTCConfiguration;
  signal: CallSignal;
  media: MediaWish;
  /** The call to join; null: the chat's, whichever that is, or a new one. */
  callId: Id | null;
  /** An offer was answered: the leg stands (again). */
  joined: (call: JoinedCall) => void;
  /** An offer was answered after the leg was closed. */
  joinedLate: () => void;
  pathChanged: (path: MediaPath) => void;
  /** Receiving m-lines were added: `streams` has grown. */
  grown: () => void;
  /** A negotiation was refused for good. */
  refused: (error: unknown) => void;
}

/**
 * One RTCPeerConnection with the SFU. Its m-lines only ever grow and never change direction: send-only ones for this
 * device's sources, receive-only ones as slots, whose content the server switches without negotiation. Only this side
 * offers, one offer at a time; an offer whose answer was lost with the socket is offered again as it is, because the
 * server may have taken it.
 */
export class Leg {
  readonly #options: LegOptions;
  readonly #pc: RTCPeerConnection;
  readonly #senders = new Map<TrackSource, RTCRtpTransceiver>();
  /** What the server and the camera ask for. A new leg begins with all layers on, on both sides. */
  readonly #layers = new Map<RTCRtpTransceiver, SentLayers>();
  readonly #slots: { kind: TrackKind; transceiver: RTCRtpTransceiver }[] = [];
  readonly #streams = new Map<string, MediaStream>();
  /** Candidates of either side that came before the description that they belong to. */
  readonly #earlyLocal: RTCIceCandidate[] = [];
  readonly #earlyRemote: RTCIceCandidateInit[] = [];
  #callId: Id | null;
  #negotiating: Promise<void> | null = null;
  #offerWanted = false;
  #restartWanted = false;
  #stands = false;
  #closed = false;
  #path: MediaPath = "connecting";
  #lostAt: number | null = null;
  #recoveryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LegOptions) {
    this.#options = options;
    this.#callId = options.callId;
    const pc = options.webrtc.createPeerConnection({ bundlePolicy: "max-bundle", ...options.configuration });
    this.#pc = pc;
    pc.onicecandidate = ({ candidate }) => {
      if (candidate) this.#sendCandidate(candidate);
    };
    pc.onconnectionstatechange = () => this.#followPath();
    pc.oniceconnectionstatechange = () => this.#followPath();
    options.signal.on("call:ice-candidate", ({ candidate }) => {
      if (candidate) void this.#addCandidate(candidate);
    });
    options.signal.on("call:layers", ({ mid, active }) => this.#setLayers(mid, active));
    options.signal.on("call:codecs", ({ mid, usable }) => this.#preferCodecs(mid, usable));
  }

  /** The receiving m-lines' streams by mid. Each lasts as long as the leg. */
  get streams(): ReadonlyMap<string, MediaStream> {
    return this.#streams;
  }

  /** The streams of one kind, in the order of their m-lines. */
  streamsOf(kind: TrackKind): { id: string; stream: MediaStream }[] {
    return this.#slots.flatMap(({ kind: k, transceiver: { mid } }) => {
      const stream = mid === null ? undefined : this.#streams.get(mid);
      return k === kind && mid !== null && stream ? [{ id: mid, stream }] : [];
    });
  }

  get connected(): boolean {
    return this.#path === "connected";
  }

  /** Makes the first offer. Rejects with the server's refusal; silence is outwaited until `resume`. */
  async join(microphone: MediaStreamTrack | null, camera: MediaStreamTrack | null): Promise<void> {
    this.#addSender("microphone", microphone ?? "audio");
    this.#addSender("camera", camera ?? "video");
    this.#addSlots(initialSlots);
    await this.#negotiate();
  }

  /** Publishes tracks, or with null stops publishing; an m-line stays for the next time. */
  async publish(...tracks: [TrackSource, MediaStreamTrack | null][]): Promise<void> {
    let added = false;
    for (const [source, track] of tracks) {
      const transceiver = this.#senders.get(source);
      if (transceiver) {
        await transceiver.sender.replaceTrack(track);
        if (source === "camera" && track) this.#sentLayers(transceiver).resize((n) => sizesOf(track, n));
        else this.#layers.get(transceiver)?.apply();
      } else if (track) {
        this.#addSender(source, track);
        added = true;
      }
    }
    if (added) await this.#negotiate();
  }

  /** Makes as many slots as `wanted` asks for, within bounds. */
  grow(wanted: SlotCount): void {
    const present = this.#slotCount();
    const next = slotsFor(present, wanted);
    if (next.audio === present.audio && next.video === present.video) return;
    this.#addSlots({ audio: next.audio - present.audio, video: next.video - present.video });
    void this.#negotiate().catch(this.#options.refused);
  }

  /**
   * The network changed, or the socket is back: finish what was begun, and find a way again if it was lost. Rejects with
   * the server's refusal.
   */
  async resume(networkChanged: boolean): Promise<void> {
    if (this.#closed) return;
    if (this.#stands && (networkChanged || !this.connected)) this.#restartWanted = true;
    if (this.#restartWanted) this.#offerWanted = true;
    if (this.#offerDue) await this.#offerWhatIsDue();
  }

  stats(): Promise<RTCStatsReport> {
    return this.#pc.getStats();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#recoveryTimer);
    for (const layers of this.#layers.values()) layers.close();
    this.#pc.onicecandidate = null;
    this.#pc.onconnectionstatechange = null;
    this.#pc.oniceconnectionstatechange = null;
    this.#pc.close();
  }

  #addSender(source: TrackSource, trackOrKind: MediaStreamTrack | TrackKind): void {
    const encodings =
      source === "camera" ? layersOf(trackOrKind) : source === "screen" ? screenLayers : undefined;
    const transceiver = this.#pc.addTransceiver(trackOrKind, {
      direction: "sendonly",
      ...(encodings ? { sendEncodings: encodings.map((encoding) => ({ ...encoding })) } : {}),
    });
    // Every browser decodes VP8, so nobody has to be asked to change.
    if (encodings) this.#orderCodecs(transceiver, ["video/VP8"]);
    this.#senders.set(source, transceiver);
  }

  #addSlots(count: SlotCount): void {
    for (const kind of ["audio", "video"] as const) {
      for (let i = 0; i < count[kind]; i++) {
        const transceiver = this.#pc.addTransceiver(kind, { direction: "recvonly" });
        if (kind === "video") offerDescriptor(transceiver);
        this.#slots.push({ kind, transceiver });
      }
    }
  }

  #slotCount(): SlotCount {
    const video = this.#slots.filter((slot) => slot.kind === "video").length;
    return { audio: this.#slots.length - video, video };
  }

  /** Asks for an offer; those that are asked for while one is under way become one after it. */
  #negotiate(): Promise<void> {
    this.#offerWanted = true;
    return this.#offerWhatIsDue();
  }

  /** A new offer is wanted, or one has no answer yet. */
  get #offerDue(): boolean {
    return this.#offerWanted || this.#pc.signalingState === "have-local-offer";
  }

  #offerWhatIsDue(): Promise<void> {
    this.#negotiating ??= this.#offerAll().finally(() => {
      this.#negotiating = null;
    });
    return this.#negotiating;
  }

  async #offerAll(): Promise<void> {
    while (this.#offerDue && !this.#closed) {
      try {
        await this.#offerOnce();
      } catch (error) {
        if (this.#closed) return;
        if (error instanceof NetworkError) {
          // No answer: the offer stays pending. With the socket gone, `resume` goes on.
          if (error.code !== "timeout" || !this.#options.signal.online) return;
        } else if (error instanceof ConfabError && error.retryAfter !== undefined) {
          const wait = error.retryAfter;
          await new Promise((resolve) => setTimeout(resolve, wait));
        } else {
          throw error;
        }
      }
    }
  }

  async #offerOnce(): Promise<void> {
    const { signal, media } = this.#options;
    if (this.#pc.signalingState === "stable") {
      this.#offerWanted = false;
      const iceRestart = this.#restartWanted;
      this.#restartWanted = false;
      await this.#pc.setLocalDescription(await this.#pc.createOffer({ iceRestart }));
    }
    if (this.#closed) return;
    // Otherwise an offer is pending: it goes out again as it is, and what was asked for since comes in the next one.
    const sdp = this.#pc.localDescription?.sdp ?? "";
    const { answer, callId, participantId } = await signal.offer({
      ...(this.#callId === null ? {} : { callId: this.#callId }),
      ...{ offer: { type: "offer", sdp }, media, tracks: this.#hints() },
    });
    if (this.#closed) return this.#options.joinedLate();
    this.#callId = callId;
    // Before the answer is set, which takes its time: the call may end meanwhile, and has to be known by its id.
    this.#options.joined({ callId, participantId });
    await this.#pc.setRemoteDescription(answer);
    for (const layers of this.#layers.values()) layers.apply();
    this.#collectStreams();
    for (const candidate of this.#earlyRemote.splice(0)) await this.#addCandidate(candidate);
    this.#stands = true;
    for (const candidate of this.#earlyLocal.splice(0)) this.#sendCandidate(candidate);
  }

  #hints(): { mid: string; source: TrackSource }[] {
    return [...this.#senders].flatMap(([source, { mid }]) => (mid === null ? [] : [{ mid, source }]));
  }

  #collectStreams(): void {
    let grown = false;
    for (const { transceiver } of this.#slots) {
      const { mid, receiver } = transceiver;
      if (mid === null || this.#streams.has(mid)) continue;
      this.#streams.set(mid, this.#options.webrtc.createStream([receiver.track]));
      grown = true;
    }
    if (grown) this.#options.grown();
  }

  #sendCandidate(candidate: RTCIceCandidate): void {
    if (this.#stands) this.#options.signal.tell("call:ice-candidate", { candidate: candidate.toJSON() });
    else this.#earlyLocal.push(candidate);
  }

  /** A candidate that does not fit (of a former ICE session, say) is no error: others will do. */
  async #addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (!this.#pc.remoteDescription) {
      this.#earlyRemote.push(candidate);
      return;
    }
    await this.#pc.addIceCandidate(candidate).catch(() => {});
  }

  #followPath(): void {
    const { connectionState, iceConnectionState } = this.#pc;
    if (connectionState === "connected") this.#pathIs("connected");
    else if (connectionState === "failed" || iceConnectionState === "failed") this.#lost(0);
    else if (connectionState === "disconnected" || iceConnectionState === "disconnected")
      this.#lost(patience);
  }

  #pathIs(path: MediaPath): void {
    if (path === "connected") {
      clearTimeout(this.#recoveryTimer);
      this.#recoveryTimer = undefined;
      this.#lostAt = null;
    }
    if (path === this.#path) return;
    this.#path = path;
    this.#options.pathChanged(path);
  }

  /** Restarts ICE after `wait`, again and again while that brings nothing, until the leg is given up. */
  #lost(wait: number): void {
    if (this.#closed || this.#path === "failed") return;
    this.#lostAt ??= performance.now();
    this.#pathIs("lost");
    if (this.#recoveryTimer !== undefined && wait > 0) return;
    clearTimeout(this.#recoveryTimer);
    this.#recoveryTimer = setTimeout(() => this.#recover(), wait);
  }

  #recover(): void {
    this.#recoveryTimer = undefined;
    if (this.#closed || this.#lostAt === null) return;
    if (performance.now() - this.#lostAt > mostAway) {
      this.#pathIs("failed");
      return;
    }
    if (this.#options.signal.online) void this.resume(true).catch(this.#options.refused);
    this.#recoveryTimer = setTimeout(() => this.#recover(), betweenRestarts);
  }

  /** Switches simulcast layers on and off as they are watched. */
  #setLayers(mid: string, active: readonly string[]): void {
    const transceiver = this.#senderOf(mid);
    if (transceiver) this.#sentLayers(transceiver).want(active);
  }

  #sentLayers(transceiver: RTCRtpTransceiver): SentLayers {
    const layers = this.#layers.get(transceiver) ?? new SentLayers(transceiver.sender);
    this.#layers.set(transceiver, layers);
    return layers;
  }

  #preferCodecs(mid: string, usable: readonly string[]): void {
    const transceiver = this.#senderOf(mid);
    if (!transceiver || !this.#orderCodecs(transceiver, usable)) return;
    void this.#negotiate().catch(this.#options.refused);
  }

  #senderOf(mid: string): RTCRtpTransceiver | undefined {
    return [...this.#senders.values()].find((transceiver) => transceiver.mid === mid);
  }

  /** Puts the named codecs first. Returns whether the platform lets one choose. */
  #orderCodecs(transceiver: RTCRtpTransceiver, first: readonly string[]): boolean {
    const codecs = this.#options.webrtc.codecs?.("video") ?? [];
    if (codecs.length === 0 || typeof transceiver.setCodecPreferences !== "function") return false;
    const wanted = first.map((mime) => mime.toLowerCase());
    const rank = ({ mimeType }: RTCRtpCodec) => {
      const at = wanted.indexOf(mimeType.toLowerCase());
      return at < 0 ? wanted.length : at;
    };
    transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
    return true;
  }
}
