import type { Message } from "@confab/sdk";
import { beforeEach, expect, test, vi } from "vitest";
import type { Heard } from "./heardList";

const kept = new Map<string, string>();

/** As a tab of its own: tabs share the storage, not the memory. */
async function openTab() {
  vi.resetModules();
  return import("./heard");
}

beforeEach(() => {
  kept.clear();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
});

test("what was played in two tabs stays played", async () => {
  const [one, other] = [await openTab(), await openTab()];
  const message = (id: string) => ({ id, createdAt: "2999-01-01T00:00:00.000Z" }) as Message;
  one.markHeard(message("a"));
  other.markHeard(message("b"));
  const heard: Heard = JSON.parse(kept.get("confab.heard") ?? "");
  expect(Object.keys(heard.played)).toEqual(["a", "b"]);
});
