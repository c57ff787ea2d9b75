import { expect, test } from "vitest";
import { heardAll, parseHeard, wasHeard, withHeard } from "./heardList";

const at = (second: number) =>
  `2026-01-01T00:${String(Math.floor(second / 60)).padStart(2, "0")}:${String(second % 60).padStart(2, "0")}.000Z`;
const said = (second: number) => ({ id: `m${second}`, createdAt: at(second) });

test("what was there before is no news, what came later is until it is played", () => {
  const heard = heardAll(at(10));
  expect(wasHeard(heard, said(10))).toBe(true);
  expect(wasHeard(heard, said(11))).toBe(false);
  const after = withHeard(heard, said(11));
  expect(wasHeard(after, said(11))).toBe(true);
  expect(wasHeard(after, said(12))).toBe(false);
  expect(withHeard(after, said(11))).toBe(after);
});

test("is read back as it was kept, and begins anew from what is broken", () => {
  const heard = withHeard(heardAll(at(0)), said(5));
  const beginning = heardAll(at(100));
  expect(parseHeard(JSON.stringify(heard), beginning)).toEqual(heard);
  for (const broken of ["", "null", "[]", "{", '{"since":1,"played":{}}', '{"since":"x","played":null}']) {
    expect(parseHeard(broken, beginning)).toBe(beginning);
  }
});

test("has a bound, past which the oldest are no news either", () => {
  let heard = heardAll(at(0));
  for (let second = 2; second <= 1003; second++) heard = withHeard(heard, said(second));
  expect(Object.keys(heard.played)).toHaveLength(1000);
  expect(heard.since).toBe(at(3));
  expect(wasHeard(heard, said(1))).toBe(true);
  expect(wasHeard(heard, said(3))).toBe(true);
  expect(wasHeard(heard, said(1003))).toBe(true);
  expect(wasHeard(heard, said(1004))).toBe(false);
});
