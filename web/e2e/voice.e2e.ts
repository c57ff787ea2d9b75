import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFaults, overflows } from "./harness/accessible.ts";
import { Person } from "./harness/browser.ts";
import { Postgres } from "./harness/postgres.ts";
import { until } from "./harness/process.ts";
import { Server } from "./harness/server.ts";
import { amber, teal } from "./harness/signatures.ts";
import {
  acceptWithVideo,
  callWithVideo,
  composer,
  hangUp,
  message,
  openChat,
  openDirectChat,
  signUp,
  write,
} from "./harness/steps.ts";

// Voice messages: recorded by one with a microphone that hums, heard by the other on a phone. On each database.

const voices = (page: Page) => page.getByTestId("message").getByTestId("voice");
const recording = (page: Page) => page.getByTestId("recording");
const record = (page: Page) => page.getByTestId("record");

/** Waits until the recording is so many seconds long by its own clock. */
async function recordFor(page: Page, seconds: number): Promise<void> {
  await until(`${seconds} s are recorded`, async () => {
    const [, minutes, rest] =
      /(\d+):(\d\d)/.exec((await recording(page).getByRole("timer").textContent()) ?? "") ?? [];
    return Number(minutes) * 60 + Number(rest) >= seconds;
  });
}

/** How far the page's player is, in seconds, and whether it plays. */
const player = (page: Page) =>
  page.getByTestId("voice-player").evaluate((element) => {
    if (!(element instanceof HTMLAudioElement)) throw new Error("no audio element");
    return { at: element.currentTime, paused: element.paused, rate: element.playbackRate };
  });

async function plays(page: Page): Promise<void> {
  const before = await player(page);
  await until("the sound moves", async () => {
    const now = await player(page);
    return !now.paused && now.at > before.at + 0.2;
  });
}

