import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Person } from "./harness/browser.ts";
import { grows, hears, loseSockets, openSockets, showsMoving } from "./harness/look.ts";
import { Postgres } from "./harness/postgres.ts";
import { until } from "./harness/process.ts";
import { Server } from "./harness/server.ts";
import { amber, teal } from "./harness/signatures.ts";
import {
  acceptWithVideo,
  callWithVideo,
  composer,
  hangUp,
  marked,
  message,
  openChat,
  openDirectChat,
  othersTiles,
  signUp,
  write,
} from "./harness/steps.ts";

// Two people, two browsers, from nothing to a call: what Confab is for. The whole of it on each database.

describe.each(["SQLite", "PostgreSQL"])("two people on %s", (engine) => {
  let postgres: Postgres | undefined;
  let server: Server;
  let anna: Person;
  let boris: Person;

  beforeAll(async () => {
    if (engine === "PostgreSQL") postgres = await Postgres.start();
    server = await Server.start(postgres ? { DATABASE_URL: postgres.url } : {});
    [anna, boris] = await Promise.all([Person.open("anna", amber), Person.open("boris", teal)]);
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

  test("register, find each other and see the marks change", async () => {
    await signUp(anna, server.url, "Anna Berg");
    await signUp(boris, server.url, "Борис Орлов");

    await openDirectChat(anna.page, "орл", "Борис Орлов");
    await write(anna.page, "Good morning, Boris");
    await marked(anna.page, "Good morning, Boris", "delivered");

    await boris.page.getByTestId("chat-item").getByText("Good morning, Boris").waitFor();
    await boris.page.getByText("1 unread message").waitFor();
    await openChat(boris.page, "Anna Berg");
    await marked(anna.page, "Good morning, Boris", "read");

    await composer(boris.page).pressSequentially("Доброе утро", { delay: 30 });
    await anna.page.getByText("typing…").first().waitFor();
    await composer(boris.page).press("Enter");
    await message(anna.page, "Доброе утро").waitFor();
    await anna.picture(`chat-${engine}`);
  });

  test("a reload keeps the conversation, and the person signed in", async () => {
    await boris.page.reload();
    await message(boris.page, "Good morning, Boris").waitFor();
    await message(boris.page, "Доброе утро").waitFor();
  });

  test("what was written while the other was away is there when they return", async () => {
    await boris.page.goto("about:blank");
    await anna.page.getByText(/last seen/).waitFor();
    await write(anna.page, "Are you still there?");
    await marked(anna.page, "Are you still there?", "sent");
    await boris.page.goBack();
    await message(boris.page, "Are you still there?").waitFor();
    await marked(anna.page, "Are you still there?", "read");
  });

  test("what was written while the server was down is sent once, when it is back", async () => {
    await server.crashAndRestart();
    await write(anna.page, "Written over a crash");
    await message(boris.page, "Written over a crash").waitFor();
    await marked(anna.page, "Written over a crash", "read");
    expect(await message(anna.page, "Written over a crash").count()).toBe(1);
    expect(await message(boris.page, "Written over a crash").count()).toBe(1);
    expect(await message(boris.page, "Good morning, Boris").count()).toBe(1);
  });

  test("one calls, the other accepts, and each sees and hears the other", async () => {
    await callWithVideo(anna.page);
    await acceptWithVideo(boris.page);

    await showsMoving(othersTiles(anna.page).locator("video"), teal);
    await showsMoving(othersTiles(boris.page).locator("video"), amber);
    await hears(anna.page, teal.hz);
    await hears(boris.page, amber.hz);
    await grows(anna.page, "video", "framesDecoded");
    await grows(boris.page, "video", "framesDecoded");
    await anna.picture(`call-${engine}`);
  });

  test("mute, camera and screen reach the other side", async () => {
    await anna.page.getByRole("button", { name: "Mute microphone" }).click();
    await othersTiles(boris.page).getByText("Microphone off").waitFor();
    await anna.page.getByRole("button", { name: "Unmute microphone" }).click();
    await othersTiles(boris.page).getByText("Microphone off").waitFor({ state: "detached" });

    await anna.page.getByRole("button", { name: "Turn camera off" }).click();
    await othersTiles(boris.page).locator("video").waitFor({ state: "detached" });
    await anna.page.getByRole("button", { name: "Turn camera on" }).click();
    await showsMoving(othersTiles(boris.page).locator("video"), amber);

    await anna.page.getByRole("button", { name: "Share screen" }).click();
    const screen = othersTiles(boris.page, "screen").locator("video");
    await screen.waitFor();
    await until("the shared screen shows a picture", () =>
      screen.evaluate((video) => video instanceof HTMLVideoElement && video.videoWidth > 0),
    );
    await anna.page.getByRole("button", { name: "Stop sharing" }).click();
    await screen.waitFor({ state: "detached" });
  });

  test("a call outlives the loss of the socket", async () => {
    const lost = await loseSockets(boris.page);
    await until("there is a new socket", async () => (await openSockets(boris.page)) === lost);
    await grows(boris.page, "video", "framesDecoded");
    await grows(anna.page, "video", "framesDecoded");
    await anna.page.getByRole("button", { name: "Minimise the call" }).click();
    await write(anna.page, "Said during the call");
    await message(boris.page, "Said during the call").waitFor({ state: "attached" });
    await anna.page.getByRole("button", { name: "Open the call" }).click();
  });

  test("hanging up ends the call for both and leaves a message", async () => {
    await hangUp(anna.page);
    await othersTiles(boris.page).waitFor({ state: "detached" });
    await anna.page.getByTestId("message").filter({ hasText: "Outgoing call" }).waitFor();
    await boris.page.getByTestId("message").filter({ hasText: "Incoming call" }).waitFor();
  });

  test("a declined call says so", async () => {
    await callWithVideo(anna.page);
    await boris.page.getByTestId("incoming-call").getByRole("button", { name: "Decline" }).click();
    await anna.page
      .getByTestId("message")
      .filter({ hasText: /declined|no answer/i })
      .waitFor();
  });

  test("nothing went wrong behind the scenes", () => {
    // A browser reports every request that failed while it was offline or the server down; those are meant.
    const unexpected = [...anna.complaints, ...boris.complaints].filter(
      (text) =>
        !/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|WebSocket connection/.test(
          text,
        ),
    );
    expect(unexpected).toEqual([]);
    expect(server.log).not.toMatch(/panic|level=ERROR/);
  });
});
