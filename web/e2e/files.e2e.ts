import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFaults, overflows } from "./harness/accessible.ts";
import { Person } from "./harness/browser.ts";
import { choose, chooseFromDisk, hand, isLoaded, noise, picture, slowUploads } from "./harness/files.ts";
import { Postgres } from "./harness/postgres.ts";
import { until } from "./harness/process.ts";
import { Server } from "./harness/server.ts";
import { amber, teal } from "./harness/signatures.ts";
import { composer, message, openChat, openDirectChat, signUp, write } from "./harness/steps.ts";

// Pictures and files between a desk and a phone, on each database.

const photo = picture("valley.png", 1200, 800);

describe.each(["SQLite", "PostgreSQL"])("files on %s", (engine) => {
  let postgres: Postgres | undefined;
  let server: Server;
  let anna: Person;
  let boris: Person;

  beforeAll(async () => {
    if (engine === "PostgreSQL") postgres = await Postgres.start();
    server = await Server.start(postgres ? { DATABASE_URL: postgres.url } : {});
    [anna, boris] = await Promise.all([
      Person.open("anna", amber),
      Person.open("boris", teal, { viewport: { width: 360, height: 740 }, colorScheme: "dark" }),
    ]);
    await signUp(anna, server.url, "Anna Berg");
    await signUp(boris, server.url, "Boris Orlov");
    await openDirectChat(anna.page, "orl", "Boris Orlov");
    await write(anna.page, "Some files for you");
    await openChat(boris.page, "Anna Berg");
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

  test("a picture on its way shows how far it has come, and can be stopped", async () => {
    const { page } = anna;
    const fast = await slowUploads(anna, 150_000);
    await choose(page, photo);
    expect(await accessibilityFaults(page)).toEqual([]);
    await anna.picture(`files-chosen-${engine}`);
    await composer(page).press("Enter");
    const ring = page.getByTestId("upload-progress");
    const progress = async () => Number(await ring.getAttribute("data-progress"));
    await until("some of it has gone out", async () => (await progress()) > 0.1);
    const before = await progress();
    await until("more has gone out", async () => (await progress()) > before);
    await anna.picture(`files-progress-${engine}`);
    await ring.click();
    await ring.waitFor({ state: "detached" });
    await fast();
    await write(page, "That was the wrong one");
    await message(boris.page, "That was the wrong one").waitFor();
    expect(await boris.page.getByTestId("message").locator("img").count()).toBe(0);
  });

  test("a picture with a caption arrives in a box of its shape", async () => {
    await choose(anna.page, photo);
    await write(anna.page, "The valley this morning");
    const bubble = message(boris.page, "The valley this morning");
    const image = bubble.locator("img");
    await image.waitFor({ state: "attached" });
    const box = await image.locator("..").boundingBox();
    expect((box?.width ?? 0) / (box?.height ?? 1)).toBeCloseTo(1.5, 1);
    await until("the picture is there", () => isLoaded(image));
    const loaded = await image.locator("..").boundingBox();
    expect([loaded?.width, loaded?.height], "nothing jumps").toEqual([box?.width, box?.height]);
    expect(await overflows(boris.page)).toBe(false);
  });

  test("several make an album, which the viewer goes through by keyboard", async () => {
    const { page } = anna;
    await choose(
      page,
      picture("tall.png", 300, 500, [180, 90, 60]),
      picture("wide.png", 700, 300, [90, 150, 70]),
    );
    await hand(page, "paste", picture("pasted.png", 400, 400, [120, 90, 170]));
    await page.getByTestId("picked-file").nth(2).waitFor();
    await composer(page).press("Enter");
    const album = boris.page.getByTestId("message").last().locator("img");
    await until(
      "all three are there",
      async () => (await album.count()) === 3 && (await isLoaded(album.last())),
    );
    await anna.picture(`files-album-${engine}`);
    await boris.picture(`files-album-phone-${engine}`);

    await page.getByRole("button", { name: "Open picture tall.png" }).click();
    const viewer = page.getByTestId("lightbox");
    await viewer.getByText("2 of 4").waitFor();
    await viewer.getByRole("img", { name: "tall.png" }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await anna.picture(`files-viewer-${engine}`);
    await page.keyboard.press("ArrowRight");
    await viewer.getByRole("img", { name: "wide.png" }).waitFor();
    await page.keyboard.press("+");
    await viewer.locator('[data-scale="1.50"]').waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await viewer.getByRole("img", { name: "valley.png" }).waitFor();
    await page.keyboard.press("Escape");
    await viewer.waitFor({ state: "detached" });
  });

  test("20 MB arrive byte for byte", async () => {
    const file = noise("Отчёт за май.bin", 20 << 20);
    await chooseFromDisk(anna, file);
    await composer(anna.page).press("Enter");
    const card = boris.page.getByTestId("file-card").filter({ hasText: "Отчёт за май.bin" });
    await card.getByText("20 MB").waitFor();
    const [download] = await Promise.all([boris.page.waitForEvent("download"), card.click()]);
    expect(download.suggestedFilename()).toBe("Отчёт за май.bin");
    const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    expect(digest(readFileSync(await download.path()))).toBe(digest(file.buffer));
    expect(await overflows(boris.page)).toBe(false);
  });

  test("files that are dropped are taken, and what cannot be sent says why at once", async () => {
    const { page } = anna;
    await hand(page, "drop", noise("notes.zip", 3000), noise("empty.txt", 0));
    await page.getByText("empty.txt: The file is empty.").waitFor();
    await page.getByTestId("picked-file").filter({ hasText: "notes.zip" }).waitFor();
    expect(await page.getByTestId("picked-file").count()).toBe(1);
    await page.getByRole("button", { name: "Remove notes.zip" }).click();
    await page.getByTestId("picked-file").waitFor({ state: "detached" });
  });

  test("what is sent without a network goes out when it is back, once", async () => {
    await anna.context.setOffline(true);
    await anna.page.getByText("No connection.", { exact: false }).first().waitFor();
    await choose(anna.page, noise("offline.pdf", 50_000));
    await composer(anna.page).press("Enter");
    await anna.page.getByTestId("message").filter({ hasText: "offline.pdf" }).waitFor();
    await anna.context.setOffline(false);
    const card = boris.page.getByTestId("file-card").filter({ hasText: "offline.pdf" });
    await card.waitFor();
    await anna.page.getByTestId("upload-progress").waitFor({ state: "detached" });
    expect(await card.count()).toBe(1);
    expect(await anna.page.getByTestId("file-card").filter({ hasText: "offline.pdf" }).count()).toBe(1);
  });

  test("a reload in the middle of an upload loses nothing", async () => {
    const fast = await slowUploads(anna, 100_000);
    await choose(anna.page, noise("reloaded.zip", 600_000));
    await composer(anna.page).press("Enter");
    const ring = anna.page.getByTestId("upload-progress");
    await until("some has gone out", async () => Number(await ring.getAttribute("data-progress")) > 0.05);
    await anna.page.reload();
    await fast();
    const card = boris.page.getByTestId("file-card").filter({ hasText: "reloaded.zip" });
    await card.waitFor();
    expect(await card.count()).toBe(1);
  });

  test("the conversation with files is accessible", async () => {
    expect(await accessibilityFaults(anna.page)).toEqual([]);
    expect(await accessibilityFaults(boris.page)).toEqual([]);
    await boris.picture(`files-phone-${engine}`);
  });

  test("nothing went wrong behind the scenes", () => {
    const unexpected = [...anna.complaints, ...boris.complaints].filter(
      (text) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(text),
    );
    expect(unexpected).toEqual([]);
    expect(server.log).not.toMatch(/panic|level=ERROR/);
  });
});
