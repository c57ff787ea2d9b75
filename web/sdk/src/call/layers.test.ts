import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TestSender } from "../testing/peer.ts";
import { seeded } from "../testing/seeded.ts";
import { SentLayers } from "./layers.ts";

const rids = ["q", "h", "f"];
const encodings = rids.map((rid) => ({ rid }));

/** Lets what was scheduled up to `ms` from now happen. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the layers that are sent", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("are those that were wanted last", async () => {
    const sender = new TestSender(encodings);
    const layers = new SentLayers(sender as unknown as RTCRtpSender);
    layers.want([]);
    layers.want(["q"]);
    layers.want(["q", "f"]);
    await pass(1);
    expect(sender.active).toEqual(["q", "f"]);
  });

  test("are written only where they are others", async () => {
    const sender = new TestSender(encodings);
    const layers = new SentLayers(sender as unknown as RTCRtpSender);
    layers.want(rids);
    layers.apply();
    await pass(1);
    expect(sender.writes).toBe(0);
  });

  test("are tried again, ever more seldom, while the sender refuses", async () => {
    const sender = new TestSender(encodings);
    sender.busy = true;
    new SentLayers(sender as unknown as RTCRtpSender).want(["q"]);
    const tries: number[] = [];
    for (const wait of [50, 100, 200, 400, 800, 1600, 2000, 2000]) {
      await pass(wait);
      tries.push(sender.writes);
    }
    expect(tries).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    sender.busy = false;
    await pass(2000);
    expect(sender.active).toEqual(["q"]);
  });

  test("are tried at once when others are wanted", async () => {
    const sender = new TestSender(encodings);
    const layers = new SentLayers(sender as unknown as RTCRtpSender);
    sender.busy = true;
    layers.want([]);
    await pass(5000);
    sender.busy = false;
    layers.want(["h"]);
    await pass(1);
    expect(sender.active).toEqual(["h"]);
  });

  test("are as large as was wanted last, and as many as before", async () => {
    const sender = new TestSender(encodings);
    const layers = new SentLayers(sender as unknown as RTCRtpSender);
    layers.want(["q", "f"]);
    layers.resize(() => [{ maxBitrate: 1 }]);
    layers.resize((count) => Array.from({ length: count }, (_, i) => ({ maxBitrate: i })));
    await pass(1);
    expect(sender.encodings).toEqual([
      { rid: "q", active: true, maxBitrate: 0 },
      { rid: "h", active: false, maxBitrate: 1 },
      { rid: "f", active: true, maxBitrate: 2 },
    ]);
  });

  test("stay on or off as they are while only their sizes are wanted", async () => {
    const sender = new TestSender(encodings);
    new SentLayers(sender as unknown as RTCRtpSender).resize(() => [{ scaleResolutionDownBy: 2 }]);
    await pass(1);
    expect(sender.active).toEqual(rids);
    expect(sender.encodings[0]?.scaleResolutionDownBy).toBe(2);
  });

  test("are left alone when the leg is closed", async () => {
    const sender = new TestSender(encodings);
    const layers = new SentLayers(sender as unknown as RTCRtpSender);
    sender.busy = true;
    layers.want([]);
    await pass(50);
    layers.close();
    await pass(60_000);
    expect(sender.writes).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each(Array.from({ length: 200 }, (_, seed) => seed))(
    "end as wanted after a random history (seed %i)",
    async (seed) => {
      const pick = seeded(seed);
      const sender = new TestSender(encodings);
      const layers = new SentLayers(sender as unknown as RTCRtpSender);
      let wanted = rids;
      layers.want(wanted);
      for (let i = 5 + pick(30); i > 0; i--) {
        sender.busy = pick(3) === 0;
        sender.takes = pick(50);
        if (pick(2) === 0) {
          wanted = rids.filter(() => pick(2) === 0);
          layers.want(wanted);
        }
        if (pick(4) === 0) {
          sender.reset();
          layers.apply();
        }
        await pass(pick(300));
      }
      sender.busy = false;
      await pass(5000);
      expect(sender.active).toEqual(wanted);
      expect(sender.overlapped).toBe(false);
    },
  );
});
