import type { CallState } from "@confab/sdk";
import { expect, test } from "vitest";
import { interruptedBy, parseInterrupted } from "./interrupted";

const source = { on: true, busy: false, deviceId: null, error: null };
const call = {
  ...{ chatId: "c", callId: "k", phase: "connected" },
  local: { microphone: { ...source, on: false, deviceId: "mic" }, camera: source },
} as unknown as CallState;

test("a call that is torn off is kept with what was sent", () => {
  const kept = interruptedBy(call, 1000);
  expect(kept).toEqual({
    ...{ chatId: "c", callId: "k", at: 1000 },
    media: { audio: false, video: true, microphoneId: "mic" },
  });
  expect(parseInterrupted(JSON.stringify(kept), 2000)).toEqual(kept);
});

test("there is nothing to come back into before a call stands and after it", () => {
  expect(interruptedBy(null, 0)).toBeNull();
  expect(interruptedBy({ ...call, callId: null }, 0)).toBeNull();
  expect(interruptedBy({ ...call, phase: "ended" }, 0)).toBeNull();
});

test("what is too old, from another clock, or broken counts for nothing", () => {
  const text = JSON.stringify(interruptedBy(call, 100_000));
  expect(parseInterrupted(text, 130_000)).not.toBeNull();
  expect(parseInterrupted(text, 130_001)).toBeNull();
  expect(parseInterrupted(text, 99_999)).toBeNull();
  for (const broken of [null, "", "null", "[]", '{"chatId":"c","callId":"k","at":100000}', '{"chatId":1}']) {
    expect(parseInterrupted(broken, 100_000)).toBeNull();
  }
});
