import type { Message } from "@confab/sdk";
import { expect, it } from "vitest";
import { rateAfter, voiceAfter } from "./order";

const at = (seq: number, kind: Message["kind"], files = 1) =>
  ({ seq, kind, attachments: Array.from({ length: files }, () => ({})) }) as unknown as Message;

it("goes on with the next voice message, past texts, files and deleted ones", () => {
  const messages = [at(1, "audio"), at(2, "text", 0), at(3, "audio", 0), at(4, "file"), at(5, "audio")];
  expect(voiceAfter(messages, 1)?.seq).toBe(5);
  expect(voiceAfter(messages, 5)).toBeUndefined();
});

it("goes round the speeds", () => {
  expect([1, 1.5, 2, 7].map(rateAfter)).toEqual([1.5, 2, 1, 1]);
});
