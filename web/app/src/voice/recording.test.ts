import { beforeEach, expect, test, vi } from "vitest";

const microphone = { live: true };

vi.mock("../client", async () => {
  const { Subject } = await import("@confab/sdk");
  return {
    client: {
      calls: { state: new Subject({ current: null }) },
      session: new Subject({ status: "signed-in" }),
    },
  };
});
vi.mock("./player", () => ({ forget: vi.fn(), pause: vi.fn() }));
vi.mock("./recorder", () => ({
  Recorder: {
    start: async () => ({
      elapsed: 1000,
      measured: [],
      onLost: () => {},
      pause: async () => new Blob(["said"]),
      resume: () => microphone.live,
      release: () => {},
    }),
  },
}));

import { forget } from "./player";
import {
  cancelRecording,
  isRecordingElsewhere,
  pauseRecording,
  resumeRecording,
  startRecording,
} from "./recording";

beforeEach(() => {
  microphone.live = true;
  cancelRecording();
  vi.mocked(forget).mockClear();
});

test("what was recorded for another chat is known of", async () => {
  expect(isRecordingElsewhere("b")).toBe(false);
  await startRecording("a");
  await pauseRecording();
  expect(isRecordingElsewhere("b")).toBe(true);
  expect(isRecordingElsewhere("a")).toBe(false);
});

test("without the microphone a recording stays paused, with what there is", async () => {
  await startRecording("a");
  await pauseRecording();
  microphone.live = false;
  expect(resumeRecording()).toBe(false);
  expect(forget).not.toHaveBeenCalled();
  microphone.live = true;
  expect(resumeRecording()).toBe(true);
  expect(forget).toHaveBeenCalled();
});
