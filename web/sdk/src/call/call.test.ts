import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CallServer } from "../testing/callserver.ts";
import { nothing } from "../testing/server.ts";
import type { Calls } from "./calls.ts";

/** Lets what was scheduled up to `ms` from now happen. */
const pass = (ms = 1) => vi.advanceTimersByTimeAsync(ms);

const busy = { code: "rate_limited", message: "too often", retryAfter: 2 };

async function connected(): Promise<{ server: CallServer; calls: Calls }> {
  const server = new CallServer();
  const calls = await server.connect();
  await pass();
  server.ready();
  return { server, calls };
}

/** In a call whose media flows. */
async function inCall() {
  const { server, calls } = await connected();
  await calls.join("c");
  server.peers[0]?.become("connected");
  return { server, calls };
}

async function reconnect(server: CallServer): Promise<void> {
  server.world.socket.end(1006);
  await pass(1000);
  server.ready();
  await pass();
}

const currentOf = (calls: Calls) => calls.state.get().current;
const callsNamed = (server: CallServer) => server.heard("call:initiate").map(({ callId }) => callId);

/** The server has closed this device's leg, as after too long without a socket. */
function forget(server: CallServer): void {
  server.leg = null;
}

describe("the call that is meant", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is named in all offers but the first", async () => {
    const { server } = await inCall();
    server.say("call:slots", { slots: [], wanted: { audio: 4, video: 9 } });
    await pass();
    forget(server);
    await reconnect(server);
    expect(callsNamed(server)).toEqual([undefined, "call-1", "call-1"]);
  });

  test("is the one that rings", async () => {
    const { server, calls } = await connected();
    server.ring();
    await calls.join("c");
    expect(callsNamed(server)).toEqual(["call-1"]);
    expect(currentOf(calls)).toMatchObject({ callId: "call-1", participantId: "leg-1" });
  });

  test("is over quietly when the caller has hung up meanwhile", async () => {
    const { server, calls } = await connected();
    server.ring();
    server.callId = null;
    await calls.join("c");
    expect(currentOf(calls)).toMatchObject({ phase: "ended", endReason: "ended", error: null });
    expect(server.callId).toBeNull();
  });

  test("is over when its end comes before the answer", async () => {
    const { server, calls } = await connected();
    server.ring();
    server.holding = /call:initiate/;
    void calls.join("c");
    await pass();
    server.end("missed");
    expect(currentOf(calls)).toMatchObject({ phase: "ended", endReason: "ended" });
    server.letGo();
    await pass();
    expect(server.heard("call:end")).toEqual([]);
  });

  test("is not the one that was left just before", async () => {
    const { server, calls } = await inCall();
    await calls.leave();
    server.holding = /call:initiate/;
    const redial = calls.join("c");
    await pass();
    server.say("call:end", { callId: "call-1", reason: "missed", duration: 0 });
    server.letGo();
    await redial;
    server.say("call:end", { callId: "call-1", reason: "missed", duration: 0 });
    expect(currentOf(calls)).toMatchObject({ callId: "call-2", endReason: null });
    server.end("declined");
    expect(currentOf(calls)).toMatchObject({ callId: "call-2", endReason: "declined" });
  });

  test("is not shown with the people of the one before", async () => {
    const { server, calls } = await inCall();
    const bob = { id: "leg-b", userId: "bob", displayName: "Bob", joinedAt: "", hand: false };
    const participants = [{ ...bob, connection: "good", tracks: [] }];
    server.say("call:state", { callId: "call-0", startedAt: "", participants });
    server.say("call:participant", { callId: "call-0", participant: participants[0] });
    expect(currentOf(calls)).toMatchObject({ callId: "call-1", startedAt: null, participants: [] });
  });

  test("goes on for who has left it and come again", async () => {
    const { server, calls } = await inCall();
    server.holding = /call:end/;
    void calls.leave();
    await calls.join("c");
    server.say("call:end", { callId: "call-1", reason: "left", duration: 0 });
    expect(currentOf(calls)).toMatchObject({ callId: "call-1", endReason: null });
  });

  test("is over when its end comes between the answer and the ack", async () => {
    const { server, calls } = await connected();
    const answer = server.world.answer;
    server.world.answer = (socket, frame) => {
      if (frame.event === "call:initiate")
        server.say("call:end", { callId: "call-1", reason: "removed", duration: 0 });
      answer(socket, frame);
    };
    await calls.join("c");
    expect(currentOf(calls)).toMatchObject({ phase: "ended", endReason: "removed" });
  });
});

