import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfabClient } from "./client.ts";
import type { Timeline } from "./state.ts";
import { deliveryMark } from "./sync/chats.ts";
import { nothing, Server } from "./testing/server.ts";
import { chat, member, message } from "./testing/shapes.ts";

/** Lets what was scheduled up to `ms` from now happen. */
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

async function signedIn(server: Server): Promise<ConfabClient> {
  const client = new ConfabClient({ baseUrl: "http://server", platform: server.world.platform });
  await client.login({ login: "ann", password: "secret" });
  await pass();
  server.ready();
  await pass();
  await client.messaging.open("c");
  return client;
}

const timelineOf = (client: ConfabClient) => {
  const timeline = client.state.get().timelines.c;
  if (!timeline) throw new Error("the chat was not opened");
  return timeline;
};
const textsOf = (client: ConfabClient) => timelineOf(client).messages.map((m) => m.content);

async function reconnect(server: Server): Promise<void> {
  server.world.socket.end(1006);
  await pass(1000);
  server.ready();
  await pass();
}

describe("a client", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("shows a message at once and the server's in its place later", async () => {
    const server = new Server();
    const client = await signedIn(server);
    server.acking = false;
    void client.messaging.send({ chatId: "c", content: "hi" });
    expect(timelineOf(client).pending).toMatchObject([{ content: "hi", status: "queued" }]);
    await pass();
    expect(timelineOf(client).pending).toMatchObject([{ status: "sending" }]);
    const [frame] = server.world.socket.of("message:send");
    if (!frame) throw new Error("nothing was sent");
    server.world.socket.say("message:received", { message: server.take(frame) });
    server.world.socket.ack(frame, { message: server.take(frame) });
    await pass();
    expect(timelineOf(client).pending).toEqual([]);
    expect(textsOf(client)).toEqual(["hi"]);
  });

  test("sends again what was not acknowledged, under the same key", async () => {
    const server = new Server();
    const client = await signedIn(server);
    server.acking = false;
    await client.messaging.send({ chatId: "c", content: "one" });
    await client.messaging.send({ chatId: "c", content: "two" });
    await pass();
    server.acking = true;
    await reconnect(server);
    expect(server.messages.map((m) => m.content)).toEqual(["one", "two"]);
    expect(textsOf(client)).toEqual(["one", "two"]);
    expect(timelineOf(client).pending).toEqual([]);
  });

  test("loses nothing by a reload", async () => {
    const server = new Server();
    const before = await signedIn(server);
    server.world.socket.end(1006);
    await before.messaging.send({ chatId: "c", content: "one" });
    await before.messaging.send({ chatId: "c", content: "two" });
    before.close();
    const after = new ConfabClient({ baseUrl: "http://server", platform: server.world.platform });
    await after.restore();
    await pass();
    server.ready();
    await pass();
    await after.messaging.open("c");
    expect(server.messages.map((m) => m.content)).toEqual(["one", "two"]);
    expect(await server.world.storage.keys("confab.outbox.")).toEqual([]);
    expect(timelineOf(after).pending).toEqual([]);
  });

  test("forwards several in their order, each once, over a lost connection and a reload", async () => {
    const server = new Server();
    const before = await signedIn(server);
    server.acking = false;
    await before.messaging.forward([message(3), message(4), message(5)], ["c"]);
    await pass();
    expect(server.messages.map((m) => m.content)).toEqual(["copy of m3"]); // and its ack is lost
    before.close();
    server.acking = true;
    const { keys } = server.world.storage;
    server.world.storage.keys = async (prefix) => (await keys(prefix)).reverse(); // no storage promises an order
    const after = new ConfabClient({ baseUrl: "http://server", platform: server.world.platform });
    await after.restore();
    await pass();
    server.ready();
    await pass();
    await after.messaging.open("c");
    expect(textsOf(after)).toEqual(["copy of m3", "copy of m4", "copy of m5"]);
    expect(timelineOf(after).pending).toEqual([]);
  });

  test("asks the user about a message that is refused, and goes on with the next", async () => {
    const server = new Server();
    const client = await signedIn(server);
    server.refusal = { code: "too_long", message: "too long" };
    const bad = await client.messaging.send({ chatId: "c", content: "bad" });
    await pass();
    server.refusal = null;
    await client.messaging.send({ chatId: "c", content: "good" });
    await pass();
    expect(textsOf(client)).toEqual(["good"]);
    expect(timelineOf(client).pending).toMatchObject([{ status: "failed", error: { code: "too_long" } }]);
    client.messaging.retry(bad);
    await pass();
    expect(textsOf(client)).toEqual(["good", "bad"]);
  });

  test("waits as long as the server asks when it sends too fast", async () => {
    const server = new Server();
    const client = await signedIn(server);
    server.refusal = { code: "rate_limited", message: "slower", retryAfter: 3 };
    await client.messaging.send({ chatId: "c", content: "hi" });
    await pass(2900);
    server.refusal = null;
    expect(server.messages).toEqual([]);
    await pass(200);
    expect(server.messages.map((m) => m.content)).toEqual(["hi"]);
  });

  test("forgets a message that is discarded", async () => {
    const server = new Server();
    const client = await signedIn(server);
    server.world.socket.end(1006);
    client.messaging.discard(await client.messaging.send({ chatId: "c", content: "hi" }));
    await pass(1000);
    server.ready();
    await pass();
    expect(server.messages).toEqual([]);
    expect(await server.world.storage.keys("confab.outbox.")).toEqual([]);
  });

  test("catches up with whatever moved while it was away", async () => {
    const server = new Server();
    for (let i = 0; i < 5; i++) server.add();
    const client = await signedIn(server);
    server.world.socket.end(1006);
    for (let i = 0; i < 120; i++) server.add();
    server.edit(2, "edited");
    await pass(1000);
    server.ready();
    await pass();
    expect(timelineOf(client).messages).toEqual(server.messages);
    expect(client.state.get().chats[0]?.lastSeq).toBe(125);
  });

  test("keeps what happened while it was reading the list of chats", async () => {
    const server = new Server();
    server.add();
    const client = await signedIn(server);
    const { respond } = server.world;
    server.world.respond = (request) => {
      const answer = respond(request);
      if (request.path.startsWith("/chats")) {
        server.world.respond = respond;
        const status = { messageId: "m2", chatId: "c", userId: "bob", status: "read", seq: 2, at: "" };
        queueMicrotask(() => {
          server.world.socket.say("message:received", { message: server.add() });
          server.world.socket.say("message:delivery_status", status);
        });
      }
      return answer;
    };
    await reconnect(server);
    const [shown] = client.state.get().chats;
    expect(shown).toMatchObject({ lastSeq: 2, unreadCount: 2, lastMessage: { id: "m2" } });
    expect(shown?.members[1]).toMatchObject({ readSeq: 2, deliveredSeq: 2 });
  });

  test("loads a timeline anew after a very long absence", async () => {
    const server = new Server();
    server.add();
    const client = await signedIn(server);
    server.world.socket.end(1006);
    for (let i = 0; i < 1000; i++) server.add();
    await pass(1000);
    server.ready();
    await pass();
    expect(timelineOf(client).messages).toEqual(server.messages.slice(-50));
    await client.messaging.loadOlder("c");
    expect(timelineOf(client).messages).toEqual(server.messages.slice(-100));
  });

  test("pulls when an event shows that one before it was lost", async () => {
    const server = new Server();
    const client = await signedIn(server);
    server.add();
    server.world.socket.say("message:received", { message: server.add() });
    await pass();
    expect(timelineOf(client).messages).toEqual(server.messages);
  });

  test.each<[Timeline["loading"], RegExp, (client: ConfabClient) => Promise<void>]>([
    ["older", /before=/, (client) => client.messaging.loadOlder("c")],
    ["newer", /after=/, (client) => client.messaging.loadNewer("c")],
    ["elsewhere", /before=/, (client) => client.messaging.goTo("c", message(40))],
  ])("loads %s again when the connection went while it did", async (loading, asked, load) => {
    const server = new Server();
    for (let i = 0; i < 200; i++) server.add();
    server.read(200);
    const client = await signedIn(server);
    if (loading === "newer") await client.messaging.goTo("c", message(100));
    const before = timelineOf(client).messages;
    server.holding = asked;
    const overtaken = load(client);
    await reconnect(server);
    expect(timelineOf(client).loading).toBe(loading);
    server.letGo();
    await overtaken;
    expect(timelineOf(client)).toMatchObject({ loading: "none", error: null, messages: before });
    server.holding = nothing;
    await load(client);
    expect(timelineOf(client).messages).not.toEqual(before);
  });

  test("says what it began to load last, until that has ended", async () => {
    const server = new Server();
    for (let i = 0; i < 200; i++) server.add();
    server.read(200);
    const client = await signedIn(server);
    server.holding = /before=/;
    void client.messaging.loadOlder("c");
    void client.messaging.goTo("c", message(40));
    await pass();
    server.letGo();
    await pass();
    expect(timelineOf(client).loading).toBe("elsewhere");
    server.letGo();
    await pass();
    expect(timelineOf(client).loading).toBe("none");
  });

  test("shows nothing of a chat that went while more of it was loading", async () => {
    const server = new Server();
    for (let i = 0; i < 200; i++) server.add();
    server.read(200);
    const client = await signedIn(server);
    server.holding = /before=/;
    void client.messaging.loadOlder("c");
    await pass();
    server.world.socket.say("chat:removed", { chatId: "c" });
    server.letGo();
    await pass();
    expect(client.state.get().timelines).toEqual({});
  });

  test.each<[string, RegExp, (server: Server, client: ConfabClient) => void]>([
    [
      "its messages",
      /^\/messages/,
      ({ world }, client) => {
        world.socket.say("chat:created", { chat: chat() });
        client.messaging.open("c").catch(() => {});
      },
    ],
    [
      "what it is",
      /^\/chats\/c$/,
      (server) => server.world.socket.say("message:received", { message: server.add() }),
    ],
  ])("does not bring back a chat that went while it was told %s", async (_name, asked, ask) => {
    const server = new Server();
    const client = await signedIn(server);
    server.world.socket.say("chat:removed", { chatId: "c" });
    server.holding = asked;
    ask(server, client);
    await pass();
    expect(server.held).toBe(1);
    server.world.socket.say("chat:removed", { chatId: "c" });
    server.letGo();
    await pass();
    const { chats, timelines } = client.state.get();
    expect({ chats, timelines }).toEqual({ chats: [], timelines: {} });
  });

  test.each([
    ["user:offline", false],
    ["user:online", true],
  ])("believes the last of what it heard of somebody while the chats came: %s", async (last, online) => {
    const server = new Server();
    const client = await signedIn(server);
    server.holding = /^\/chats\?/;
    await reconnect(server);
    const { socket } = server.world;
    if (online) socket.say("user:offline", { userId: "bob", lastSeenAt: "" });
    socket.say(last, { userId: "bob", lastSeenAt: "2026-01-02T00:00:00.000Z" });
    expect(server.held).toBe(1);
    server.letGo();
    await pass();
    expect(client.state.get().online.has("bob")).toBe(online);
  });

  test("waits for nothing that it asked for over a former connection", async () => {
    const server = new Server();
    for (let i = 0; i < 200; i++) server.add();
    server.read(200);
    const client = await signedIn(server);
    server.holding = /before=|sinceRev=/;
    void client.messaging.loadOlder("c");
    server.add();
    server.world.socket.say("message:received", { message: server.add() });
    await pass();
    expect(server.held).toBe(2);
    server.holding = nothing;
    await reconnect(server);
    expect(timelineOf(client).messages).toEqual(server.messages.slice(150));
    await client.messaging.loadOlder("c");
    expect(timelineOf(client).messages).toEqual(server.messages.slice(100));
    server.letGo();
    server.letGo();
    await pass();
    expect(timelineOf(client).messages).toEqual(server.messages.slice(100));
  });

  test("has what it missed when changes that it asked for before come after the next ready", async () => {
    const server = new Server();
    const client = await signedIn(server);
    client.messaging.release("c");
    server.holding = /sinceRev=/;
    server.add();
    server.world.socket.say("message:received", { message: server.add() });
    await pass();
    server.world.socket.end(1006);
    server.add();
    await pass(1000);
    server.ready();
    server.holding = nothing;
    await pass();
    server.letGo();
    await pass();
    expect(timelineOf(client).messages).toEqual(server.messages);
  });

  test("forgets everything when the database is another", async () => {
    const server = new Server();
    for (let i = 0; i < 5; i++) server.add({ content: "old" });
    const client = await signedIn(server);
    Object.assign(server, { epoch: "second", messages: [], rev: 0 });
    server.add({ content: "restored" });
    await reconnect(server);
    expect(textsOf(client)).toEqual(["restored"]);
  });

  test("tells that messages arrived, and once for many", async () => {
    const server = new Server();
    await signedIn(server);
    for (let i = 0; i < 3; i++) server.world.socket.say("message:received", { message: server.add() });
    await pass(300);
    expect(server.world.socket.of("message:delivered").map((f) => f.data)).toEqual([{ messageId: "m3" }]);
  });

  test("tells that messages were read, again if the connection went, and shows it at once", async () => {
    const server = new Server();
    for (let i = 0; i < 3; i++) server.add();
    const client = await signedIn(server);
    expect(client.state.get().chats[0]?.unreadCount).toBe(3);
    client.messaging.markRead("c", "m2");
    client.messaging.markRead("c");
    expect(client.state.get().chats[0]?.unreadCount).toBe(0);
    await reconnect(server);
    await pass(300);
    expect(server.world.socket.of("message:read").map((f) => f.data)).toEqual([{ messageId: "m3" }]);
    expect(client.state.get().chats[0]?.unreadCount).toBe(0);
  });

  test.each([
    ["it was too fast", { code: "rate_limited", message: "slower", retryAfter: 3 }, 3000],
    ["the server failed", { code: "internal", message: "failed" }, 5000],
  ])("tells that messages were read, again if %s", async (_name, refusal, wait) => {
    const server = new Server();
    server.add();
    const client = await signedIn(server);
    await pass(300); // it was delivered
    const { answer } = server.world;
    server.world.answer = (socket, frame) => socket.ack(frame, undefined, refusal);
    client.messaging.markRead("c");
    await pass(300);
    server.world.answer = answer;
    await pass(wait - 100);
    expect(server.world.socket.of("message:read")).toHaveLength(1);
    await pass(100 + wait);
    expect(server.world.socket.of("message:read")).toHaveLength(2);
  });

  test("gives up telling that messages were read where that is refused", async () => {
    const server = new Server();
    server.add();
    const client = await signedIn(server);
    server.world.answer = (socket, frame) => socket.ack(frame, undefined, { code: "not_found", message: "" });
    client.messaging.markRead("c");
    await pass(60_000);
    expect(server.world.socket.of("message:read")).toHaveLength(1);
  });

  test("counts what is unread as the server does when another device reads what is not loaded here", async () => {
    const server = new Server();
    for (let n = 1; n <= 200; n++) server.add(n % 10 === 0 ? { mentions: ["ann"] } : {});
    const client = await signedIn(server);
    client.messaging.release("c");
    const asked = () => server.world.requests.filter(({ path }) => path === "/chats/c").length;
    server.readElsewhere(60);
    await pass();
    expect(client.state.get().chats[0]).toMatchObject({ unreadCount: 140, unreadMentions: 14 });
    server.readElsewhere(200);
    await pass();
    expect(client.state.get().chats[0]).toMatchObject({ unreadCount: 0, unreadMentions: 0 });
    expect(asked()).toBe(1);
  });

  test("counts what is unread as the server does when one reads on past what is not loaded", async () => {
    const server = new Server();
    for (let n = 1; n <= 200; n++) server.add();
    const client = await signedIn(server);
    await client.messaging.goTo("c", message(100));
    client.messaging.markRead("c", "m100");
    await pass(300);
    expect(client.state.get().chats[0]?.unreadCount).toBe(100);
  });

  test("keeps as read what it read here while it was reading the list of chats", async () => {
    const server = new Server();
    for (let n = 1; n <= 3; n++) server.add();
    const client = await signedIn(server);
    server.holding = /^.chats\?/;
    await reconnect(server);
    client.messaging.markRead("c");
    await pass(300);
    server.letGo();
    await pass();
    expect(client.state.get().chats[0]?.unreadCount).toBe(0);
  });

  test("counts anew after a ready, whatever it asked for before", async () => {
    const server = new Server();
    for (let n = 1; n <= 200; n++) server.add();
    const client = await signedIn(server);
    client.messaging.release("c");
    server.holding = /^.chats.c$/;
    server.readElsewhere(60);
    await pass();
    server.holding = nothing;
    await reconnect(server);
    server.readElsewhere(70);
    await pass();
    expect(client.state.get().chats[0]?.unreadCount).toBe(130);
  });

  test("asks again when another device reads on while it asks", async () => {
    const server = new Server();
    for (let n = 1; n <= 200; n++) server.add();
    const client = await signedIn(server);
    client.messaging.release("c");
    server.holding = /^.chats.c$/;
    server.readElsewhere(60);
    await pass();
    server.readElsewhere(70);
    server.holding = nothing;
    server.letGo();
    await pass();
    expect(client.state.get().chats[0]?.unreadCount).toBe(130);
  });

  test("asks for the next mention past what was read here, which the server may not know yet", async () => {
    const server = new Server();
    for (let n = 1; n <= 3; n++) server.add({ mentions: ["ann"] });
    const client = await signedIn(server);
    expect((await client.messaging.nextMention("c"))?.seq).toBe(1);
    client.messaging.markRead("c", "m2");
    expect((await client.messaging.nextMention("c"))?.seq).toBe(3);
    client.messaging.markRead("c", "m3");
    expect(await client.messaging.nextMention("c")).toBeUndefined();
  });

  test("follows the other's receipts", async () => {
    const server = new Server();
    const client = await signedIn(server);
    await client.messaging.send({ chatId: "c", content: "hi" });
    await pass();
    const mark = () => {
      const [shown] = client.state.get().chats;
      const [sent] = timelineOf(client).messages;
      return shown && sent && deliveryMark(shown, sent);
    };
    expect(mark()).toBe("sent");
    const status = { messageId: "m1", chatId: "c", userId: "bob", seq: 1, at: "" };
    server.world.socket.say("message:delivery_status", { ...status, status: "delivered" });
    expect(mark()).toBe("delivered");
    server.world.socket.say("message:delivery_status", { ...status, status: "read" });
    server.world.socket.say("message:delivery_status", { ...status, status: "delivered" });
    expect(mark()).toBe("read");
  });

  test("forgets who types, and says seldom that it does", async () => {
    const server = new Server();
    const client = await signedIn(server);
    server.world.socket.say("typing", { chatId: "c", userId: "bob", on: true });
    expect(client.state.get().typing.c).toEqual(["bob"]);
    await pass(6000);
    expect(client.state.get().typing.c).toEqual([]);
    for (let i = 0; i < 50; i++) {
      client.messaging.typing("c");
      await pass(100);
    }
    await pass(5000);
    const said = server.world.socket.of("typing").map((f) => (f.data as { on: boolean }).on);
    expect(said).toEqual([true, true, false]);
  });

  test("knows who is here, from events and from chats that appear", async () => {
    const server = new Server();
    const client = await signedIn(server);
    expect([...client.state.get().online]).toEqual(["bob"]);
    const at = "2026-01-01T00:00:00.000Z";
    server.world.socket.say("user:offline", { userId: "bob", lastSeenAt: at });
    expect(client.state.get().lastSeen.bob).toBe(at);
    const cyd = member("cyd", { online: true });
    server.world.socket.say("chat:created", {
      chatId: "d",
      chat: chat({ id: "d", members: [member("ann"), cyd] }),
    });
    expect([...client.state.get().online]).toEqual(["cyd"]);
  });

  test("tells of nothing but what changed", async () => {
    const server = new Server();
    server.add();
    const client = await signedIn(server);
    const before = client.state.get();
    server.world.socket.say("typing", { chatId: "c", userId: "bob", on: true });
    const after = client.state.get();
    expect(after).not.toBe(before);
    expect(after.chats).toBe(before.chats);
    expect(after.timelines).toBe(before.timelines);
    server.world.socket.say("typing", { chatId: "c", userId: "bob", on: true });
    expect(client.state.get()).toBe(after);
  });

  test("asks for nothing more once it signs out", async () => {
    const server = new Server();
    const client = await signedIn(server);
    const { respond } = server.world;
    server.world.respond = (request) => {
      if (request.path.endsWith("/logout")) server.world.socket.end(4401); // before the answer is there
      return respond(request);
    };
    const before = server.world.requests.length;
    await client.logout();
    await pass(1000);
    expect(server.world.requests.slice(before)).toMatchObject([{ path: expect.stringMatching(/logout$/) }]);
  });

  test("keeps nothing of a user who signed out", async () => {
    const server = new Server();
    server.add();
    const client = await signedIn(server);
    server.world.socket.end(1006);
    await client.messaging.send({ chatId: "c", content: "secret" });
    await client.logout();
    expect(client.state.get()).toMatchObject({ phase: "empty", me: null, chats: [], timelines: {} });
    expect(await server.world.storage.keys("")).toEqual([]);
    expect(client.connection.get().status).toBe("idle");
  });
});
