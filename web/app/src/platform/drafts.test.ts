import { beforeEach, expect, test, vi } from "vitest";

/** The drafts as a tab of its own sees them: tabs share the storage, not the memory. */
async function openTab() {
  vi.resetModules();
  return import("./drafts");
}

beforeEach(() => {
  const kept: Record<string, string> = {};
  const hidden = (value: unknown) => ({ value, enumerable: false });
  const storage = Object.defineProperties(kept, {
    getItem: hidden((key: string) => kept[key] ?? null),
    setItem: hidden((key: string, value: string) => {
      kept[key] = value;
    }),
    removeItem: hidden((key: string) => delete kept[key]),
  });
  vi.stubGlobal("localStorage", storage);
});

test("a draft is there again after a reload, with what it answers", async () => {
  (await openTab()).keepDraft("a", { text: "Dear", replyTo: "m1" });
  expect((await openTab()).draftOf("a")).toEqual({ text: "Dear", replyTo: "m1" });
});

test("tabs do not overwrite each other's drafts", async () => {
  const [one, other] = [await openTab(), await openTab()];
  one.keepDraft("a", { text: "Dear Ann" });
  other.keepDraft("b", { text: "Dear Bob" });
  other.keepDraft("b", { text: "" });
  const later = await openTab();
  expect(later.draftOf("a").text).toBe("Dear Ann");
  expect(later.draftOf("b").text).toBe("");
});

test("all are forgotten, also those of other tabs; what cannot be read is none", async () => {
  localStorage.setItem("confab.draft.c", "{");
  localStorage.setItem("confab.theme", "dark");
  const tab = await openTab();
  expect(tab.draftOf("c").text).toBe("");
  (await openTab()).keepDraft("a", { text: "Dear" });
  tab.forgetDrafts();
  expect(Object.keys(localStorage)).toEqual(["confab.theme"]);
});
