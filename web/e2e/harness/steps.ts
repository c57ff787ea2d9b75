import type { Locator, Page } from "playwright-core";
import type { Person } from "./browser.ts";

// What people do in the app, by the names that the page gives things in English.

/** Creates an account through the form. */
export async function signUp(person: Person, url: string, fullName: string): Promise<void> {
  const { page, name } = person;
  await page.goto(`${url}/register`);
  await page.getByLabel("Email").fill(`${name}@confab.test`);
  await page.getByLabel("Username").fill(name);
  await page.getByLabel("Name", { exact: true }).fill(fullName);
  await page.getByRole("textbox", { name: "Password" }).fill(`correct horse ${name}`);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("No chats yet").first().waitFor();
}

/** Finds somebody by a part of the name and opens the direct chat with them. */
export async function openDirectChat(page: Page, search: string, fullName: string): Promise<void> {
  await page.getByRole("button", { name: "New chat" }).click();
  await page.getByRole("menuitem", { name: "New chat" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox").fill(search);
  await dialog.getByRole("option", { name: fullName }).click();
  await composer(page).waitFor();
}

export async function openChat(page: Page, title: string): Promise<void> {
  await page.getByTestId("chat-item").filter({ hasText: title }).click();
  await composer(page).waitFor();
}

export function composer(page: Page): Locator {
  return page.getByTestId("composer");
}

export async function write(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

export function message(page: Page, text: string): Locator {
  return page.getByTestId("message").filter({ hasText: text });
}

/** Waits until one's own message carries the mark. */
export async function marked(page: Page, text: string, status: "sent" | "delivered" | "read"): Promise<void> {
  await message(page, text)
    .and(page.locator(`[data-status="${status}"]`))
    .waitFor();
}

export async function callWithVideo(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Video call" }).click();
  await page.getByTestId("call-grid").waitFor();
}

export async function acceptWithVideo(page: Page): Promise<void> {
  await page.getByTestId("incoming-call").getByRole("button", { name: "Accept with video" }).click();
  await page.getByTestId("call-grid").waitFor();
}

export async function hangUp(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Hang up" }).click();
}

/** The tiles of other people. */
export function othersTiles(page: Page, source = "camera"): Locator {
  return page.locator(`[data-testid="call-tile"][data-self="false"][data-source="${source}"]`);
}
