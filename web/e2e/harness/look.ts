import type { Locator, Page } from "playwright-core";
import type { Recorded } from "./browser.ts";
import type { Signature } from "./media.ts";
import { until } from "./process.ts";

/** What a video element shows: mean chroma (BT.601) and a coarse row of luma values across its middle. */
interface Look {
  u: number;
  v: number;
  row: number[];
  frames: number;
}

async function look(video: Locator): Promise<Look> {
  return video.evaluate((element) => {
    if (!(element instanceof HTMLVideoElement)) throw new Error("no video element");
    const canvas = document.createElement("canvas");
    canvas.width = 64;
    canvas.height = 36;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    context.drawImage(element, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    let u = 0;
    let v = 0;
    const row: number[] = [];
    for (let i = 0; i < data.length; i += 4) {
      const [r = 0, g = 0, b = 0] = [data[i], data[i + 1], data[i + 2]];
      u += -0.169 * r - 0.331 * g + 0.5 * b + 128;
      v += 0.5 * r - 0.419 * g - 0.081 * b + 128;
      const pixel = i / 4;
      if (Math.floor(pixel / 64) === 18 && pixel % 4 === 0) row.push(0.299 * r + 0.587 * g + 0.114 * b);
    }
    const pixels = data.length / 4;
    return { u: u / pixels, v: v / pixels, row, frames: element.getVideoPlaybackQuality().totalVideoFrames };
  });
}

/** Waits until the video shows the camera with that signature, and shows it moving: new frames, and the bar elsewhere. */
export async function showsMoving(video: Locator, signature: Signature): Promise<void> {
  await until(`the video shows the camera with chroma ${signature.u}/${signature.v}`, async () => {
    const seen = await look(video);
    return Math.abs(seen.u - signature.u) < 30 && Math.abs(seen.v - signature.v) < 30;
  });
  const before = await look(video);
  await until("the picture moves", async () => {
    const now = await look(video);
    const change =
      now.row.reduce((sum, y, i) => sum + Math.abs(y - (before.row[i] ?? 0)), 0) / now.row.length;
    return now.frames > before.frames + 5 && change > 10;
  });
}

/** One kind of inbound statistics of all of the page's peer connections, summed. */
export async function inbound(page: Page, kind: "audio" | "video", field: string): Promise<number> {
  return page.evaluate(
    async ([kind, field]) => {
      const { peerConnections } = window as unknown as Recorded;
      let sum = 0;
      for (const pc of peerConnections) {
        for (const report of (await pc.getStats()).values()) {
          if (report.type === "inbound-rtp" && report.kind === kind)
            sum += Number(report[field as string] ?? 0);
        }
      }
      return sum;
    },
    [kind, field],
  );
}

/** The pictures that the page receives: what they are encoded as, and how many lines they have. */
export async function pictures(page: Page): Promise<{ codec: string; lines: number; decoded: number }[]> {
  return page.evaluate(async () => {
    const { peerConnections } = window as unknown as Recorded;
    const found = [];
    for (const pc of peerConnections) {
      const all = await pc.getStats();
      for (const report of all.values()) {
        if (report.type !== "inbound-rtp" || report.kind !== "video" || !report.framesDecoded) continue;
        const codec = String(all.get(report.codecId)?.mimeType);
        found.push({ codec, lines: Number(report.frameHeight), decoded: Number(report.framesDecoded) });
      }
    }
    return found;
  });
}

/**
 * How long it takes from a click on the button until the page receives a picture of so many lines, in milliseconds; infinity
 * after twenty seconds.
 */
export async function timeToLines(page: Page, button: Locator, lines: number): Promise<number> {
  const element = await button.elementHandle();
  return page.evaluate(
    async ({ element, lines }) => {
      const { peerConnections } = window as unknown as Recorded;
      const began = performance.now();
      (element as HTMLElement).click();
      while (performance.now() - began < 20_000) {
        for (const pc of peerConnections) {
          for (const report of (await pc.getStats()).values()) {
            if (report.type === "inbound-rtp" && report.kind === "video" && report.frameHeight === lines)
              return performance.now() - began;
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return Number.POSITIVE_INFINITY;
    },
    { element, lines },
  );
}

/** Waits until a statistic grows: the decoder works now, not once. */
export async function grows(page: Page, kind: "audio" | "video", field: string): Promise<void> {
  const before = await inbound(page, kind, field);
  await until(
    `${kind} ${field} grows beyond ${before}`,
    async () => (await inbound(page, kind, field)) > before,
  );
}

/** Waits until any audio element on the page plays a tone of that pitch: the strongest bin lies within 5 %. */
export async function hears(page: Page, hz: number): Promise<void> {
  await until(`${hz} Hz is heard`, () =>
    page.evaluate(async (hz) => {
      const { peerConnections } = window as unknown as Recorded;
      const context = new AudioContext();
      try {
        const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
        for (const pc of peerConnections) {
          for (const { track } of pc.getReceivers()) {
            if (track.kind === "audio" && pc.connectionState === "connected") {
              context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
            }
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 600));
        const bins = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(bins);
        const loudest = bins.indexOf(Math.max(...bins));
        const heard = (loudest * context.sampleRate) / analyser.fftSize;
        return Math.max(...bins) > -60 && Math.abs(heard - hz) < hz * 0.05;
      } finally {
        await context.close();
      }
    }, hz),
  );
}

/** How many of the page's sockets are open. */
export function openSockets(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { sockets } = window as unknown as Recorded;
    return sockets.filter((socket) => socket.readyState === WebSocket.OPEN).length;
  });
}

/** Closes all of the page's sockets under the app's hands, and tells how many there were. */
export function loseSockets(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { sockets } = window as unknown as Recorded;
    const open = sockets.filter((socket) => socket.readyState === WebSocket.OPEN);
    for (const socket of open) socket.close(4000, "cut by a test");
    return open.length;
  });
}
