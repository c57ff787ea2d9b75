import { expect, it } from "vitest";
import { withDuration } from "./webm";

const bytesOf = async (blob: Blob) => [...new Uint8Array(await blob.arrayBuffer())];
const blobOf = (...bytes: number[]) => new Blob([Uint8Array.from(bytes)], { type: "audio/webm" });

it("writes the length where the recorder left a tick", async () => {
  const rest = Array.from({ length: 600 }, (_, i) => i % 251);
  const fixed = await withDuration(blobOf(1, 2, 0x44, 0x89, 0x84, 0x3f, 0x80, 0, 0, ...rest), 2000);
  expect(fixed.type).toBe("audio/webm");
  expect(await bytesOf(fixed)).toEqual([1, 2, 0x44, 0x89, 0x84, 0x44, 0xfa, 0, 0, ...rest]);
});

it("leaves everything else alone", async () => {
  const whole = blobOf(0x44, 0x89, 0x84, 0x45, 0, 0, 0, 9);
  expect(await withDuration(whole, 2000)).toBe(whole);
});
