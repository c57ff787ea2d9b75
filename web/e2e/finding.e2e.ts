import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, overflows } from "./harness/accessible.ts";
import { type Account, makeChat, register, rest } from "./harness/api.ts";
import { Person } from "./harness/browser.ts";
import { until } from "./harness/process.ts";
import { Server } from "./harness/server.ts";
import { amber, violet } from "./harness/signatures.ts";
import { composer, message, openChat, write } from "./harness/steps.ts";

// Mentions, pins, forwarding, search and drafts, in a group with a long history. One of the two is on a phone and in
// Russian.

/** More than a few pages: what is old is not loaded. */
const historyLength = 230;

let server: Server;
let anna: Person;
let vera: Person;
let annas: Account;
let boris: Account;
let veras: Account;
let group: string;
let direct: string;

beforeAll(async () => {
  server = await Server.start();
  [annas, boris, veras] = (await Promise.all(
    ["anna", "boris", "vera"].map((name) => register(server, name)),
  )) as [Account, Account, Account];
  group = await makeChat(server, [annas, boris, veras], "Harbour");
  direct = await makeChat(server, [annas, boris]);
  for (let n = 1; n <= historyLength; n++) {
    await say(boris, n === 20 ? "The lighthouse needs a new lamp" : entry(n));
  }
  [anna, vera] = await Promise.all([
    Person.open("anna", amber, { viewport: { width: 1440, height: 900 } }),
    Person.open("vera", violet, {
      viewport: { width: 360, height: 740 },
      locale: "ru-RU",
      colorScheme: "dark",
    }),
  ]);
  await signIn(anna.page, "Sign in", "Username or email", "Password", "anna");
  await signIn(vera.page, "Войти", "Имя пользователя или почта", "Пароль", "vera");
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail")
    await Promise.all([anna, vera].map((person) => person?.pictureOfFailure()));
});

afterAll(async () => {
  await Promise.all([anna?.close(), vera?.close()]);
  await server?.stop();
});

interface Stored {
  id: string;
  seq: number;
}

/** What message n says: no other has these words in it. */
const entry = (n: number) => `Entry ${String(n).padStart(3, "0")}`;

function say(who: Account, content: string, more: object = {}): Promise<Stored> {
  return rest(server, "POST", "/messages", { token: who.token, body: { chatId: group, content, ...more } });
}

async function signIn(page: Page, button: string, login: string, password: string, name: string) {
  await page.goto(`${server.url}/login`);
  await page.getByLabel(login).fill(name);
  await page.getByRole("textbox", { name: password }).fill(`correct horse ${name}`);
  await page.getByRole("button", { name: button }).click();
  await page.getByTestId("chat-item").first().waitFor();
}

/** Opens the chat with Boris, whose name stands in the group's line as well. */
async function openDirect(page: Page): Promise<void> {
  await page.locator(`[data-testid="chat-item"][data-chat-id="${direct}"]`).click();
  await page.getByRole("heading", { name: "boris" }).waitFor();
}

/** The list of the open chat, which stands beside what a search found. */
const messages = (page: Page) =>
  page.getByRole("main").getByRole("region", { name: /^(Messages|Сообщения)$/ });

/** Whether the message is wholly in the part of the list that is in sight. */
async function inSight(page: Page, text: string): Promise<boolean> {
  const box = await message(page, text).boundingBox();
  const list = await messages(page).boundingBox();
  return !!box && !!list && box.y >= list.y - 1 && box.y + box.height <= list.y + list.height + 1;
}

const arrivesAt = (page: Page, text: string) =>
  until(
    `“${text}” is in sight`,
    async () => (await message(page, text).count()) === 1 && inSight(page, text),
  );

/** Opens a message's menu as a right click does. */
async function act(page: Page, text: string, action: string): Promise<void> {
  await message(page, text).getByText(text).click({ button: "right" });
  await page.getByRole("menuitem", { name: action, exact: true }).click();
}

test("a chat with more unread than a page opens at the first unread message", async () => {
  const { page } = anna;
  await openChat(page, "Harbour");
  await arrivesAt(page, entry(1));
  await page.getByText("New messages", { exact: true }).waitFor();
  expect(await message(page, entry(historyLength)).count()).toBe(0);
});

test("scrolling down comes to the newest, page by page, without a jump", async () => {
  const { page } = anna;
  await until("the newest is reached by scrolling", async () => {
    await messages(page).hover();
    await page.mouse.wheel(0, 2500);
    return (await message(page, entry(historyLength)).count()) === 1;
  });
  await until("all is read", async () => {
    await page.mouse.wheel(0, 2500);
    return (
      (await page
        .getByTestId("chat-item")
        .getByText(/unread/)
        .count()) === 0
    );
  });
  expect(await message(page, entry(2)).count(), "the whole way was loaded").toBe(1);
});

