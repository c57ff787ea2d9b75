import type { Message } from "@confab/sdk";
import { expect, test } from "vitest";
import { asText } from "./copy";

const said = (userId: string, content: string, ...names: string[]) =>
  ({ userId, content, attachments: names.map((name) => ({ name })) }) as unknown as Message;
const heading = (message: Message) => `${message.userId}:`;

test.each([
  ["one is its words", [said("ann", "Hello,\nBob")], "Hello,\nBob"],
  ["one with a file", [said("ann", "", "plan.pdf")], "plan.pdf"],
  [
    "several are told apart",
    [said("ann", "Hello"), said("bob", "See there", "a.jpg", "b.jpg"), said("ann", "Thanks")],
    "ann:\nHello\n\nbob:\nSee there\na.jpg\nb.jpg\n\nann:\nThanks",
  ],
])("%s", (_, messages, text) => {
  expect(asText(messages, heading)).toBe(text);
});
