import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, overflows } from "./harness/accessible.ts";
import { type Account, makeChat, register, rest } from "./harness/api.ts";
import { Person } from "./harness/browser.ts";
import { noise } from "./harness/files.ts";
import { until } from "./harness/process.ts";
import { Server } from "./harness/server.ts";
import { amber, violet } from "./harness/signatures.ts";
import { message, openChat } from "./harness/steps.ts";

// Several messages at once: selected, forwarded, copied and deleted, by mouse, by keys, and on a phone in Russian; and a
// file that is found by its name.

let server: Server;
let anna: Person;
let vera: Person;
let annas: Account;
let boris: Account;
let direct: string;

interface Stored {
  id: string;
  content: string;
  clientId?: string;
  forwardedFrom?: { userId: string };
  attachments: { name: string }[];
}

const planks = ["Plank one", "Plank two", "Plank three", "Plank four", "Plank five", "Plank six"];

beforeAll(async () => {
  server = await Server.start();
  let veras: Account;
  [annas, boris, veras] = (await Promise.all(
    ["anna", "boris", "vera"].map((name) => register(server, name)),
  )) as [Account, Account, Account];
  const group = await makeChat(server, [annas, boris, veras], "Harbour");
  direct = await makeChat(server, [annas, boris]);
  const send = (body: object) =>
    rest(server, "POST", "/messages", { token: boris.token, body: { chatId: group, ...body } });
  await send({ content: "", attachmentIds: [await upload("Harbour plan_2026.odt")] });
  for (const content of planks) await send({ content });
  [anna, vera] = await Promise.all([
    Person.open("anna", amber, { viewport: { width: 1440, height: 900 } }),
    Person.open("vera", violet, {
      viewport: { width: 360, height: 740 },
      locale: "ru-RU",
      colorScheme: "dark",
    }),
  ]);
  for (const person of [anna, vera]) {
    await person.page.goto(`${server.url}/login`);
    await person.page.locator('input[name="username"]').fill(person.name);
    await person.page.locator('input[name="password"]').fill(`correct horse ${person.name}`);
    await person.page.locator('button[type="submit"]').click();
    await openChat(person.page, "Harbour");
    await message(person.page, "Plank six").waitFor();
  }
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail")
    await Promise.all([anna, vera].map((person) => person?.pictureOfFailure()));
});

afterAll(async () => {
  await Promise.all([anna?.close(), vera?.close()]);
  await server?.stop();
});

