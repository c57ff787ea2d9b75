import { Calls } from "../call/calls.ts";
import { RestClient } from "../net/rest.ts";
import { Socket } from "../net/socket.ts";
import { TestPeer, webrtcOf } from "./peer.ts";
import { nothing } from "./server.ts";
import { ann, type TestSocket, TestWorld, tokens, type WireFrame } from "./world.ts";

const over = { code: "not_in_call", message: "not any more" };

/** The calls of one chat, as a server keeps them, and the one device of ann that it talks to. */
export class CallServer {
  readonly world = new TestWorld();
  /** The device's peer connections. */
  readonly peers: TestPeer[] = [];
  /** The chat's call. */
  callId: string | null = null;
  /** The device's leg in it, by which peer connection and which socket. */
  leg: { id: string; peer: string; socket: TestSocket } | null = null;
  /** By event: how the next of them are refused, one each. */
  readonly refusals: Record<string, { code: string; message: string; retryAfter?: number }[]> = {};
  /** Such events are kept, to be dealt with when the test lets them go. */
  holding = nothing;
  readonly #held: (() => void)[] = [];
  #calls = 0;
  #legs = 0;

  constructor() {
    this.world.respond = ({ path }) => ({
      status: 200,
      body: path === "/ice-servers" ? { iceServers: [], ttl: 60 } : ann,
    });
    this.world.answer = (socket, frame) => {
      const deal = () => this.#deal(socket, frame);
      if (this.holding.test(frame.event)) this.#held.push(deal);
      else deal();
    };
  }

  /** The device, signed in; it asks for a connection as soon as the timers run. */
  async connect(): Promise<Calls> {
    const { world } = this;
    const createPeerConnection = () => {
      const peer = new TestPeer(`peer-${this.peers.length + 1}`);
      this.peers.push(peer);
      return peer as unknown as RTCPeerConnection;
    };
    const webrtc = { ...webrtcOf(new TestPeer()), createPeerConnection };
    const platform = { ...world.platform, webrtc };
    const rest = new RestClient(platform, "http://server");
    await rest.tokens.adopt({ ...tokens(1), user: ann });
    const socket = new Socket({
      ...{ platform, url: rest.socketUrl, tokens: rest.tokens },
      checkSession: async () => {},
    });
    const calls = new Calls({ platform, socket, rest });
    socket.start();
    return calls;
  }

  /** Takes the connection that the device asks for. */
  ready(): void {
    this.world.socket.open();
    const chats = [{ id: "c", lastSeq: 0, lastRev: 0, readSeq: 0, activeCall: { id: this.callId } }];
    const ready = { userId: "ann", sessionId: "s", epoch: "e", serverTime: "", chats, online: [] };
    this.world.socket.say("ready", ready);
  }

  say(event: string, data: object): void {
    this.world.socket.say(event, { chatId: "c", ...data });
  }

  /** Bob calls. */
  ring(): void {
    this.callId = `call-${++this.#calls}`;
    this.say("call:offer", { callId: this.callId, callerId: "bob", media: null, offer: null, expiresAt: "" });
  }

  /** The present call ends, as all who are concerned are told. */
  end(reason: string): void {
    this.say("call:end", { callId: this.callId, reason, duration: 0 });
    this.callId = this.leg = null;
  }

  letGo(): void {
    this.#held.shift()?.();
  }

  /** The data of all such events that the device has sent. */
  heard(event: string): Record<string, unknown>[] {
    return this.world.sockets.flatMap((socket) =>
      socket.of(event).map(({ data }) => data as Record<string, unknown>),
    );
  }

  #deal(socket: TestSocket, frame: WireFrame): void {
    const refusal = this.refusals[frame.event]?.shift();
    const answer = refusal ?? this.#answer(socket, frame);
    if ("code" in answer) socket.ack(frame, undefined, answer);
    else socket.ack(frame, answer);
  }

  /** The ack, or a refusal. */
  #answer(socket: TestSocket, frame: WireFrame): object {
    if (frame.event === "call:initiate") return this.#initiate(socket, frame);
    if (frame.event === "call:resume") return this.#resume(socket, frame);
    if (frame.event === "call:end") this.callId = this.leg = null;
    return {};
  }

  #initiate(socket: TestSocket, frame: WireFrame): object {
    const { callId, offer } = frame.data as { callId?: string; offer: { sdp: string } };
    if (callId !== undefined && callId !== this.callId) return over;
    const peer = offer.sdp.split(" ")[0] ?? "";
    if (this.leg && this.leg.peer !== peer && this.leg.socket !== socket) {
      return { code: "second_device", message: "on another device" };
    }
    this.callId ??= `call-${++this.#calls}`;
    if (this.leg?.peer === peer) this.leg = { ...this.leg, socket };
    else this.leg = { id: `leg-${++this.#legs}`, peer, socket };
    const joined = { callId: this.callId, participantId: this.leg.id };
    const answer = { type: "answer", sdp: `to ${offer.sdp}` };
    socket.say("call:answered", { ...joined, chatId: "c", calleeId: null, answer });
    return joined;
  }

  #resume(socket: TestSocket, frame: WireFrame): object {
    const { participantId } = frame.data as { participantId: string };
    if (!this.callId || this.leg?.id !== participantId) return over;
    this.leg = { ...this.leg, socket };
    return { callId: this.callId, participantId };
  }
}
