import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NetworkError, SignedOutError } from "../errors.ts";
import { ann, TestWorld, tokens } from "../testing/world.ts";
import { RestClient } from "./rest.ts";

/** A server that knows the tokens `access-n`, renews n to n + 1, and refuses what is older. */
function renewing(world: TestWorld, expiresIn = 900): { current: number } {
  const state = { current: 1 };
  world.respond = ({ path, token, body }) => {
    if (path === "/auth/login") return { status: 200, body: { ...tokens(1, expiresIn), user: ann } };
    if (path === "/auth/refresh") {
      const { refreshToken } = body as { refreshToken: string };
      if (refreshToken !== `refresh-${state.current}`)
        return { status: 401, body: { code: "invalid_token" } };
      return { status: 200, body: tokens(++state.current, expiresIn) };
    }
    return token === `access-${state.current}`
      ? { status: 200, body: ann }
      : { status: 401, body: { code: "unauthorized" } };
  };
  return state;
}

async function signedIn(world: TestWorld): Promise<RestClient> {
  const rest = new RestClient(world.platform, "http://server");
  await rest.tokens.adopt(await rest.login({ login: "ann", password: "secret" }));
  return rest;
}

const refreshes = (world: TestWorld) => world.requests.filter((r) => r.path === "/auth/refresh").length;

describe("tokens", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("are used as they are while they are fresh", async () => {
    const world = new TestWorld();
    renewing(world);
    const rest = await signedIn(world);
    await rest.me();
    expect(refreshes(world)).toBe(0);
  });

  test("are renewed ahead of their expiry", async () => {
    const world = new TestWorld();
    renewing(world);
    const rest = await signedIn(world);
    vi.advanceTimersByTime(845_000);
    await rest.me();
    expect(refreshes(world)).toBe(1);
    expect(world.requests.at(-1)?.token).toBe("access-2");
  });

  test("are renewed once for many calls that find them refused", async () => {
    const world = new TestWorld();
    const server = renewing(world);
    const rest = await signedIn(world);
    server.current = 2;
    await world.storage.set(
      "confab.session",
      (await world.storage.get("confab.session"))?.replace("refresh-1", "refresh-2") ?? "",
    );
    const answers = await Promise.all([rest.me(), rest.me(), rest.me()]);
    expect(answers.map((a) => a.id)).toEqual(["ann", "ann", "ann"]);
    expect(refreshes(world)).toBe(1);
  });

  test("are renewed once for several tabs", async () => {
    const world = new TestWorld();
    renewing(world);
    const first = await signedIn(world);
    const second = new RestClient(world.platform, "http://server");
    await second.tokens.restore();
    vi.advanceTimersByTime(845_000);
    await Promise.all([first.me(), second.me()]);
    expect(refreshes(world)).toBe(1);
  });

  test("that the server takes no longer sign the device out", async () => {
    const world = new TestWorld();
    const server = renewing(world);
    const rest = await signedIn(world);
    server.current = 9;
    await expect(rest.me()).rejects.toThrow(SignedOutError);
    expect(rest.tokens.session.get()).toEqual({ status: "signed-out", reason: "revoked" });
    expect(await world.storage.get("confab.session")).toBeNull();
  });

  test("survive a network that is away when they are due", async () => {
    const world = new TestWorld();
    renewing(world);
    const rest = await signedIn(world);
    const online = world.respond;
    world.respond = () => {
      throw new TypeError("no network");
    };
    vi.advanceTimersByTime(850_000);
    expect(await rest.tokens.access()).toBe("access-1");
    vi.advanceTimersByTime(100_000);
    await expect(rest.tokens.access()).rejects.toThrow(NetworkError);
    expect(rest.tokens.session.get().status).toBe("signed-in");
    world.respond = online;
    expect(await rest.tokens.access()).toBe("access-2");
  });

  test("are taken up after a restart", async () => {
    const world = new TestWorld();
    renewing(world);
    await signedIn(world);
    const rest = new RestClient(world.platform, "http://server");
    await rest.tokens.restore();
    expect(rest.tokens.session.get()).toEqual({ status: "signed-in", userId: "ann" });
  });

  test.each(["", "{", "{}", '{"userId":1}', "null"])(
    "a storage that holds %j is nobody's session",
    async (text) => {
      const world = new TestWorld();
      await world.storage.set("confab.session", text);
      const rest = new RestClient(world.platform, "http://server");
      await rest.tokens.restore();
      expect(rest.tokens.session.get()).toEqual({ status: "signed-out", reason: "none" });
    },
  );
});
