import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Account, makeChat, register, rest } from "./harness/api.ts";
import { Person } from "./harness/browser.ts";
import { grows, pictures, showsMoving, timeToLines } from "./harness/look.ts";
import { connectPlain, plain } from "./harness/plain.ts";
import { until } from "./harness/process.ts";
import { Server } from "./harness/server.ts";
import { amber, teal, violet } from "./harness/signatures.ts";
import {
  acceptWithVideo,
  callWithVideo,
  hangUp,
  openChat,
  openDirectChat,
  othersTiles,
  signUp,
} from "./harness/steps.ts";

// The app in calls with people whose browsers send other codecs, and pictures that follow the size of their tiles.

/** The camera's lines, and what is large enough for the small window of a call. */
const camera = 360;
const small = 180;

let server: Server;
let anna: Person;
let boris: Person;
let cleo: Person;
let account: Account;
let annasId: string;

beforeAll(async () => {
  server = await Server.start();
  [anna, boris, cleo] = (await Promise.all([
    Person.open("anna", amber),
    Person.open("boris", teal),
    Person.open("cleo", violet),
  ])) as [Person, Person, Person];
  account = await register(server, "cleo");
  await signUp(anna, server.url, "Anna Berg");
  await signUp(boris, server.url, "Boris Orlov");
  const { items } = await rest<{ items: { id: string }[] }>(server, "GET", "/users/search?q=anna", {
    token: account.token,
  });
  annasId = items[0]?.id ?? "";
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail")
    await Promise.all([anna, boris, cleo].map((person) => person?.pictureOfFailure()));
});

afterAll(async () => {
  await Promise.all([anna, boris, cleo].map((person) => person?.close()));
  await server?.stop();
});

/**
 * Makes the picture of a call small and large again, and wants what is sent to follow, the larger one within a second. At
 * the beginning of a call a browser does not trust its path with all that yet.
 */
async function followsTheTile(page: Page): Promise<void> {
  let soonest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3 && soonest > 1000; attempt++) {
    await page.getByRole("button", { name: "Minimise the call" }).click();
    await until("few lines in the small window", async () =>
      (await pictures(page)).some(({ lines, decoded }) => decoded > 0 && lines <= small),
    );
    const open = page.getByRole("button", { name: "Open the call" });
    await open.waitFor();
    soonest = Math.min(soonest, await timeToLines(page, open, camera));
  }
  expect(soonest, "milliseconds until the large picture").toBeLessThanOrEqual(1000);
}

test("a picture in AV1 layers comes as large as its tile", async () => {
  const group = { ...account, id: annasId };
  const chatId = await makeChat(server, [account, group], "Layers");
  await connectPlain(cleo.page, server.url, account.token);
  await plain(
    cleo.page,
    (client, chatId) => client.initiate(chatId, { codec: "video/AV1", mode: "L3T3_KEY" }),
    chatId,
  );
  await openChat(anna.page, "Layers");
  await anna.page.getByRole("button", { name: "Join call" }).first().click();
  await showsMoving(othersTiles(anna.page).locator("video"), violet);
  await until("all lines of AV1", async () =>
    (await pictures(anna.page)).some(({ codec, lines }) => codec === "video/AV1" && lines === camera),
  );
  await followsTheTile(anna.page);
  await plain(cleo.page, (client, chatId) => client.request("call:end", { chatId, forAll: true }), chatId);
});

test("the app sends H.264 to somebody who knows nothing else", async () => {
  const chatId = await makeChat(server, [account, { ...account, id: annasId }]);
  await connectPlain(cleo.page, server.url, account.token);
  await plain(cleo.page, (client, chatId) => client.initiate(chatId, { codec: "video/H264" }), chatId);
  await acceptWithVideo(anna.page);
  await showsMoving(othersTiles(anna.page).locator("video"), violet);
  await showsMoving(cleo.page.locator("video"), amber);
  expect((await pictures(cleo.page)).map(({ codec }) => codec)).toContain("video/H264");
  await grows(cleo.page, "video", "framesDecoded");
  await plain(cleo.page, (client, chatId) => client.request("call:end", { chatId }), chatId);
});

test("between two of the app, layers follow the tile as well", async () => {
  await openDirectChat(anna.page, "boris", "Boris Orlov");
  await callWithVideo(anna.page);
  await acceptWithVideo(boris.page);
  await showsMoving(othersTiles(anna.page).locator("video"), teal);
  await followsTheTile(anna.page);
  await hangUp(anna.page);
});

test("nothing went wrong behind the scenes", () => {
  expect([anna, boris, cleo].flatMap((person) => person.complaints)).toEqual([]);
  expect(server.log).not.toMatch(/panic|level=ERROR/);
});
