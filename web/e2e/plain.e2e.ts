import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Account, makeChat, register } from "./harness/api.ts";
import { Person } from "./harness/browser.ts";
import { grows, hears, showsMoving } from "./harness/look.ts";
import { connectPlain, plain } from "./harness/plain.ts";
import { Server } from "./harness/server.ts";
import { amber, teal, violet } from "./harness/signatures.ts";

// What the protocol promises to a client that knows nothing of slots: one audio, one video, no SDK.

let server: Server;
let caller: Person;
let callee: Person;
let third: Person;
let accounts: Account[];

beforeAll(async () => {
  server = await Server.start();
  accounts = await Promise.all(["ann", "ben", "cleo"].map((name) => register(server, name)));
  [caller, callee, third] = (await Promise.all([
    Person.open("ann", amber),
    Person.open("ben", teal),
    Person.open("cleo", violet),
  ])) as [Person, Person, Person];
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail")
    await Promise.all([caller, callee, third].map((person) => person?.pictureOfFailure()));
});

afterAll(async () => {
  await Promise.all([caller, callee, third].map((person) => person?.close()));
  await server?.stop();
});

async function connect(person: Person, index: number): Promise<void> {
  await connectPlain(person.page, server.url, accounts[index]?.token ?? "");
}

test("a device answers the ring's own offer, and both see and hear each other", async () => {
  const chatId = await makeChat(server, accounts.slice(0, 2));
  await connect(caller, 0);
  await connect(callee, 1);

  await plain(caller.page, (client, chatId) => client.initiate(chatId), chatId);
  await plain(callee.page, (client) => client.answerRing(), null);

  await showsMoving(caller.page.locator("video"), teal);
  await showsMoving(callee.page.locator("video"), amber);
  await hears(caller.page, teal.hz);
  await hears(callee.page, amber.hz);

  await plain(callee.page, (client, chatId) => client.restartIce(chatId), chatId);
  await grows(callee.page, "video", "framesDecoded");
  await grows(caller.page, "video", "framesDecoded");

  await plain(caller.page, (client, chatId) => client.request("call:end", { chatId }), chatId);
  const end = await plain(callee.page, (client) => client.waitFor("call:end"), null);
  expect(end).toMatchObject({ chatId });
});

test("a third plain client joins and leaves, and nobody negotiates for it", async () => {
  const chatId = await makeChat(server, accounts, "Three");
  await connect(caller, 0);
  await connect(callee, 1);
  await connect(third, 2);

  await plain(caller.page, (client, chatId) => client.initiate(chatId), chatId);
  await plain(callee.page, (client) => client.answerRing(), null);
  await showsMoving(caller.page.locator("video"), teal);

  await plain(third.page, (client, chatId) => client.initiate(chatId), chatId);
  await grows(third.page, "video", "framesDecoded");

  await plain(callee.page, (client, chatId) => client.request("call:end", { chatId }), chatId);
  await showsMoving(caller.page.locator("video"), violet);
  await showsMoving(third.page.locator("video"), amber);
  await plain(caller.page, (client, chatId) => client.request("call:end", { chatId, forAll: true }), chatId);
});
