import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RestClient } from "../net/rest.ts";
import { Socket } from "../net/socket.ts";
import { TestPeer, type TestSender, webrtcOf } from "../testing/peer.ts";
import { ann, type TestSocket, TestWorld, tokens, type WireFrame } from "../testing/world.ts";
import { Leg } from "./leg.ts";
import { CallSignal } from "./signal.ts";

const ready = { userId: "ann", sessionId: "s", epoch: "e", serverTime: "", chats: [], online: [] };
const joined = { callId: "call", participantId: "p" };

/** Lets what was scheduled up to `ms` from now happen. */
const pass = (ms = 1) => vi.advanceTimersByTimeAsync(ms);

/** A connected device: how to make a leg of it, by a server that acknowledges and answers. */
async function online() {
  const world = new TestWorld();
  world.respond = () => ({ status: 200, body: ann });
  world.answer = answered;
  const rest = new RestClient(world.platform, "http://server");
  await rest.tokens.adopt({ ...tokens(1), user: ann });
  const socket = new Socket({
    ...{ platform: world.platform, url: rest.socketUrl, tokens: rest.tokens },
    checkSession: async () => {},
  });
  socket.start();
  await pass();
  world.socket.open();
  world.socket.say("ready", ready);
  const peer = new TestPeer();
  const leg = new Leg({
    ...{ webrtc: webrtcOf(peer), configuration: {}, signal: new CallSignal(socket, "c"), callId: null },
    media: { audio: true, video: true },
    joined: () => {},
    joinedLate: () => {},
    pathChanged: () => {},
    grown: () => {},
    refused: (error) => {
      throw error;
    },
  });
  return { world, peer, leg };
}

/** The server takes a frame. */
function answered(socket: TestSocket, frame: WireFrame): void {
  if (frame.event === "call:initiate") {
    const { offer } = frame.data as { offer: RTCSessionDescriptionInit };
    const answer = { type: "answer", sdp: `to ${offer.sdp}` };
    socket.say("call:answered", { ...joined, chatId: "c", calleeId: null, answer });
  }
  socket.ack(frame, joined);
}

/** A picture of that size. */
function camera(width: number, height: number): MediaStreamTrack {
  return { kind: "video", getSettings: () => ({ width, height }) } as MediaStreamTrack;
}

/** A leg that has been answered, and the sender of its camera. */
async function standing(track: MediaStreamTrack | null = null) {
  const { world, peer, leg } = await online();
  await leg.join(null, track);
  const sender = peer.transceivers[1]?.sender;
  if (!sender) throw new Error("no camera section");
  const wantLayers = (...active: string[]) =>
    world.socket.say("call:layers", { chatId: "c", mid: "1", active });
  return { leg, camera: sender, wantLayers };
}

describe("the offers of a leg", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Offers, is not answered in time, offers again, and then gets all answers one after the other. */
  async function answeredLate(meanwhile: (leg: Leg) => void) {
    const { world, peer, leg } = await online();
    const take = vi.spyOn(peer, "setRemoteDescription");
    const waiting: WireFrame[] = [];
    world.answer = (_, frame) => void waiting.push(frame);
    void leg.join(null, null);
    await pass(10_000);
    meanwhile(leg);
    for (let frame = waiting.shift(); frame; frame = waiting.shift()) {
      answered(world.socket, frame);
      await pass();
    }
    const offered = world.socket
      .of("call:initiate")
      .map(({ data }) => (data as { offer: { sdp: string } }).offer.sdp);
    return { offered, taken: take.mock.calls.map(([{ sdp }]) => sdp) };
  }

  test("go out again as they are when there was no answer, and no others after that", async () => {
    expect(await answeredLate(() => {})).toEqual({
      offered: ["peer 1", "peer 1"],
      taken: ["to peer 1"],
    });
  });

  test("are answered each by its own answer", async () => {
    expect(await answeredLate((leg) => leg.grow({ audio: 4, video: 9 }))).toEqual({
      offered: ["peer 1", "peer 1", "peer 2"],
      taken: ["to peer 1", "to peer 2"],
    });
  });
});

describe("the layers of a leg's camera", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("are all on until the server wants fewer", async () => {
    const { camera, wantLayers } = await standing();
    await pass();
    expect(camera.active).toEqual(["q", "h", "f"]);
    wantLayers("q");
    await pass();
    expect(camera.active).toEqual(["q"]);
  });

  test("come on although the sender could not change them when the server said so", async () => {
    const { camera, wantLayers } = await standing();
    wantLayers("q");
    await pass();
    camera.busy = true;
    wantLayers("q", "h", "f");
    await pass(1000);
    camera.busy = false;
    await pass(2000);
    expect(camera.active).toEqual(["q", "h", "f"]);
  });

  test.each<[string, (leg: Leg) => unknown]>([
    ["another camera", (leg) => leg.publish(["camera", null])],
    ["more slots", (leg) => leg.grow({ audio: 4, video: 9 })],
    ["an ICE restart", (leg) => leg.resume(true)],
  ])("stay as they were through %s", async (_name, change) => {
    const { leg, camera, wantLayers } = await standing();
    wantLayers("h");
    await pass();
    const reset = vi.spyOn(camera, "reset");
    await change(leg);
    await pass();
    expect(reset).toHaveBeenCalled();
    expect(camera.active).toEqual(["h"]);
  });

  const sizesOf = (sender: TestSender) =>
    sender.encodings.map(({ scaleResolutionDownBy, maxBitrate }) => [scaleResolutionDownBy, maxBitrate]);

  test.each<[string, MediaStreamTrack | null, MediaStreamTrack, number[][]]>([
    [
      "large, for none",
      null,
      camera(1280, 720),
      [
        [4, 150_000],
        [2, 500_000],
        [1, 1_700_000],
      ],
    ],
    [
      "small, for none",
      null,
      camera(640, 480),
      [
        [2, 500_000],
        [1, 1_700_000],
        [1, 1_700_000],
      ],
    ],
    [
      "tiny, for none",
      null,
      camera(320, 240),
      [
        [1, 1_700_000],
        [1, 1_700_000],
        [1, 1_700_000],
      ],
    ],
    [
      "large, for a small one",
      camera(640, 480),
      camera(1280, 720),
      [
        [2, 500_000],
        [1, 1_700_000],
      ],
    ],
  ])("are made for the camera that is opened later: %s", async (_name, first, later, sizes) => {
    const { leg, camera: sender } = await standing(first);
    await leg.publish(["camera", later]);
    await pass();
    expect(sizesOf(sender)).toEqual(sizes);
  });

  test("are large again with a large camera after a small one, and on as they were", async () => {
    const { leg, camera: sender, wantLayers } = await standing();
    const before = sizesOf(sender);
    wantLayers("q");
    await leg.publish(["camera", camera(640, 480)]);
    await pass();
    await leg.publish(["camera", camera(1280, 720)]);
    await pass();
    expect(sizesOf(sender)).toEqual(before);
    expect(sender.active).toEqual(["q"]);
  });

  test("are tried no longer when it is closed", async () => {
    const { leg, camera, wantLayers } = await standing();
    camera.busy = true;
    wantLayers("h");
    await pass(50);
    leg.close();
    await pass(10_000);
    expect(camera.writes).toBe(1);
  });
});
