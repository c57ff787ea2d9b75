import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfabError, NetworkError, SignedOutError } from "../errors.ts";
import { ann, TestWorld, tokens } from "../testing/world.ts";
import { RestClient } from "./rest.ts";
import { defaultTiming, Socket } from "./socket.ts";

const ready = { userId: "ann", sessionId: "s", epoch: "e", serverTime: "", chats: [], online: [] };

async function connected(expiresIn = 900) {
  const world = new TestWorld();
  let current = 1;
  world.respond = ({ path }) => {
    if (path === "/auth/login") return { status: 200, body: { ...tokens(1, expiresIn), user: ann } };
    if (path === "/auth/refresh") return { status: 200, body: tokens(++current, expiresIn) };
    return { status: 200, body: ann };
  };
  const rest = new RestClient(world.platform, "http://server");
  await rest.tokens.adopt(await rest.login({ login: "ann", password: "secret" }));
  const socket = new Socket({
    ...{ platform: world.platform, url: rest.socketUrl, tokens: rest.tokens },
    checkSession: async () => void (await rest.me()),
  });
  socket.start();
  await vi.advanceTimersByTimeAsync(0);
  world.socket.open();
  world.socket.say("ready", ready);
  return { world, rest, socket };
}

/** Lets what was scheduled up to `ms` from now happen. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the socket", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("authenticates by subprotocol and is online with the ready frame", async () => {
    const { world, socket } = await connected();
    expect(world.socket.protocols).toEqual(["confab.v1", "bearer.access-1"]);
    expect(socket.state.get()).toEqual({ status: "online", attempt: 0, retryAt: null });
  });

  test("matches acks to requests, refusals included", async () => {
    const { world, socket } = await connected();
    const first = socket.request("message:read", { messageId: "1" });
    const second = socket.request("message:read", { messageId: "2" });
    const refused = expect(second).rejects.toMatchObject({ code: "rate_limited", retryAfter: 1500 });
    const [a, b] = world.socket.received;
    if (!a || !b) throw new Error("nothing was sent");
    world.socket.ack(b, undefined, { code: "rate_limited", message: "slower", retryAfter: 1.5 });
    world.socket.ack(a, { fine: true });
    await expect(first).resolves.toEqual({ fine: true });
    await refused;
    await expect(second).rejects.toBeInstanceOf(ConfabError);
  });

  test("gives a request up when no ack comes, and when the connection goes", async () => {
    const { world, socket } = await connected();
    const late = expect(socket.request("message:read", { messageId: "1" })).rejects.toMatchObject({
      code: "timeout",
    });
    await pass(defaultTiming.ack);
    await late;
    const lost = expect(socket.request("message:read", { messageId: "2" })).rejects.toMatchObject({
      code: "disconnected",
    });
    world.socket.end(1006);
    await lost;
    await expect(socket.request("message:read", { messageId: "3" })).rejects.toThrow(NetworkError);
  });

  test("comes back after a loss, and goes on delivering events", async () => {
    const { world, socket } = await connected();
    const heard: string[] = [];
    socket.on("user:online", ({ userId }) => heard.push(userId));
    world.socket.end(1012);
    expect(socket.state.get().status).toBe("reconnecting");
    await pass(1000);
    expect(world.sockets).toHaveLength(2);
    world.socket.open();
    world.socket.say("ready", ready);
    world.socket.say("user:online", { userId: "bob" });
    expect(socket.state.get().status).toBe("online");
    expect(heard).toEqual(["bob"]);
  });

  test("waits longer after each failure and says offline after some", async () => {
    const { world, socket } = await connected();
    world.socket.end(1006);
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { retryAt } = socket.state.get();
      waits.push((retryAt ?? 0) - Date.now());
      await pass((retryAt ?? 0) - Date.now());
      world.socket.end(1006);
      await pass(0);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000]);
    expect(socket.state.get().status).toBe("offline");
  });

  test("tries at once when the network is back or the app is looked at", async () => {
    const { world, socket } = await connected();
    world.reach("offline");
    expect(socket.state.get().status).toBe("offline");
    world.reach("online");
    await pass(0);
    expect(world.sockets).toHaveLength(2);
  });

  test("renews a token that the server closed for", async () => {
    const { world } = await connected();
    world.socket.end(4401);
    await pass(1000);
    expect(world.socket.token).toBe("access-2");
  });

  test("stays closed when the session is over", async () => {
    const { world, rest, socket } = await connected();
    world.respond = () => ({ status: 401, body: { code: "unauthorized" } });
    world.socket.end(4401);
    await pass(60_000);
    expect(world.sockets).toHaveLength(1);
    expect(rest.tokens.session.get().status).toBe("signed-out");
    await expect(rest.tokens.access()).rejects.toThrow(SignedOutError);
    socket.stop();
    expect(socket.state.get().status).toBe("idle");
  });

  test("asks whether the session stands when a handshake fails", async () => {
    const { world, rest } = await connected();
    world.socket.end(1006);
    world.respond = () => ({ status: 401, body: { code: "unauthorized" } });
    await pass(1000);
    world.socket.end(1006);
    await pass(0);
    expect(rest.tokens.session.get().status).toBe("signed-out");
  });

  test("reconnects at once when it was too slow", async () => {
    const { world } = await connected();
    world.socket.end(4408);
    await pass(0);
    expect(world.sockets).toHaveLength(2);
  });

  test("hands over a fresh token before the old one runs out", async () => {
    const { world } = await connected(900);
    world.answer = (socket, frame) => socket.ack(frame, {});
    await pass(840_000);
    expect(world.sockets).toHaveLength(1);
    expect(world.socket.of("auth")).toMatchObject([{ data: { token: "access-2" } }]);
  });

  test("asks a quiet connection for a sign of life, and drops a dead one", async () => {
    const { world, socket } = await connected();
    await pass(defaultTiming.quiet);
    const [ping] = world.socket.of("ping");
    if (!ping) throw new Error("no ping");
    world.socket.ack(ping, undefined, { code: "unknown_event", message: "" });
    await pass(defaultTiming.probe);
    expect(socket.state.get().status).toBe("online");
    await pass(defaultTiming.quiet + defaultTiming.probe);
    expect(socket.state.get().status).toBe("reconnecting");
  });

  test("survives frames that make no sense", async () => {
    const { world, socket } = await connected();
    for (const data of [
      "",
      "{",
      "7",
      "null",
      '{"event":3}',
      '{"event":"ack"}',
      '{"event":"ack","id":99}',
      new ArrayBuffer(2),
    ]) {
      world.socket.onmessage?.({ data });
    }
    expect(socket.state.get().status).toBe("online");
  });

  test("gives up on a server that accepts and says nothing", async () => {
    const { world } = await connected();
    world.socket.end(1006);
    await pass(250);
    world.socket.open();
    await pass(defaultTiming.open + 1000);
    expect(world.sockets).toHaveLength(3);
  });
});
