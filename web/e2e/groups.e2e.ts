import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, overflows } from "./harness/accessible.ts";
import { type Account, makeChat, register, rest } from "./harness/api.ts";
import { Person } from "./harness/browser.ts";
import { Server } from "./harness/server.ts";
import { amber, teal, violet } from "./harness/signatures.ts";
import { acceptWithVideo, callWithVideo, composer, message, othersTiles, write } from "./harness/steps.ts";

// What one does with chats beside talking: inviting by link, describing, putting away, silencing, blocking, leaving; and
// a tab that is closed in the middle of a call.

let server: Server;
let anna: Person;
let boris: Person;
let vera: Person;
let accounts: Account[];
let group: string;

async function signIn({ page }: Person, username: string): Promise<void> {
  await page.goto(`${server.url}/login`);
  await page.locator('input[name="username"]').fill(username);
  await page.locator('input[name="password"]').fill(`correct horse ${username}`);
  await page.locator('button[type="submit"]').click();
}

beforeAll(async () => {
  server = await Server.start();
  [anna, boris, vera] = (await Promise.all([
    Person.open("anna", amber, { viewport: { width: 1440, height: 900 } }),
    Person.open("boris", teal),
    Person.open("vera", violet, {
      viewport: { width: 360, height: 740 },
      locale: "ru-RU",
      colorScheme: "dark",
    }),
  ])) as [Person, Person, Person];
  accounts = [
    await register(server, "anna"),
    await register(server, "boris"),
    await register(server, "vera"),
    await register(server, "gleb"),
  ];
  const [first, second, , fourth] = accounts as [Account, Account, Account, Account];
  group = await makeChat(server, [first, fourth], "Garden");
  await makeChat(server, [first, second]);
  await signIn(anna, "anna");
  await signIn(boris, "boris");
  await anna.page.getByTestId("chat-item").first().waitFor();
  await boris.page.getByTestId("chat-item").first().waitFor();
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail")
    await Promise.all([anna, boris, vera].map((person) => person?.pictureOfFailure()));
});

afterAll(async () => {
  await Promise.all([anna, boris, vera].map((person) => person?.close()));
  await server?.stop();
});

let link = "";

