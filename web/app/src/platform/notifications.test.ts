import { beforeEach, describe, expect, it, vi } from "vitest";

class FakeNotification {
  static permission: NotificationPermission = "default";
  static answer: NotificationPermission = "granted";
  static shown: FakeNotification[] = [];
  static async requestPermission() {
    FakeNotification.permission = FakeNotification.answer;
  }
  onclick?: () => void;
  readonly close = vi.fn();
  constructor(
    readonly title: string,
    readonly options: NotificationOptions,
  ) {
    FakeNotification.shown.push(this);
  }
}

const focus = vi.fn();
const kept = new Map<string, string>();
const notice = { tag: "a", title: "Ann", body: "Hello", onClick: vi.fn() };

/** The page as it is after a reload. */
async function openPage() {
  vi.resetModules();
  return import("./notifications");
}

beforeEach(() => {
  kept.clear();
  FakeNotification.permission = "default";
  FakeNotification.answer = "granted";
  FakeNotification.shown = [];
  vi.stubGlobal("Notification", FakeNotification);
  vi.stubGlobal("window", { Notification: FakeNotification, isSecureContext: true, focus });
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

describe("notifications", () => {
  it("are off until they are turned on, and stay on after a reload", async () => {
    FakeNotification.permission = "granted";
    const page = await openPage();
    page.notify(notice);
    expect(FakeNotification.shown).toHaveLength(0);
    await page.setNotifications(true);
    (await openPage()).notify(notice);
    expect(FakeNotification.shown.map(({ title, options }) => [title, options.body, options.tag])).toEqual([
      ["Ann", "Hello", "a"],
    ]);
    await page.setNotifications(false);
    (await openPage()).notify(notice);
    expect(FakeNotification.shown).toHaveLength(1);
  });

  it.each(["denied", "default"] as const)("stay off when the person answers %s", async (answer) => {
    FakeNotification.answer = answer;
    const page = await openPage();
    await page.setNotifications(true);
    page.notify(notice);
    expect(FakeNotification.shown).toHaveLength(0);
    expect(kept.size).toBe(0);
  });

  it("lead to what they are about, and can be taken back", async () => {
    const page = await openPage();
    await page.setNotifications(true);
    const withdraw = page.notify(notice);
    const [shown] = FakeNotification.shown;
    shown?.onclick?.();
    expect(focus).toHaveBeenCalled();
    expect(notice.onClick).toHaveBeenCalled();
    withdraw();
    expect(shown?.close).toHaveBeenCalledTimes(2);
  });

  it("fail quietly where the browser does not make them", async () => {
    const page = await openPage();
    await page.setNotifications(true);
    vi.stubGlobal("Notification", () => {
      throw new TypeError("Illegal constructor");
    });
    expect(page.notify(notice)).not.toThrow();
  });
});
