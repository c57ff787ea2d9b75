import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, overflows } from "./harness/accessible.ts";
import { Person } from "./harness/browser.ts";
import { grows, showsMoving } from "./harness/look.ts";
import { until } from "./harness/process.ts";
import { Server } from "./harness/server.ts";
import { amber, teal, violet } from "./harness/signatures.ts";
import {
  acceptWithVideo,
  callWithVideo,
  composer,
  message,
  openChat,
  othersTiles,
  signUp,
  write,
} from "./harness/steps.ts";

// A group of three, one of them on a phone and in Russian.

let server: Server;
let anna: Person;
let boris: Person;
let vera: Person;

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
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail")
    await Promise.all([anna, boris, vera].map((person) => person?.pictureOfFailure()));
});

afterAll(async () => {
  await Promise.all([anna, boris, vera].map((person) => person?.close()));
  await server?.stop();
});

test("the sign-in page follows the browser's language and fits a phone", async () => {
  await vera.page.goto(`${server.url}/login`);
  await vera.page.getByRole("button", { name: "Войти" }).waitFor();
  expect(await overflows(vera.page)).toBe(false);
  expect(await accessibilityFaults(vera.page)).toEqual([]);
  await vera.picture("login-phone");
});

test("a refused registration says what is wrong, at the field", async () => {
  await signUp(anna, server.url, "Anna Berg");
  const { page } = boris;
  await page.goto(`${server.url}/register`);
  await page.getByLabel("Email").fill("anna@confab.test");
  await page.getByLabel("Username").fill("boris");
  await page.getByRole("textbox", { name: "Password" }).fill("a very long password");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("There is already an account with this email").waitFor();
  await signUp(boris, server.url, "Boris Orlov");
});

test("somebody registers on the phone, in Russian", async () => {
  const { page } = vera;
  await page.goto(`${server.url}/register`);
  await page.getByLabel("Почта").fill("vera@confab.test");
  await page.getByLabel("Имя пользователя").fill("vera");
  await page.getByRole("textbox", { name: "Пароль" }).fill("correct horse vera");
  await page.getByRole("button", { name: "Создать аккаунт" }).click();
  await page.getByText("Чатов пока нет").first().waitFor();
  expect(await overflows(page)).toBe(false);
});

test("a group is made, and everybody reads the same conversation", async () => {
  const { page } = anna;
  await page.getByRole("button", { name: "New chat" }).click();
  await page.getByRole("menuitem", { name: "New group" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Group name").fill("Дача");
  for (const [search, found] of [
    ["boris", "Boris Orlov"],
    ["vera", "vera"],
  ] as const) {
    await dialog.getByRole("combobox").fill(search);
    await dialog.getByRole("option", { name: found }).click();
  }
  await dialog.getByRole("button", { name: "Create group" }).click();
  await composer(page).waitFor();

  await openChat(boris.page, "Дача");
  await openChat(vera.page, "Дача");
  for (const [person, text] of [
    [anna, "Who brings the coals?"],
    [boris, "I do, and the melon"],
    [vera, "А я приеду на электричке"],
  ] as const) {
    await write(person.page, text);
    for (const reader of [anna, boris, vera]) await message(reader.page, text).waitFor();
  }
  expect(await overflows(vera.page)).toBe(false);
  await vera.picture("group-phone");
  await anna.picture("group-desktop");
});

test("the conversation is accessible, on the desk and on the phone", async () => {
  expect(await accessibilityFaults(anna.page)).toEqual([]);
  expect(await accessibilityFaults(vera.page)).toEqual([]);
});

test("a call of three: each sees both others, and nobody negotiates when one leaves", async () => {
  await callWithVideo(anna.page);
  await acceptWithVideo(boris.page);
  await vera.page.getByTestId("incoming-call").getByRole("button", { name: "Ответить с видео" }).click();

  for (const person of [anna, boris, vera]) {
    await until(`${person.name} has two other tiles with pictures`, async () => {
      return (await othersTiles(person.page).locator("video").count()) === 2;
    });
  }
  const tile = (person: Person, other: string) =>
    othersTiles(person.page).filter({ hasText: other }).locator("video");
  await showsMoving(tile(anna, "Boris Orlov"), teal);
  await showsMoving(tile(anna, "vera"), violet);
  await showsMoving(tile(boris, "Anna Berg"), amber);
  await showsMoving(tile(boris, "vera"), violet);
  await showsMoving(tile(vera, "Anna Berg"), amber);
  await showsMoving(tile(vera, "Boris Orlov"), teal);
  expect(await overflows(vera.page)).toBe(false);
  expect(await accessibilityFaults(vera.page)).toEqual([]);
  await anna.picture("call-three-desktop");
  await vera.picture("call-three-phone");

  await boris.page.getByRole("button", { name: "Leave the call" }).click();
  await othersTiles(anna.page).filter({ hasText: "Boris Orlov" }).waitFor({ state: "detached" });
  await grows(anna.page, "video", "framesDecoded");
  await showsMoving(tile(vera, "Anna Berg"), amber);
});

test("the call goes on behind the chat, and a latecomer joins it from there", async () => {
  await anna.page.getByRole("button", { name: "Minimise the call" }).click();
  await write(anna.page, "Still talking");
  await message(boris.page, "Still talking").waitFor();
  await boris.page.getByRole("button", { name: "Join call" }).first().click();
  await showsMoving(othersTiles(boris.page).filter({ hasText: "Anna Berg" }).locator("video"), amber);
});

test("nothing went wrong behind the scenes", () => {
  // The refused registration is the one request that was meant to fail.
  const unexpected = [anna, boris, vera]
    .flatMap((person) => person.complaints)
    .filter((text) => !/status of 409/.test(text));
  expect(unexpected).toEqual([]);
  expect(server.log).not.toMatch(/panic|level=ERROR/);
});
