import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfabClient } from "../client.ts";
import { chat, message } from "../testing/shapes.ts";
import { ann, TestWorld, tokens } from "../testing/world.ts";
import type { Message, MessageDraft } from "../types.ts";
import { localFile, maxFileSize } from "./local.ts";
import type { UploadRequest } from "./xhr.ts";

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** An upload that the test lets go on. */
class Transfer {
  readonly answer: Promise<{ status: number; body?: unknown }>;
  finish: (status: number, body?: unknown) => void = () => {};
  fail: () => void = () => {};

  constructor(readonly request: UploadRequest) {
    this.answer = new Promise((resolve, reject) => {
      this.finish = (status, body) => resolve({ status, body });
      this.fail = () => reject(new Error("the line was cut"));
      request.signal?.addEventListener("abort", () => reject(new Error("given up")));
    });
  }
}

/** A server that takes uploads one by one, and stores what is sent. */
class Server {
  readonly world = new TestWorld();
  readonly transfers: Transfer[] = [];
  stored: Message[] = [];

  constructor() {
    this.world.respond = ({ path }) => ({ status: 200, body: this.#rest(path) });
    this.world.upload = (request) => {
      const transfer = new Transfer(request);
      this.transfers.push(transfer);
      return transfer.answer;
    };
    this.world.answer = (socket, frame) => {
      if (frame.event !== "message:send") socket.ack(frame, {});
      else socket.ack(frame, { message: this.store(frame.data as MessageDraft & { clientId: string }) });
    };
  }

  store({ content, clientId, attachmentIds = [] }: MessageDraft & { clientId: string }): Message {
    const again = this.stored.find((each) => each.clientId === clientId);
    if (again) return again;
    const attachments = attachmentIds.map((id) => attachment(id));
    const stored = message(this.stored.length + 1, { userId: "ann", content, clientId, attachments });
    this.stored.push(stored);
    return stored;
  }

  #rest(path: string): unknown {
    if (path.startsWith("/auth")) return { ...tokens(1), user: ann };
    if (path.startsWith("/users")) return ann;
    if (path.startsWith("/chats")) return { items: [chat({ lastSeq: this.stored.length })] };
    return { items: this.stored, lastSeq: this.stored.length, lastRev: this.stored.length, hasMore: false };
  }

  ready(): void {
    this.world.socket.open();
    const at = { id: "c", lastSeq: this.stored.length, lastRev: this.stored.length, readSeq: 0 };
    const head = { userId: "ann", sessionId: "s", epoch: "e", serverTime: "" };
    this.world.socket.say("ready", { ...head, chats: [at], online: [] });
  }
}

function attachment(id: string, change = {}) {
  return {
    id,
    name: `${id}.bin`,
    mime: "application/octet-stream",
    size: 3,
    url: `/attachments/${id}`,
    ...change,
  };
}

const file = (name: string, text = "abc") => localFile(new Blob([text]), name);
const files = (...names: string[]) => names.map((name) => ({ file: file(name) }));

async function signedIn(server: Server): Promise<ConfabClient> {
  const client = new ConfabClient({ baseUrl: "http://server", platform: server.world.platform });
  await client.login({ login: "ann", password: "secret" });
  await pass();
  server.ready();
  await pass();
  await client.messaging.open("c");
  return client;
}

const pendingOf = (client: ConfabClient) => client.state.get().timelines.c?.pending ?? [];

/** The transfer that is the n-th to begin, from 0. */
function transfer(server: Server, n: number): Transfer {
  const found = server.transfers[n];
  if (!found) throw new Error(`there is no upload ${n}`);
  return found;
}

describe("a message with files", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is shown at once, tells its progress, and is sent when all files are with the server", async () => {
    const server = new Server();
    const client = await signedIn(server);
    void client.messaging.send({ chatId: "c", content: "two", files: files("a", "b") });
    expect(pendingOf(client)).toMatchObject([
      { content: "two", files: [{ name: "a", size: 3 }, { name: "b" }] },
    ]);
    await pass(200);
    transfer(server, 0).request.onProgress?.(50, 100);
    expect(pendingOf(client)[0]).toMatchObject({ status: "sending", progress: 0.25 });
    transfer(server, 0).finish(201, attachment("A"));
    await pass();
    expect(server.stored).toEqual([]);
    transfer(server, 1).finish(201, attachment("B"));
    await pass();
    expect(server.stored[0]?.attachments.map((each) => each.id)).toEqual(["A", "B"]);
    expect(pendingOf(client)).toEqual([]);
    expect(await server.world.files.keys("")).toEqual([]);
  });

  test("lets later texts pass while it is uploaded", async () => {
    const server = new Server();
    const client = await signedIn(server);
    await client.messaging.send({ chatId: "c", content: "file", files: files("a") });
    await client.messaging.send({ chatId: "c", content: "text" });
    await pass();
    expect(server.stored.map((each) => each.content)).toEqual(["text"]);
    transfer(server, 0).finish(201, attachment("A"));
    await pass();
    expect(server.stored.map((each) => each.content)).toEqual(["text", "file"]);
  });

  test("goes on uploading without the socket, and is sent when it is back", async () => {
    const server = new Server();
    const client = await signedIn(server);
    await client.messaging.send({ chatId: "c", content: "file", files: files("a") });
    server.world.socket.end(1006);
    transfer(server, 0).finish(201, attachment("A"));
    await pass(1000);
    expect(server.stored).toEqual([]);
    server.ready();
    await pass();
    expect(server.stored.map((each) => each.content)).toEqual(["file"]);
    expect(server.transfers).toHaveLength(1);
  });

  test("uploads again only what had not arrived when the line was cut", async () => {
    const server = new Server();
    const client = await signedIn(server);
    await client.messaging.send({ chatId: "c", content: "", files: files("a", "b") });
    transfer(server, 0).finish(201, attachment("A"));
    await pass();
    server.world.socket.end(1006);
    transfer(server, 1).fail();
    await pass(1000);
    expect(pendingOf(client)[0]).toMatchObject({ status: "queued" });
    server.ready();
    await pass();
    expect(server.transfers.map((each) => each.request.file.name)).toEqual(["a", "b", "b"]);
    transfer(server, 2).finish(201, attachment("B"));
    await pass();
    expect(server.stored[0]?.attachments.map((each) => each.id)).toEqual(["A", "B"]);
  });

  test("that was written offline survives a reload with its bytes", async () => {
    const server = new Server();
    const before = await signedIn(server);
    server.world.socket.end(1006);
    await before.messaging.send({ chatId: "c", content: "kept", files: files("a") });
    before.close();
    const after = new ConfabClient({ baseUrl: "http://server", platform: server.world.platform });
    await after.restore();
    await pass();
    server.ready();
    await pass();
    const sent = transfer(server, 0).request.file.blob;
    expect(await sent?.text()).toBe("abc");
    transfer(server, 0).finish(201, attachment("A"));
    await pass();
    expect(server.stored.map((each) => each.content)).toEqual(["kept"]);
  });

  test("whose bytes were lost says so", async () => {
    const server = new Server();
    const before = await signedIn(server);
    server.world.socket.end(1006);
    await before.messaging.send({ chatId: "c", content: "lost", files: files("a") });
    before.close();
    for (const key of await server.world.files.keys("")) await server.world.files.remove(key);
    const after = new ConfabClient({ baseUrl: "http://server", platform: server.world.platform });
    await after.restore();
    await pass();
    expect(pendingOf(after)).toMatchObject([{ status: "failed", error: { code: "file_lost" } }]);
  });

  test("is given up in the middle of an upload, and the next one begins", async () => {
    const server = new Server();
    const client = await signedIn(server);
    const first = await client.messaging.send({ chatId: "c", content: "one", files: files("a") });
    await client.messaging.send({ chatId: "c", content: "two", files: files("b") });
    expect(server.transfers).toHaveLength(1);
    client.messaging.discard(first);
    await pass();
    expect(transfer(server, 0).request.signal?.aborted).toBe(true);
    transfer(server, 1).finish(201, attachment("B"));
    await pass();
    expect(server.stored.map((each) => each.content)).toEqual(["two"]);
  });

  test("that the server refuses waits for the user, and is tried again", async () => {
    const server = new Server();
    const client = await signedIn(server);
    const id = await client.messaging.send({ chatId: "c", content: "file", files: files("a") });
    transfer(server, 0).finish(413, { code: "quota_exceeded", detail: "no room" });
    await pass();
    expect(pendingOf(client)).toMatchObject([{ status: "failed", error: { code: "quota_exceeded" } }]);
    client.messaging.retry(id);
    await pass();
    transfer(server, 1).finish(201, attachment("A"));
    await pass();
    expect(server.stored.map((each) => each.content)).toEqual(["file"]);
  });

  test("that another tab has sent meanwhile is not uploaded to its end", async () => {
    const server = new Server();
    const client = await signedIn(server);
    const clientId = await client.messaging.send({ chatId: "c", content: "file", files: files("a") });
    server.world.socket.say("message:received", {
      message: server.store({ chatId: "c", content: "file", clientId }),
    });
    await pass();
    expect(transfer(server, 0).request.signal?.aborted).toBe(true);
    expect(pendingOf(client)).toEqual([]);
  });

  test.each([
    ["of no bytes", [{ file: file("empty", "") }], "empty_file"],
    ["over the limit", [{ file: { name: "big", type: "", size: maxFileSize + 1 } }], "too_large"],
    ["more than ten", files(..."abcdefghijk"), "too_many_files"],
  ])("%s is refused before anything is sent", async (_, drafts, code) => {
    const server = new Server();
    const client = await signedIn(server);
    await expect(client.messaging.send({ chatId: "c", content: "", files: drafts })).rejects.toMatchObject({
      code,
    });
    expect(pendingOf(client)).toEqual([]);
    expect(server.transfers).toEqual([]);
  });
});

