import type { IceServer, PathResult } from "@confab/sdk";
import { client } from "../client";
import { tryCamera, tryMicrophone } from "./devices";
import { judgeBandwidth, judgeDirect, judgeRefusal, judgeTurn } from "./judge";
import { noise } from "./noise";
import type { Finding, Step } from "./steps";

/** What the run tells while it goes. */
interface Watcher {
  found: (step: Step, finding: Finding) => void;
  camera: (stream: MediaStream | null) => void;
  level: (value: number) => void;
}

/** Bits per second: enough to see that a path carries media, and what a good picture needs. */
const little = 150_000;
const much = 2_500_000;

/** How long a path, and the line, are measured once media flows, in ms. A line's rate takes seconds to climb. */
const glance = 800;
const stare = 7000;

type Configuration = { iceServers: RTCIceServer[]; iceTransportPolicy: RTCIceTransportPolicy };

/** Looks at everything, one after the other. Ends early, without a word, when the signal says so. */
export async function runCheck(watcher: Watcher, signal: AbortSignal): Promise<void> {
  const found = (step: Step, finding: Finding) => {
    if (!signal.aborted) watcher.found(step, finding);
  };
  const step = async (name: Step, work: () => Promise<Finding>) => {
    if (signal.aborted) return;
    found(name, { state: "running" });
    found(name, await work());
  };

  await step("server", tryServer);
  await step("socket", trySocket);
  await step("camera", () => tryCamera(watcher.camera, signal));
  await step("microphone", () => tryMicrophone(watcher.level, signal));

  const servers = await client.rest.iceServers().then(
    (answer) => answer.iceServers,
    () => [],
  );
  const working: Configuration[] = [];
  const path = async (configuration: Configuration, judge: (result: PathResult) => Finding) => {
    try {
      const result = await tryWith(configuration, signal);
      if (result.tookMs !== null) working.push(configuration);
      return judge(result);
    } catch (error) {
      return judgeRefusal(error);
    }
  };
  await step("direct", () => path({ iceServers: stunOf(servers), iceTransportPolicy: "all" }, judgeDirect));
  for (const [name, pattern] of ways) {
    await step(name, async () => {
      const iceServers = turnOf(servers, pattern);
      if (iceServers.length === 0) return { state: "skipped", text: "check.turnNone" };
      return path({ iceServers, iceTransportPolicy: "relay" }, (result) =>
        judgeTurn(result, name === "turnTls"),
      );
    });
  }
  await step("bandwidth", async () => {
    const best = working[0];
    if (!best) return { state: "skipped", text: "check.noPath" };
    try {
      return judgeBandwidth(
        await tryWith(best, signal, { width: 640, height: 360, rate: much, measure: stare }),
      );
    } catch (error) {
      return judgeRefusal(error);
    }
  });
}

/** The ways through TURN, and how their addresses look (RFC 7065). */
const ways: [Step, RegExp][] = [
  ["turnUdp", /^turn:(?!.*transport=tcp)/],
  ["turnTcp", /^turn:.*transport=tcp/],
  ["turnTls", /^turns:/],
];

const urlsOf = (server: IceServer) => (typeof server.urls === "string" ? [server.urls] : server.urls);

function stunOf(servers: readonly IceServer[]): RTCIceServer[] {
  return servers.flatMap((server) => {
    const urls = urlsOf(server).filter((url) => url.startsWith("stun:"));
    return urls.length > 0 ? [{ urls }] : [];
  });
}

function turnOf(servers: readonly IceServer[], pattern: RegExp): RTCIceServer[] {
  return servers.flatMap((server) => {
    const urls = urlsOf(server).filter((url) => pattern.test(url));
    return urls.length > 0 ? [{ ...server, urls }] : [];
  });
}

async function tryWith(
  configuration: Configuration,
  signal: AbortSignal,
  { width, height, rate, measure } = { width: 320, height: 180, rate: little, measure: glance },
): Promise<PathResult> {
  const { track, stop } = noise(width, height);
  try {
    return await client.calls.tryPath({ configuration, track, maxBitrate: rate, measure, signal });
  } finally {
    stop();
  }
}

async function tryServer(): Promise<Finding> {
  const began = performance.now();
  try {
    await client.rest.me();
    const values = { ms: String(Math.round(performance.now() - began)) };
    return { state: "ok", text: "check.serverOk", values };
  } catch {
    return { state: "bad", text: "check.serverBad", advice: "check.adviceServer" };
  }
}

async function trySocket(): Promise<Finding> {
  try {
    return { state: "ok", text: "check.socketOk", values: { ms: String(await client.ping()) } };
  } catch {
    return { state: "bad", text: "check.socketBad", advice: "check.adviceSocket" };
  }
}