describe.each(["SQLite", "PostgreSQL"])("voice messages on %s", (engine) => {
  let postgres: Postgres | undefined;
  let server: Server;
  let anna: Person;
  let boris: Person;
  /** How long the first message is by its sender's clock, in seconds. */
  let recorded = 0;

  beforeAll(async () => {
    if (engine === "PostgreSQL") postgres = await Postgres.start();
    server = await Server.start(postgres ? { DATABASE_URL: postgres.url } : {});
    [anna, boris] = await Promise.all([
      Person.open("anna", amber),
      Person.open("boris", teal, { viewport: { width: 360, height: 740 } }),
    ]);
    await signUp(anna, server.url, "Anna Berg");
    await signUp(boris, server.url, "Boris Orlov");
    await openDirectChat(anna.page, "orl", "Boris Orlov");
    await write(anna.page, "Listen to this");
    await openChat(boris.page, "Anna Berg");
    await message(boris.page, "Listen to this").waitFor();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === "fail")
      await Promise.all([anna, boris].map((person) => person?.pictureOfFailure()));
  });

  afterAll(async () => {
    await Promise.all([anna?.close(), boris?.close()]);
    const code = await server?.stop();
    await postgres?.stop();
    expect(code, "the server ends cleanly").toBe(0);
  });

  test("a tap records; one listens before sending, goes on, and sends", async () => {
    const { page } = anna;
    await record(page).click();
    await recordFor(page, 2);
    expect(await recording(page).getByTestId("live-wave").locator("span").count()).toBeGreaterThan(10);
    expect(await accessibilityFaults(page)).toEqual([]);
    await anna.picture(`voice-recording-${engine}`);
    await page.getByRole("button", { name: "Pause the recording" }).click();
    await recording(page).getByRole("button", { name: "Play" }).click();
    await plays(page);
    expect(await accessibilityFaults(page)).toEqual([]);
    await anna.picture(`voice-listening-${engine}`);
    await page.getByRole("button", { name: "Go on recording" }).click();
    await recordFor(page, 4);
    await page.getByRole("button", { name: "Pause the recording" }).click();
    recorded = Number(await recording(page).getByRole("slider").getAttribute("aria-valuemax"));
    await page.getByRole("button", { name: "Send the voice message" }).click();
    await voices(page).first().getByRole("button", { name: "Play" }).waitFor();
    await composer(page).waitFor();
  });

  test("the other hears it: its length is right, the sound moves, speed and keys work", async () => {
    const { page } = boris;
    const voice = voices(page).first();
    const slider = voice.getByRole("slider");
    const seconds = Number(await slider.getAttribute("aria-valuemax"));
    expect(recorded).toBeGreaterThanOrEqual(4);
    expect(Math.abs(seconds - recorded)).toBeLessThanOrEqual(1);
    const news = voice.getByText("Not played yet");
    expect(await news.count()).toBe(1);
    expect(await voices(anna.page).first().getByText("Not played yet").count()).toBe(0);
    await boris.picture(`voice-news-phone-${engine}`);
    await voice.getByRole("button", { name: "Play" }).click();
    await plays(page);
    await news.waitFor({ state: "detached" });
    await boris.picture(`voice-phone-${engine}`);
    await voice.getByRole("button", { name: "Speed 1×" }).click();
    expect((await player(page)).rate).toBe(1.5);
    await voice.getByRole("button", { name: "Pause" }).click();
    await slider.focus();
    await page.keyboard.press("Home");
    await until("it is at its beginning", async () => (await player(page)).at === 0);
    const box = await slider.boundingBox();
    if (!box) throw new Error("the slider is not there");
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await until("it is in its middle", async () => Math.abs((await player(page)).at - seconds / 2) < 1);
    await voice.getByRole("button", { name: "Play" }).click();
    await plays(page);
    expect((await player(page)).at).toBeGreaterThan(seconds / 2 - 1);
    await voice.getByRole("button", { name: "Pause" }).click();
    await voice.getByRole("button", { name: "Speed 1.5×" }).click();
    await voice.getByRole("button", { name: "Speed 2×" }).click();
    expect(await overflows(page)).toBe(false);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test("held, it is sent by letting go; slid away or escaped from, it is not", async () => {
    const { page } = anna;
    const box = await record(page).boundingBox();
    if (!box) throw new Error("there is no button");
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await recordFor(page, 1);
    await anna.picture(`voice-held-${engine}`);
    await page.mouse.move(x - 150, y, { steps: 5 });
    await recording(page).waitFor({ state: "detached" });
    await page.mouse.up();
    await record(page).click();
    await recordFor(page, 1);
    await page.keyboard.press("Escape");
    await recording(page).waitFor({ state: "detached" });
    expect(await voices(page).count()).toBe(1);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await recordFor(page, 1);
    await page.mouse.up();
    await voices(boris.page).nth(1).waitFor();
  });

  test("one ends and the next begins; only one plays", async () => {
    const { page } = boris;
    const [first, second] = [voices(page).nth(0), voices(page).nth(1)];
    await first.getByRole("button", { name: "Play" }).click();
    await plays(page);
    await first.getByRole("slider").focus();
    await page.keyboard.press("End");
    await second.and(page.locator('[data-playing="true"]')).waitFor();
    await page.getByTestId("player-bar").getByText("Anna Berg").waitFor();
    expect(await page.locator('[data-testid="voice"][data-playing="true"]').count()).toBe(1);
  });

  test("a call silences it", async () => {
    const { page } = boris;
    const voice = voices(page).first();
    await voice.getByRole("slider").focus();
    await page.keyboard.press("Home");
    await voice.getByRole("button", { name: "Play" }).click();
    await plays(page);
    await callWithVideo(anna.page);
    await acceptWithVideo(page);
    await until("it is silent", async () => (await player(page)).paused);
    await hangUp(anna.page);
    await page.getByTestId("call-grid").waitFor({ state: "detached" });
    await anna.page.getByTestId("call-grid").waitFor({ state: "detached" });
  });

  test("what is said without a network goes out when it is back", async () => {
    await record(anna.page).click();
    await recordFor(anna.page, 1);
    await anna.context.setOffline(true);
    await anna.page.getByRole("button", { name: "Send the voice message" }).click();
    await voices(anna.page).nth(2).waitFor();
    await anna.context.setOffline(false);
    await voices(boris.page).nth(2).waitFor();
    await anna.page.getByTestId("upload-progress").waitFor({ state: "detached" });
    expect(await voices(anna.page).count()).toBe(3);
  });

  test("a blocked microphone is explained", async () => {
    const vera = await Person.open("vera", amber, { deniesDevices: true });
    try {
      await signUp(vera, server.url, "Vera Lind");
      await openDirectChat(vera.page, "berg", "Anna Berg");
      await record(vera.page).click();
      await vera.page.getByText("The microphone is blocked").waitFor();
      await composer(vera.page).waitFor();
      expect(await accessibilityFaults(vera.page)).toEqual([]);
      await vera.picture(`voice-blocked-${engine}`);
    } finally {
      await vera.close();
    }
  });

  test("nothing went wrong behind the scenes", () => {
    const unexpected = [...anna.complaints, ...boris.complaints].filter(
      (text) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(text),
    );
    expect(unexpected).toEqual([]);
    expect(server.log).not.toMatch(/panic|level=ERROR/);
  });
});