describe("a recording", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is uploaded and sent in one, under its key", async () => {
    const server = new Server();
    const client = await signedIn(server);
    const voice = { file: file("voice.webm"), durationMs: 2000, waveform: [0, 255, 7] };
    const clientId = await client.messaging.send({ chatId: "c", content: "", replyTo: "m0", voice });
    const { request } = transfer(server, 0);
    expect(request).toMatchObject({ url: "http://server/messages/upload-audio", fileField: "audio" });
    expect(request.fields).toEqual({ chatId: "c", clientId, replyTo: "m0", waveform: "[0,255,7]" });
    const sent = message(1, { userId: "ann", kind: "audio", content: "", clientId });
    transfer(server, 0).finish(201, sent);
    await pass();
    expect(pendingOf(client)).toEqual([]);
    expect(client.state.get().timelines.c?.messages).toMatchObject([{ kind: "audio" }]);
  });

  test("does not wait behind a large file", async () => {
    const server = new Server();
    const client = await signedIn(server);
    await client.messaging.send({ chatId: "c", content: "", files: files("large") });
    await client.messaging.send({
      ...{ chatId: "c", content: "" },
      voice: { file: file("voice.webm"), durationMs: 1, waveform: [] },
    });
    expect(server.transfers.map((each) => each.request.file.name)).toEqual(["large", "voice.webm"]);
  });
});

test("links that have ended are renewed in place, with one request for what stands together", async () => {
  vi.useFakeTimers();
  const server = new Server();
  server.stored = [1, 2].map((seq) => message(seq, { attachments: [attachment(`A${seq}`)] }));
  const client = await signedIn(server);
  server.stored = server.stored.map((each) => ({
    ...each,
    content: "not taken: only links are",
    attachments: [attachment(`A${each.seq}`, { url: "/fresh" })],
  }));
  const before = server.world.requests.length;
  await Promise.all([client.messaging.renewLinks("c", 1), client.messaging.renewLinks("c", 2)]);
  expect(server.world.requests).toHaveLength(before + 1);
  const messages = client.state.get().timelines.c?.messages ?? [];
  expect(messages.map((each) => each.attachments[0]?.url)).toEqual(["/fresh", "/fresh"]);
  expect(messages.map((each) => each.content)).toEqual(["text 1", "text 2"]);
  vi.useRealTimers();
});
