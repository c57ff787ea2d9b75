import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RestClient } from "../net/rest.ts";
import { Socket } from "../net/socket.ts";
import { TestPeer, webrtcOf } from "../testing/peer.ts";
import { ann, TestWorld, tokens } from "../testing/world.ts";
import { Leg } from "./leg.ts";
import { CallSignal } from "./signal.ts";

const ready = { userId: "ann", sessionId: "s", epoch: "e", serverTime: "", chats: [], online: [] };
const joined = { callId: "call", participantId: "p" };

/** Lets what was scheduled up to `ms` from now happen. */
const pass = (ms = 1) => vi.advanceTimersByTimeAsync(ms);

/** A leg that has been answered, and the sender of its camera. */
async function standing() {
  const world = new TestWorld();
  world.respond = () => ({ status: 200, body: ann });
  world.answer = (socket, frame) => {
    socket.ack(frame, joined);
    if (frame.event !== "call:initiate") return;
    const answer = { type: "answer", sdp: "" };
    socket.say("call:answered", { ...joined, chatId: "c", calleeId: null, answer });
  };
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
    ...{ webrtc: webrtcOf(peer), configuration: {}, signal: new CallSignal(socket, "c") },
    media: { audio: true, video: true },
    joined: () => {},
    pathChanged: () => {},
    grown: () => {},
    refused: (error) => {
      throw error;
    },
  });
  await leg.join(null, null);
  const camera = peer.transceivers[1]?.sender;
  if (!camera) throw new Error("no camera section");
  const wantLayers = (...active: string[]) =>
    world.socket.say("call:layers", { chatId: "c", mid: "1", active });
  return { leg, camera, wantLayers };
}

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
