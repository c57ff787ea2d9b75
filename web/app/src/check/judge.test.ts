import type { PathResult } from "@confab/sdk";
import { describe, expect, it } from "vitest";
import { judgeBandwidth, judgeDirect, judgeLevel, judgeTurn, megabits } from "./judge";
import { type Findings, verdictOf } from "./steps";

const fine: PathResult = {
  ...{ tookMs: 120, candidates: ["host"], route: { type: "host", protocol: "udp" }, rttMs: 20 },
  ...{ upBps: 2_000_000, downBps: 2_000_000, lossUpPct: 0, lossDownPct: 0 },
};
const closed: PathResult = { ...fine, tookMs: null, route: null };

describe("paths", () => {
  it("are fine by UDP, and told where it takes TCP", () => {
    expect(judgeDirect(fine).state).toBe("ok");
    expect(judgeDirect({ ...fine, route: { type: "host", protocol: "tcp" } })).toMatchObject({
      state: "warn",
      text: "check.directTcp",
    });
    expect(judgeDirect(closed).state).toBe("bad");
  });

  it("tell a relay that does not answer from one that leads nowhere", () => {
    expect(judgeTurn({ ...fine, candidates: ["relay"] }, false).state).toBe("ok");
    expect(judgeTurn({ ...closed, candidates: ["relay"] }, false).text).toBe("check.turnBad");
    expect(judgeTurn({ ...closed, candidates: [] }, true).text).toBe("check.turnNoRelay");
  });
});

describe("the line", () => {
  it.each([
    ["fast", {}, "ok", undefined],
    ["for sound only", { upBps: 200_000 }, "warn", "check.adviceAudioOnly"],
    ["for a small picture", { downBps: 700_000 }, "warn", "check.adviceSlow"],
    ["for nothing", { upBps: 20_000 }, "bad", "check.adviceSlow"],
    ["that loses", { lossUpPct: 8 }, "warn", "check.adviceLoss"],
    ["that is far", { rttMs: 450 }, "warn", "check.adviceDelay"],
    ["that is dead", { tookMs: null }, "bad", "check.adviceLater"],
  ])("%s", (_, change, state, advice) => {
    const finding = judgeBandwidth({ ...fine, ...change });
    expect(finding.state).toBe(state);
    expect(finding.advice).toBe(advice);
  });

  it("is told in megabits", () => {
    expect(judgeBandwidth({ ...fine, lossDownPct: 1.26 }).values).toEqual({
      ...{ up: "2.0", down: "2.0", loss: "1.3", rtt: "20" },
    });
    expect(megabits(34_400_000)).toBe("34");
  });
});

it("hears a voice and no silence", () => {
  expect(judgeLevel(0.2, "Mic").state).toBe("ok");
  expect(judgeLevel(0, "Mic").state).toBe("warn");
});

describe("the verdict", () => {
  const all: Findings = {
    ...{
      server: { state: "ok" },
      socket: { state: "ok" },
      camera: { state: "ok" },
      microphone: { state: "ok" },
    },
    ...{
      direct: { state: "ok" },
      turnUdp: { state: "ok" },
      turnTcp: { state: "ok" },
      turnTls: { state: "skipped" },
    },
    bandwidth: { state: "ok" },
  };

  it.each([
    ["all is well", {}, "good"],
    ["TURN is closed, which nobody needs", { turnUdp: { state: "bad" } }, "good"],
    ["only TURN works", { direct: { state: "bad" } }, "limited"],
    ["there is no camera", { camera: { state: "warn" } }, "limited"],
    [
      "no path works",
      { direct: { state: "bad" }, turnUdp: { state: "bad" }, turnTcp: { state: "bad" } },
      "bad",
    ],
    ["the socket is closed", { socket: { state: "bad" } }, "bad"],
  ] as const)("%s", (_, change, verdict) => {
    expect(verdictOf({ ...all, ...change })).toBe(verdict);
  });
});
