import { beforeAll, describe, expect, it, vi } from "vitest";

type Router = typeof import("./router");
let router: Router;

beforeAll(async () => {
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("location", { pathname: "/" });
  router = await import("./router");
});

describe("routes", () => {
  it.each(["/", "/login", "/register", "/settings", "/c/0190a5b2-7c1e-7d3f-8a4b-5c6d7e8f9a0b"])(
    "%s is its own path again",
    (path) => expect(router.pathOf(router.parseRoute(path))).toBe(path),
  );

  it("treats what it does not know as home", () => {
    expect(router.parseRoute("/nowhere/at/all")).toEqual({ name: "home" });
  });

  it("escapes what is no plain id", () => {
    expect(router.parseRoute(router.pathOf({ name: "chat", chatId: "a/b" }))).toEqual({
      name: "chat",
      chatId: "a/b",
    });
  });
});
