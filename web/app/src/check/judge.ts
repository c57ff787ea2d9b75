import { ConfabError, MediaError, type PathResult } from "@confab/sdk";
import type { Finding } from "./steps";

/** What a call of two needs each way, in bits per second: sound alone, a small picture, a good one. */
const enough = { sound: 100_000, small: 400_000, good: 1_200_000 };

/** Losses (percent) and delays (ms there and back) that people begin to notice. */
const noticed = { loss: 3, delay: 300 };

/** A level (0 to 1) that breathing beside the microphone reaches, and a muted one does not. */
const audible = 0.015;

export function judgeDirect(result: PathResult): Finding {
  if (result.tookMs === null) return { state: "bad", text: "check.directBad", advice: "check.adviceDirect" };
  const values = { ms: String(result.tookMs) };
  return result.route?.protocol === "tcp"
    ? { state: "warn", text: "check.directTcp", values, advice: "check.adviceTcp" }
    : { state: "ok", text: "check.directOk", values };
}

export function judgeTurn(result: PathResult, tls: boolean): Finding {
  if (result.tookMs !== null) {
    return { state: "ok", text: "check.turnOk", values: { ms: String(result.tookMs) } };
  }
  const text = result.candidates.includes("relay") ? "check.turnBad" : "check.turnNoRelay";
  return { state: "bad", text, advice: tls ? "check.adviceTls" : "check.adviceTurn" };
}

export function judgeBandwidth(result: PathResult): Finding {
  if (result.tookMs === null)
    return { state: "bad", text: "check.bandwidthBad", advice: "check.adviceLater" };
  const loss = Math.max(result.lossUpPct, result.lossDownPct);
  const slowest = Math.min(result.upBps, result.downBps);
  const finding: Finding = {
    state: "ok",
    text: "check.bandwidthOk",
    values: {
      up: megabits(result.upBps),
      down: megabits(result.downBps),
      loss: loss.toFixed(loss < 10 ? 1 : 0),
      rtt: result.rttMs === null ? "–" : String(Math.max(1, result.rttMs)),
    },
  };
  if (slowest < enough.sound) return { ...finding, state: "bad", advice: "check.adviceSlow" };
  if (loss > noticed.loss) return { ...finding, state: "warn", advice: "check.adviceLoss" };
  if (slowest < enough.small) return { ...finding, state: "warn", advice: "check.adviceAudioOnly" };
  if (slowest < enough.good) return { ...finding, state: "warn", advice: "check.adviceSlow" };
  if ((result.rttMs ?? 0) > noticed.delay) return { ...finding, state: "warn", advice: "check.adviceDelay" };
  return finding;
}

export function judgeLevel(peak: number, device: string): Finding {
  return peak >= audible
    ? { state: "ok", text: "check.microphoneOk", values: { device } }
    : { state: "warn", text: "check.microphoneSilent", values: { device }, advice: "check.adviceSilent" };
}

/** Why a device did not open: the names are those of the Media Capture specification. */
export function judgeDevice(error: unknown): Finding {
  const name = error instanceof DOMException ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return { state: "bad", text: "check.deviceDenied", advice: "check.adviceDenied" };
    case "NotFoundError":
    case "OverconstrainedError":
      return { state: "warn", text: "check.deviceMissing", advice: "check.adviceMissing" };
    case "NotReadableError":
    case "AbortError":
      return { state: "bad", text: "check.deviceBusy", advice: "check.adviceBusy" };
    default:
      return { state: "bad", text: "check.deviceFailed", advice: "check.adviceMissing" };
  }
}

/** A path that could not be tried at all. */
export function judgeRefusal(error: unknown): Finding {
  if (error instanceof MediaError) return { state: "bad", text: "check.unsupported" };
  const limited = error instanceof ConfabError && error.code === "rate_limited";
  return { state: "bad", text: "check.refused", ...(limited ? { advice: "check.adviceLater" } : {}) };
}

export function megabits(bps: number): string {
  return (bps / 1_000_000).toFixed(bps < 10_000_000 ? 1 : 0);
}