describe("a leg that is made after the end", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is ended", async () => {
    const { server, calls } = await inCall();
    forget(server);
    server.holding = /call:initiate/;
    await reconnect(server);
    server.say("call:end", { callId: "call-1", reason: "lost", duration: 0 });
    expect(currentOf(calls)).toMatchObject({ phase: "ended", endReason: "connection-lost" });
    expect(server.heard("call:end")).toEqual([]);
    server.letGo();
    await pass();
    expect(server.heard("call:end")).toHaveLength(1);
    expect(server.leg).toBeNull();
  });

  test("is ended once: a call of afterwards is left alone", async () => {
    const { server, calls } = await connected();
    server.holding = /call:(initiate|end)/;
    void calls.join("c");
    await pass();
    void calls.leave();
    const again = calls.join("c");
    await pass();
    for (let i = 0; i < 3; i++) server.letGo();
    await again;
    expect(server.heard("call:end")).toHaveLength(1);
    expect(currentOf(calls)).toMatchObject({ callId: "call-2", endReason: null });
  });

  test("is not even asked for when hanging up was faster", async () => {
    const { server, calls } = await connected();
    const joining = calls.join("c");
    while (server.peers[0]?.signalingState !== "have-local-offer") await Promise.resolve();
    await calls.leave();
    await joining;
    expect(server.heard("call:initiate")).toEqual([]);
  });
});

describe("coming back to a call", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("takes the leg up with the new socket", async () => {
    const { server, calls } = await inCall();
    await reconnect(server);
    expect(server.leg).toMatchObject({ id: "leg-1", socket: server.world.socket });
    expect(currentOf(calls)).toMatchObject({ participantId: "leg-1", phase: "ringing" });
  });

  test.each(["call:resume", "call:initiate"])(
    "is tried again when %s could not be taken just now",
    async (event) => {
      const { server, calls } = await inCall();
      if (event === "call:initiate") forget(server);
      server.refusals[event] = [busy, { code: "internal", message: "the server failed" }];
      await reconnect(server);
      await pass(10_000);
      expect(server.leg?.socket).toBe(server.world.socket);
      expect(currentOf(calls)).toMatchObject({ participantId: server.leg?.id, endReason: null });
    },
  );

  test("is tried again when there was no answer in time", async () => {
    const { server } = await inCall();
    server.holding = /call:resume/;
    await reconnect(server);
    server.holding = nothing;
    await pass(15_000);
    expect(server.leg?.socket).toBe(server.world.socket);
  });

  test("is tried when a later offer could not be taken just now", async () => {
    const { server, calls } = await inCall();
    server.refusals["call:initiate"] = [{ code: "internal", message: "the server failed" }];
    server.say("call:slots", { slots: [], wanted: { audio: 4, video: 9 } });
    await pass();
    expect(server.heard("call:initiate").map(({ offer }) => offer)).toMatchObject([
      { sdp: "peer-1 1" },
      { sdp: "peer-1 2" },
      { sdp: "peer-1 2" },
    ]);
    expect(currentOf(calls)?.endReason).toBeNull();
  });

  test("begins again with a socket that came while a new leg was made", async () => {
    const { server, calls } = await inCall();
    const { respond } = server.world;
    let letGo = () => {};
    server.world.respond = (request) =>
      new Promise((resolve) => {
        letGo = () => resolve(respond(request));
      });
    server.peers[0]?.become("failed");
    await pass(40_000);
    await reconnect(server);
    letGo();
    await pass(10_000);
    expect(server.leg).toMatchObject({ id: "leg-2", peer: "peer-2", socket: server.world.socket });
    expect(currentOf(calls)).toMatchObject({ participantId: "leg-2", endReason: null });
  });

  test("begins again with a socket that came while the last one was used", async () => {
    const { server, calls } = await inCall();
    server.holding = /call:resume/;
    await reconnect(server);
    server.holding = nothing;
    await reconnect(server);
    await pass(10_000);
    expect(server.leg?.socket).toBe(server.world.socket);
    expect(currentOf(calls)?.endReason).toBeNull();
  });

  test("makes a new leg although the network fails once more meanwhile", async () => {
    const { server, calls } = await inCall();
    let refuse = (_: Error) => {};
    const respond = server.world.respond;
    server.world.respond = () =>
      new Promise((_, reject) => {
        refuse = reject;
      });
    forget(server);
    await reconnect(server);
    await reconnect(server);
    refuse(new Error("no network"));
    server.world.respond = respond;
    await pass(10_000);
    expect(server.leg).toMatchObject({ peer: "peer-2", socket: server.world.socket });
    expect(currentOf(calls)).toMatchObject({ participantId: "leg-2", endReason: null });
  });

  test("ends quietly when the call is over", async () => {
    const { server, calls } = await inCall();
    server.callId = server.leg = null;
    await reconnect(server);
    expect(currentOf(calls)).toMatchObject({ phase: "ended", endReason: "ended", error: null });
    expect(server.callId).toBeNull();
  });

  test("makes a new leg when a later offer finds the old one gone", async () => {
    const { server, calls } = await inCall();
    forget(server);
    server.refusals["call:initiate"] = [{ code: "not_in_call", message: "not any more" }];
    server.say("call:slots", { slots: [], wanted: { audio: 4, video: 9 } });
    await pass();
    expect(currentOf(calls)).toMatchObject({ participantId: "leg-2", endReason: null });
  });

  test("replaces a leg that found no way, though the server still has it with the old socket", async () => {
    const { server, calls } = await inCall();
    server.world.socket.end(1006);
    server.peers[0]?.become("failed");
    await pass(40_000);
    server.ready();
    await pass();
    expect(server.leg).toMatchObject({ id: "leg-2", peer: "peer-2", socket: server.world.socket });
    expect(currentOf(calls)).toMatchObject({ participantId: "leg-2", endReason: null });
  });
});