/** Sends a file up in Boris's name. */
async function upload(name: string): Promise<string> {
  const form = new FormData();
  form.append("file", new File([new Uint8Array(noise(name, 2000).buffer)], name));
  const headers = { authorization: `Bearer ${boris.token}` };
  const response = await fetch(`${server.url}/attachments`, { method: "POST", headers, body: form });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

/** Opens a message's menu as a right click does. */
async function act(page: Page, text: string, action: string): Promise<void> {
  await message(page, text).getByText(text).click({ button: "right" });
  await page.getByRole("menuitem", { name: action, exact: true }).click();
}

const boxes = (page: Page) => page.getByRole("main").getByRole("checkbox");
const box = (page: Page, text: string) => message(page, text).getByRole("checkbox");
const chosen = (page: Page) =>
  boxes(page).evaluateAll((all) =>
    all
      .filter((each) => each.getAttribute("aria-checked") === "true")
      .map((each) => each.closest("li")?.textContent?.match(/Plank \w+?(?=\d)/)?.[0]),
  );

test("messages are selected with the mouse and with keys, and Escape ends it", async () => {
  const { page } = anna;
  await act(page, "Plank two", "Select");
  await page.getByText("1 message", { exact: true }).waitFor();
  await box(page, "Plank two").and(page.locator(":focus")).waitFor();
  await message(page, "Plank four").click(); // anywhere in the row
  await message(page, "Plank six").click({ modifiers: ["Shift"] });
  await page.getByText("4 messages", { exact: true }).waitFor();
  expect(await chosen(page)).toEqual(["Plank two", "Plank four", "Plank five", "Plank six"]);
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("selecting");

  await box(page, "Plank four").focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Space");
  await page.getByRole("checkbox", { checked: true, name: /Plank three/ }).waitFor();
  expect(await chosen(page)).toEqual(["Plank two", "Plank three", "Plank five", "Plank six"]);
  await page.keyboard.press("Escape");
  await boxes(page).first().waitFor({ state: "detached" });
  await message(page, "Plank three").and(page.locator(":focus")).waitFor();
  await page.getByTestId("composer").waitFor();
});

test("what is selected is copied as one text", async () => {
  const { page } = anna;
  await anna.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await act(page, "Plank two", "Select");
  await message(page, "Plank one").click();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await page.getByText("Copied").waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toMatch(/^boris, .+\nPlank one\n\nboris, .+\nPlank two$/);
  await boxes(page).first().waitFor({ state: "detached" });
});

test("what is selected is forwarded in the order it was said, each once", async () => {
  const { page } = anna;
  await act(page, "Plank four", "Select");
  for (const text of ["Plank one", "Harbour plan", "Plank two"]) await message(page, text).click();
  await page.getByRole("button", { name: "Forward", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Forward to…" });
  await dialog.getByText("4 messages").waitFor();
  await dialog.getByRole("combobox").fill("bor");
  await dialog.getByRole("option", { name: "boris" }).click();
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("forwarding-several");
  await anna.context.setOffline(true); // they wait, and go out when there is a connection
  await dialog.getByRole("button", { name: "Forward", exact: true }).click();
  await boxes(page).first().waitFor({ state: "detached" });
  await anna.context.setOffline(false);
  let stored: Stored[] = [];
  await until("all have arrived", async () => {
    const answer = await rest<{ items: Stored[] }>(server, "GET", `/messages?chatId=${direct}`, {
      token: boris.token,
    });
    stored = answer.items;
    return stored.length >= 4;
  });
  expect(stored.map((each) => each.content || each.attachments[0]?.name)).toEqual([
    "Harbour plan_2026.odt",
    "Plank one",
    "Plank two",
    "Plank four",
  ]);
  expect(stored.every((each) => each.forwardedFrom?.userId === boris.id)).toBe(true);
});

test("a file is found by its name, and shown as what was found", async () => {
  const { page } = anna;
  await page.getByRole("button", { name: "Search in this chat" }).click();
  await page.getByRole("searchbox", { name: "Search in this chat" }).fill("plan 2026");
  await message(page, "Harbour plan").locator("mark", { hasText: "2026" }).waitFor();
  await page.getByRole("button", { name: "List of results" }).click();
  await page.getByTestId("message-hit").locator("mark", { hasText: "2026" }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("found-file");
  await page.keyboard.press("Escape");
});

test("on a phone it is one press away, and who runs the group deletes several at once", async () => {
  const { page } = vera;
  await act(page, "Plank six", "Выбрать");
  await message(page, "Plank five").click();
  await page.getByText("2 сообщения", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Удалить" }).count()).toBe(0); // others' messages, and no admin
  expect(await overflows(page)).toBe(false);
  expect(await accessibilityFaults(page)).toEqual([]);
  await vera.picture("selecting-phone");

  await act(anna.page, "Plank five", "Select");
  await message(anna.page, "Plank six").click();
  await anna.page.getByRole("button", { name: "Delete", exact: true }).click();
  const dialog = anna.page.getByRole("alertdialog", { name: "Delete 2 messages?" });
  expect(await accessibilityFaults(anna.page)).toEqual([]);
  await anna.picture("deleting-several");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await message(page, "Plank six").waitFor({ state: "detached" });
  // With nothing left to select, selecting is over on the other's phone.
  await boxes(page).first().waitFor({ state: "detached" });
  await page.getByText("Сообщение удалено").nth(1).waitFor();
  expect(
    [...anna.complaints, ...vera.complaints].filter((each) => !/ERR_INTERNET_DISCONNECTED/.test(each)),
  ).toEqual([]);
});
