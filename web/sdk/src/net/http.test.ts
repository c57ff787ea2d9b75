import { describe, expect, test } from "vitest";
import { ConfabError, NetworkError } from "../errors.ts";
import { TestWorld } from "../testing/world.ts";
import { backoffDelay } from "./backoff.ts";
import { parseRetryAfter, send } from "./http.ts";
import { RestClient } from "./rest.ts";

async function failure(promise: Promise<unknown>): Promise<ConfabError> {
  const error = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  if (!(error instanceof ConfabError)) throw new Error(`not refused: ${String(error)}`);
  return error;
}

describe("a refusal", () => {
  test("carries what the problem document says", async () => {
    const world = new TestWorld();
    world.respond = () => ({
      status: 422,
      body: {
        title: "Invalid",
        detail: "name: too long",
        code: "invalid",
        errors: [{ field: "name", message: "too long", code: "length" }, 7],
      },
    });
    const error = await failure(send(world.platform, "http://server", { method: "GET", path: "/" }));
    expect(error).toMatchObject({ status: 422, code: "invalid", message: "name: too long" });
    expect(error.fields).toEqual([{ field: "name", message: "too long", code: "length" }]);
  });

  test("that is no problem document still has a status and a code", async () => {
    const world = new TestWorld();
    world.respond = () => ({ status: 502, body: "<html>" });
    const error = await failure(send(world.platform, "http://server", { method: "GET", path: "/" }));
    expect(error).toMatchObject({ status: 502, code: "http_502" });
  });

  test("is told from silence", async () => {
    const world = new TestWorld();
    world.respond = () => {
      throw new TypeError("failed to fetch");
    };
    const error = await failure(send(world.platform, "http://server", { method: "GET", path: "/" }));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.code).toBe("offline");
  });

  test("is told from giving up", async () => {
    const world = new TestWorld();
    world.respond = () => {
      throw new DOMException("aborted", "AbortError");
    };
    const signal = AbortSignal.abort();
    const error = await failure(send(world.platform, "http://server", { method: "GET", path: "/", signal }));
    expect(error.code).toBe("aborted");
  });
});

test.each([
  ["7", 7000],
  ["0", 0],
  ["-3", 0],
  ["Thu, 01 Jan 1970 00:01:00 GMT", 59_000],
  ["soon", undefined],
  ["", undefined],
  [null, undefined],
])("Retry-After %j is %j ms", (value, expected) => {
  expect(parseRetryAfter(value, 1000)).toBe(expected);
});

test("paths are escaped", async () => {
  const world = new TestWorld();
  world.respond = ({ path }) =>
    path.startsWith("/auth")
      ? { status: 200, body: { accessToken: "a", refreshToken: "r", expiresIn: 900, user: { id: "u" } } }
      : { status: 200, body: {} };
  const rest = new RestClient(world.platform, "http://server/");
  await rest.tokens.adopt(await rest.login({ login: "ann", password: "secret" }));
  await rest.react("../x?y", "👍/", true);
  await rest.searchUsers("a&b=c", 5);
  expect(world.requests.slice(-2).map((r) => r.path)).toEqual([
    "/messages/..%2Fx%3Fy/reactions/%F0%9F%91%8D%2F",
    "/users/search?q=a%26b%3Dc&limit=5",
  ]);
});

test("waits grow, are bounded, and never vanish", () => {
  const limits = { first: 500, most: 20_000 };
  const longest = [0, 1, 2, 3, 10, 1000].map((attempt) => backoffDelay(attempt, limits, 0.999999));
  expect(longest.map(Math.round)).toEqual([500, 1000, 2000, 4000, 20_000, 20_000]);
  expect(backoffDelay(5, limits, 0)).toBe(100);
});
