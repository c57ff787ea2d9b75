import { NetworkError } from "../errors.ts";
import type { ClientEvents, SessionDescription } from "../events.ts";
import type { WebRTCPlatform } from "../platform.ts";
import type { Id } from "../types.ts";

/** How long media may take to come back before a path counts as closed. Milliseconds. */
const patience = 10_000;

/** How often the statistics are looked at. Milliseconds. */
const lookEvery = 200;

export interface PathOptions {
  /** Which ways the browser may take. */
  configuration: RTCConfiguration;
  /** What is sent there and comes back. It is not stopped. */
  track: MediaStreamTrack;
  /** Bits per second at the most. */
  maxBitrate: number;
  /** How long rates and losses are measured once media flows. Milliseconds. */
  measure: number;
  signal?: AbortSignal;
}

/** How media that went to the SFU and back has fared. */
export interface PathResult {
  /** Milliseconds from the offer to the first media that came back; null: none did. */
  tookMs: number | null;
  /** Kinds of addresses that the browser found for itself. */
  candidates: readonly string[];
  /** How it goes in the end: host, srflx, prflx or relay, by udp or tcp. */
  route: { type: string; protocol: string } | null;
  rttMs: number | null;
  /** Bits per second. */
  upBps: number;
  downBps: number;
  /** Percent. */
  lossUpPct: number;
  lossDownPct: number;
}

type Ask = (data: ClientEvents["call:check"]["data"]) => Promise<ClientEvents["call:check"]["ack"]>;

/** Sends a track to the SFU on one leg, receives it on another, and tells how that went. Rejects when the server refuses. */
export async function tryPath(
  webrtc: WebRTCPlatform,
  ask: Ask,
  { configuration, track, maxBitrate, measure, signal }: PathOptions,
): Promise<PathResult> {
  const sender = webrtc.createPeerConnection(configuration);
  const receiver = webrtc.createPeerConnection(configuration);
  const candidates = new Set<string>();
  sender.onicecandidate = ({ candidate }) => {
    if (candidate?.type) candidates.add(candidate.type);
  };
  try {
    sender.addTransceiver(track, { direction: "sendonly", sendEncodings: [{ maxBitrate }] });
    receiver.addTransceiver(track.kind, { direction: "recvonly" });
    const began = performance.now();
    const checkId = await open(sender, ask);
    await open(receiver, ask, checkId);
    const came = await until(
      async () => (await read(sender, receiver)).received > 0,
      began + patience,
      signal,
    );
    const tookMs = came ? Math.round(performance.now() - began) : null;
    if (!came) return { ...nothing, candidates: [...candidates] };
    const first = await read(sender, receiver);
    await wait(measure, signal);
    const last = await read(sender, receiver);
    return { tookMs, candidates: [...candidates], ...compare(first, last) };
  } finally {
    sender.close();
    receiver.close();
  }
}

async function open(pc: RTCPeerConnection, ask: Ask, checkId?: Id): Promise<Id> {
  await pc.setLocalDescription(await pc.createOffer());
  const { type, sdp } = pc.localDescription as SessionDescription;
  const answered = await ask({ offer: { type, sdp }, ...(checkId ? { checkId } : {}) });
  await pc.setRemoteDescription(answered.answer);
  return answered.checkId;
}

/** What the statistics say at one moment. */
export interface Reading {
  at: number;
  sent: number;
  received: number;
  packetsReceived: number;
  packetsLost: number;
  lossUpPct: number;
  rttMs: number | null;
  route: PathResult["route"];
}

async function read(sender: RTCPeerConnection, receiver: RTCPeerConnection): Promise<Reading> {
  const reading: Reading = {
    ...{ at: performance.now(), sent: 0, received: 0, packetsReceived: 0, packetsLost: 0 },
    ...{ lossUpPct: 0, rttMs: null, route: null },
  };
  const sent = await sender.getStats();
  for (const stat of sent.values()) {
    if (stat.type === "outbound-rtp") reading.sent += stat.bytesSent ?? 0;
    if (stat.type === "remote-inbound-rtp") reading.lossUpPct = 100 * (stat.fractionLost ?? 0);
    if (stat.type === "candidate-pair" && stat.nominated && stat.state === "succeeded") {
      if (stat.currentRoundTripTime !== undefined)
        reading.rttMs = Math.round(1000 * stat.currentRoundTripTime);
      const local = sent.get(stat.localCandidateId);
      // For a relay, how the relay itself is reached.
      if (local)
        reading.route = { type: local.candidateType, protocol: local.relayProtocol ?? local.protocol };
    }
  }
  for (const stat of (await receiver.getStats()).values()) {
    if (stat.type !== "inbound-rtp") continue;
    reading.received += stat.bytesReceived ?? 0;
    reading.packetsReceived += stat.packetsReceived ?? 0;
    reading.packetsLost += stat.packetsLost ?? 0;
  }
  return reading;
}

/** What happened between two readings. */
export function compare(first: Reading, last: Reading): Omit<PathResult, "tookMs" | "candidates"> {
  const seconds = Math.max(0.001, (last.at - first.at) / 1000);
  const rate = (from: number, to: number) => Math.max(0, Math.round((8 * (to - from)) / seconds));
  const lost = Math.max(0, last.packetsLost - first.packetsLost);
  const came = Math.max(0, last.packetsReceived - first.packetsReceived);
  return {
    route: last.route ?? first.route,
    rttMs: last.rttMs ?? first.rttMs,
    upBps: rate(first.sent, last.sent),
    downBps: rate(first.received, last.received),
    lossUpPct: last.lossUpPct,
    lossDownPct: lost + came > 0 ? (100 * lost) / (lost + came) : 0,
  };
}

const nothing: PathResult = {
  ...{ tookMs: null, candidates: [], route: null, rttMs: null },
  ...{ upBps: 0, downBps: 0, lossUpPct: 0, lossDownPct: 0 },
};

async function until(
  check: () => Promise<boolean>,
  deadline: number,
  signal?: AbortSignal,
): Promise<boolean> {
  while (performance.now() < deadline) {
    if (await check()) return true;
    await wait(lookEvery, signal);
  }
  return false;
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const given = () => {
      clearTimeout(timer);
      reject(new NetworkError("aborted", "given up"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", given);
      resolve();
    }, ms);
    if (signal?.aborted) given();
    else signal?.addEventListener("abort", given, { once: true });
  });
}