test("an owner describes the group and makes a link to it", async () => {
  const { page } = anna;
  await page.goto(`${server.url}/c/${group}`);
  await page.getByRole("button", { name: "Details" }).last().click();
  await page.getByRole("button", { name: "Add a description" }).click();
  await page.getByLabel("Description").fill("Seeds, tools and who waters when.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Seeds, tools and who waters when.").waitFor();
  await anna.picture("details-desktop");

  await page.getByRole("button", { name: "Invite links" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite links" });
  await dialog.getByText("There are no links yet").waitFor();
  await dialog.getByRole("button", { name: "New link" }).click();
  await dialog.getByLabel("Works for").selectOption("day");
  await dialog.getByLabel("Lets in").selectOption("ten");
  await dialog.getByRole("button", { name: "Create link" }).click();
  link = await dialog.getByTestId("invite-link").inputValue();
  expect(link).toMatch(/\/join\/.{16,}$/);
  await dialog.getByText("0 of 10 joined").waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("invites-desktop");
  await page.keyboard.press("Escape");
});

test("a stranger with the link signs in first, sees the group, and joins", async () => {
  const { page } = vera;
  const path = new URL(link).pathname;
  await page.goto(server.url + path);
  await page.getByText("У вас есть приглашение").waitFor();
  expect(new URL(page.url()).pathname).toBe("/join"); // the token has left the address
  await page.getByLabel("Имя пользователя или почта").fill("vera");
  await page.getByRole("textbox", { name: "Пароль" }).fill("correct horse vera");
  await page.getByRole("button", { name: "Войти" }).click();
  await page.getByRole("heading", { name: "Garden" }).waitFor();
  await page.getByText("Seeds, tools and who waters when.").waitFor();
  await page.getByText("2 участника").waitFor();
  await page.getByText("Вас приглашает anna").waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await overflows(page)).toBe(false);
  await vera.picture("join-phone");
  await page.getByRole("button", { name: "Вступить в группу" }).click();
  await composer(page).waitFor();
  await write(page, "Я полью в среду");
  await message(anna.page, "Я полью в среду").waitFor();

  await page.goto(server.url + path);
  await page.getByText("Вы уже в этой группе").waitFor();
  await page.getByRole("button", { name: "Открыть чат" }).click();
  await composer(page).waitFor();
});

test("a revoked link says that it does not work", async () => {
  const { page } = anna;
  await page.getByRole("button", { name: "Invite links" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite links" });
  await dialog.getByText("1 of 10 joined").waitFor();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await dialog.getByText("There are no links yet").waitFor();
  await page.keyboard.press("Escape");

  await boris.page.goto(server.url + new URL(link).pathname);
  await boris.page.getByText("This invitation does not work").waitFor();
  expect(await accessibilityFaults(boris.page)).toEqual([]);
  await boris.picture("join-invalid-desktop");
  await boris.page.getByRole("button", { name: "To the chats" }).click();
  await boris.page.getByTestId("chat-item").first().waitFor();
});

test("a chat that was put away comes back with news, unless it is muted", async () => {
  const { page } = anna;
  const item = page.getByTestId("chat-item").filter({ hasText: "Garden" });
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Archive" }).click();
  await item.waitFor({ state: "detached" });
  await page.getByTestId("archive").click();
  await item.waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("archive-desktop");
  await page.getByTestId("archive").click();
  await write(vera.page, "Кто купит семена?");
  await item.waitFor();

  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Mute" }).click();
  await page.getByRole("button", { name: "1 week" }).click();
  await item.getByText("muted").waitFor({ state: "attached" });
  await page.getByText(/Muted until/).waitFor();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Archive" }).click();
  await item.waitFor({ state: "detached" });
  await write(vera.page, "Я куплю");
  await message(page, "Я куплю").waitFor();
  expect(await item.count()).toBe(0);
});

test("who is blocked can neither be written to nor write, until it is lifted", async () => {
  const { page } = anna;
  await page.getByTestId("chat-item").filter({ hasText: "boris" }).click();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Block" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Block" }).click();
  await page.getByText("You have blocked boris").waitFor();
  expect(await composer(page).count()).toBe(0);
  expect(await page.getByRole("button", { name: "Video call" }).count()).toBe(0);
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("blocked-desktop");

  await boris.page.getByTestId("chat-item").filter({ hasText: "anna" }).click();
  await write(boris.page, "Are you there?");
  await boris.page.getByText("One of you has blocked the other").first().waitFor();

  await page.goto(`${server.url}/settings`);
  const list = page.getByLabel("Blocked people");
  await list.getByText("@boris").waitFor();
  await list.getByRole("button", { name: "Unblock" }).click();
  await list.getByText("You have blocked nobody").waitFor();
});

test("the last owner names another before leaving", async () => {
  const { page } = anna;
  await page.goto(`${server.url}/c/${group}`);
  await page.getByRole("button", { name: "Details" }).last().click();
  await page.getByRole("button", { name: "Leave group" }).click();
  const dialog = page.getByRole("dialog", { name: /Leave/ });
  await dialog.getByRole("radio", { name: /vera/ }).click();
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("leave-desktop");
  await dialog.getByRole("button", { name: "Leave group" }).click();
  await page.getByTestId("chat-item").filter({ hasText: "Garden" }).waitFor({ state: "detached" });
  const chat = await rest<{ myRole: string }>(server, "GET", `/chats/${group}`, {
    token: accounts[2]?.token ?? "",
  });
  expect(chat.myRole).toBe("owner");
});

test("a tab that is closed in a call of two ends it for the other within seconds", async () => {
  await anna.page.getByTestId("chat-item").filter({ hasText: "boris" }).click();
  await callWithVideo(anna.page);
  await acceptWithVideo(boris.page);
  await othersTiles(anna.page).locator("video").waitFor();
  const closed = Date.now();
  await boris.page.close();
  await anna.page.getByTestId("call-grid").waitFor({ state: "detached", timeout: 16_000 });
  expect(Date.now() - closed).toBeLessThan(16_000);
});

test("nothing went wrong behind the scenes", () => {
  // Refusals that were meant: a revoked link, a message to somebody who blocks.
  const unexpected = [anna, boris, vera]
    .flatMap((person) => person.complaints)
    .filter((text) => !/status of (403|404)/.test(text));
  expect(unexpected).toEqual([]);
  expect(server.log).not.toMatch(/panic|level=ERROR/);
});