test("a search in everything finds people, chats and messages, and goes to a message that is not loaded", async () => {
  const { page } = anna;
  await page.reload();
  await message(page, entry(historyLength)).waitFor();
  expect(await message(page, "lighthouse").count()).toBe(0);
  await page.getByRole("searchbox", { name: "Search everything" }).fill("lighthouses");
  const hit = page.getByTestId("message-hit");
  await hit
    .filter({ hasText: "boris" })
    .filter({ hasText: "Harbour" })
    .locator("mark", { hasText: "lighthouse" })
    .waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("search-everything");
  await hit.click();
  await arrivesAt(page, "lighthouse");
  expect(await message(page, entry(historyLength)).count(), "what lies between is not loaded").toBe(0);

  await page.getByRole("button", { name: /^Jump to/ }).click();
  await arrivesAt(page, entry(historyLength));

  await page.getByRole("searchbox").fill("bor");
  await page.getByTestId("search-results").locator(`[data-chat-id="${direct}"]`).waitFor();
  await page.getByRole("searchbox").fill("vera");
  await page.getByRole("region", { name: "People" }).getByRole("button", { name: "vera" }).waitFor();
  await page.getByRole("searchbox").fill("xyzzy");
  await page.getByText("Nothing matches “xyzzy”.").waitFor();
  await page.getByRole("searchbox").press("Escape");
});

test("a search in the chat walks through what it finds", async () => {
  const { page } = anna;
  await page.keyboard.press("Control+f");
  const field = page.getByRole("searchbox", { name: "Search in this chat" });
  await field.fill("entry");
  await page.getByText("1 of 20+").waitFor();
  await arrivesAt(page, entry(historyLength));
  await message(page, entry(historyLength)).locator("mark", { hasText: "Entry" }).waitFor();
  await field.press("Enter");
  await page.getByText("2 of 20+").waitFor();
  await field.fill('"entry 003"');
  await page.getByText("1 of 1").waitFor();
  await arrivesAt(page, entry(3));
  await page.getByRole("button", { name: "List of results" }).click();
  await page.getByTestId("chat-search-list").getByTestId("message-hit").waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("search-in-chat");
  await field.press("Escape");
  await field.waitFor({ state: "detached" });
});

test("what one writes from an old place stands at the end", async () => {
  const { page } = anna;
  await write(page, "Back in the present");
  await arrivesAt(page, "Back in the present");
  expect(await message(page, entry(historyLength)).count()).toBe(1);
});

