import { beforeAll, describe, expect, it, vi } from "vitest";

type Router = typeof import("./router");
let router: Router;

const place = { pathname: "/" };
/** The tab's history, as far as the router uses it. */
const entries: { path: string; state: unknown }[] = [{ path: "/", state: null }];
const tab = new EventTarget();

beforeAll(async () => {
  vi.stubGlobal("window", tab);
  vi.stubGlobal("location", place);
  const go = () => {
    place.pathname = entries.at(-1)?.path ?? "/";
  };
  vi.stubGlobal("history", {
    get state() {
      return entries.at(-1)?.state;
    },
    pushState: (state: unknown, _: string, path: string) => {
      entries.push({ path, state });
      go();
    },
    replaceState: (state: unknown, _: string, path: string) => {
      entries.splice(-1, 1, { path, state });
      go();
    },
    back: () => {
      entries.pop();
      go();
      tab.dispatchEvent(new Event("popstate"));
    },
  });
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

describe("leaving to the list", () => {
  const paths = () => entries.map(({ path }) => path);

  it("goes back where the list is the entry before", () => {
    router.navigate({ name: "chat", chatId: "a" });
    router.leaveToList();
    expect(paths()).toEqual(["/"]);
  });

  it("takes the place of what is left where it is not", () => {
    router.navigate({ name: "chat", chatId: "a" });
    router.navigate({ name: "chat", chatId: "b" });
    router.leaveToList();
    expect(paths()).toEqual(["/", "/c/a", "/"]);
  });

  it("knows of the list also behind an entry that was replaced", () => {
    entries.splice(1);
    router.navigate({ name: "join" });
    router.navigate({ name: "chat", chatId: "a" }, { replace: true });
    router.leaveToList();
    expect(paths()).toEqual(["/"]);
  });
});
