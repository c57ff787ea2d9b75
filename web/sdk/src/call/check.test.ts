import { expect, test } from "vitest";
import { compare, type Reading } from "./check.ts";

const reading = (change: Partial<Reading>): Reading => ({
  ...{ at: 0, sent: 0, received: 0, packetsReceived: 0, packetsLost: 0 },
  ...{ lossUpPct: 0, rttMs: null, route: null },
  ...change,
});

test("rates are in bits a second, over the time between", () => {
  const result = compare(
    reading({ at: 1000, sent: 1000, received: 500 }),
    reading({ at: 3000, sent: 501_000, received: 250_500 }),
  );
  expect(result).toMatchObject({ upBps: 2_000_000, downBps: 1_000_000 });
});

test("loss is what is missing of what should have come", () => {
  const result = compare(
    reading({ packetsReceived: 100, packetsLost: 5 }),
    reading({ at: 1000, packetsReceived: 190, packetsLost: 15 }),
  );
  expect(result.lossDownPct).toBe(10);
});

test("nothing that came is no loss, and late packets are no gain", () => {
  expect(compare(reading({}), reading({ at: 1000 })).lossDownPct).toBe(0);
  expect(
    compare(reading({ packetsLost: 3 }), reading({ at: 1000, packetsLost: 1, packetsReceived: 9 }))
      .lossDownPct,
  ).toBe(0);
});