test("an @ offers the members, by the keyboard and by touch", async () => {
  const { page } = anna;
  await composer(page).pressSequentially("Ahoy @b");
  const offers = page.getByRole("listbox", { name: "People to mention" });
  await offers.getByRole("option", { name: "boris" }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("mention-offers");
  await composer(page).press("Enter");
  expect(await composer(page).inputValue()).toBe("Ahoy @boris ");
  await composer(page).pressSequentially("and @");
  await offers.getByRole("option").nth(1).waitFor();
  await composer(page).press("ArrowDown");
  await composer(page).press("Tab");
  expect(await composer(page).inputValue()).toBe("Ahoy @boris and @vera ");
  await composer(page).pressSequentially("@an");
  await composer(page).press("Escape");
  await composer(page).press("Enter");
  await message(page, "Ahoy").locator("[data-mention]", { hasText: "@vera" }).click();
  const card = page.getByRole("dialog", { name: "Profile" });
  await card.getByText("@vera").waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.keyboard.press("Escape");
});

test("who is mentioned sees it in the list, and goes from one mention to the next", async () => {
  const { page } = vera;
  await page.getByTestId("chat-item").getByText("1 упоминание вас").waitFor();
  await vera.picture("mention-badge-phone");
  await openChat(page, "Harbour");
  await arrivesAt(page, entry(1));
  await say(boris, "And again @vera");
  await page.getByRole("button", { name: "К следующему из 2 сообщений, где вас упомянули" }).click();
  await arrivesAt(page, "Ahoy");
  await message(page, "Ahoy").locator('[data-mention="me"]', { hasText: "@vera" }).waitFor();
  await until("all mentions are read", async () => {
    const next = page.getByRole("button", { name: /упомянули/ });
    if ((await next.count()) === 0) return true;
    await next.click({ timeout: 1000 });
    return false;
  });
  await arrivesAt(page, "And again");
  expect(await overflows(page)).toBe(false);
  expect(await accessibilityFaults(page)).toEqual([]);
  await vera.picture("mention-phone");
});

test("on a phone the search is in the chat's menu", async () => {
  const { page } = vera;
  await page.getByRole("button", { name: "Ещё" }).click();
  await page.getByRole("menuitem", { name: "Поиск в этом чате" }).click();
  const field = page.getByRole("searchbox", { name: "Поиск в этом чате" });
  await field.and(page.locator(":focus")).waitFor();
  await page.keyboard.type("lighthouse");
  await arrivesAt(page, "lighthouse");
  await page.keyboard.press("Escape");
  await field.waitFor({ state: "detached" });
});

test("a pinned message is on top for everyone, and leads to its place", async () => {
  const old = await say(boris, "Pinned by its author");
  await rest(server, "PUT", `/messages/${old.id}/pin`, { token: boris.token });
  const { page } = anna;
  await page.getByTestId("pinned-bar").getByText("Pinned by its author").waitFor();

  await page.getByRole("button", { name: "Search in this chat" }).click();
  await page.getByRole("searchbox", { name: "Search in this chat" }).fill("lighthouse");
  await arrivesAt(page, "lighthouse");
  await page.keyboard.press("Escape");
  await act(page, "The lighthouse needs a new lamp", "Pin");
  await page.getByTestId("pinned-bar").getByText("lighthouse").waitFor();
  await page.getByRole("button", { name: /^Jump to/ }).click();
  await arrivesAt(page, "Pinned by its author");

  await vera.page.getByTestId("pinned-bar").getByText("lighthouse").waitFor();
  await vera.page.getByTestId("pinned-bar").click();
  await arrivesAt(vera.page, "lighthouse");
  await vera.page.getByTestId("pinned-bar").getByText("Pinned by its author").waitFor();
  await vera.picture("pinned-phone");

  await page.getByRole("button", { name: "All pinned messages" }).click();
  const panel = page.getByRole("complementary");
  await panel.getByText("Pinned by you").waitFor();
  expect(await panel.getByRole("listitem").count()).toBe(2);
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("pins-panel");
  await panel
    .getByRole("listitem")
    .filter({ hasText: "lighthouse" })
    .getByRole("button", { name: "Unpin" })
    .click();
  await vera.page.getByTestId("pinned-bar").getByText("lighthouse").waitFor({ state: "detached" });
  await panel.getByRole("button", { name: "Close pinned messages" }).click();
});

test("an answer to an old message quotes it and leads there", async () => {
  const found = await rest<{ items: Stored[] }>(
    server,
    "GET",
    `/messages/search?q=lighthouse&chatId=${group}`,
    { token: boris.token },
  );
  await say(boris, "It has one now", { replyTo: found.items.at(-1)?.id });
  const { page } = anna;
  const answer = message(page, "It has one now");
  await answer.getByText("The lighthouse needs a new lamp").waitFor();
  await answer
    .getByRole("button", { name: /lighthouse/, includeHidden: true })
    .first()
    .click();
  await until("the quoted message is there", async () => {
    const quoted = page.locator('[data-testid="message"]').filter({ hasText: "The lighthouse" });
    return (await quoted.count()) > 0 && (await message(page, entry(19)).count()) === 1;
  });
  await page.getByRole("button", { name: /^Jump to/ }).click();
  await arrivesAt(page, "It has one now");
});

test("a message is forwarded to another chat, also while there is no network", async () => {
  const { page } = anna;
  await anna.context.setOffline(true);
  await act(page, "Back in the present", "Forward");
  const dialog = page.getByRole("dialog", { name: "Forward to…" });
  await dialog.getByRole("combobox").fill("bor");
  await dialog.getByRole("option", { name: "boris" }).click();
  expect(await accessibilityFaults(page)).toEqual([]);
  await anna.picture("forward");
  await dialog.getByRole("button", { name: "Forward", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  await anna.context.setOffline(false);
  await openDirect(page);
  const copy = message(page, "Back in the present");
  await copy.getByText("Forwarded from anna").waitFor();
  await until("the server has it", async () =>
    /sent|delivered|read/.test((await copy.getAttribute("data-status")) ?? ""),
  );
  await anna.picture("forwarded");
});

test("a draft is kept with what it answers, over a reload, and goes with the sending", async () => {
  const { page } = anna;
  await openChat(page, "Harbour");
  await act(page, "It has one now", "Reply");
  await composer(page).fill("A light at last");
  await openDirect(page);
  const item = page.getByTestId("chat-item").filter({ hasText: "Harbour" });
  await item.getByText("Draft:").waitFor();
  await item.getByText("A light at last").waitFor();
  await page.reload();
  await item.getByText("A light at last").waitFor();
  await openChat(page, "Harbour");
  await page.getByText("Reply to boris").waitFor();
  expect(await composer(page).inputValue()).toBe("A light at last");
  await anna.picture("draft");
  await composer(page).press("Enter");
  await message(page, "A light at last").getByText("It has one now").waitFor();
  await openDirect(page);
  await item.getByText("A light at last").waitFor();
  expect(await item.getByText("Draft:").count()).toBe(0);
});

test("signing out takes the drafts along", async () => {
  const { page } = anna;
  await composer(page).fill("Not for other eyes");
  await page.getByRole("button", { name: "Account menu" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(kept).not.toContain("Not for other eyes");
});

test("nothing went wrong behind the scenes", () => {
  // A browser reports the requests that failed while it was offline; those are meant.
  const unexpected = [anna, vera]
    .flatMap((person) => person.complaints)
    .filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(text));
  expect(unexpected).toEqual([]);
  expect(server.log).not.toMatch(/panic|level=ERROR/);
});
