/** How loud it was at a moment of a recording: `at` in ms from its start, `level` from 0 to 1. */
export type Loudness = { at: number; level: number };

/** So many samples go with a voice message: enough for the widest bubble; the server takes 256. */
const sentSamples = 128;

/** Quieter than this counts as silence, in decibels below full scale. */
const floor = -52;

/** The loudness of one block of sound (samples from -1 to 1), from 0 to 1 on a scale as ears have it. */
export function levelOf(block: Float32Array): number {
  let sum = 0;
  for (const sample of block) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, block.length) + 1e-12);
  return Math.max(0, Math.min(1, 1 - decibels / floor));
}

/**
 * A recording's waveform: `count` whole numbers from 0 to 255, the loudest moment of each stretch of its time, raised so
 * that the loudest of all is 255 (a quiet voice has a shape too). Stretches without a measurement take the one before.
 */
export function waveformOf(measured: readonly Loudness[], durationMs: number, count = sentSamples): number[] {
  const peaks = new Array<number>(count).fill(-1);
  for (const { at, level } of measured) {
    const place = Math.min(count - 1, Math.max(0, Math.floor((at / Math.max(1, durationMs)) * count)));
    peaks[place] = Math.max(peaks[place] ?? 0, level);
  }
  const loudest = Math.max(0.05, ...peaks);
  let last = 0;
  return peaks.map((peak) => {
    last = peak < 0 ? last : peak;
    return Math.round((last / loudest) * 255);
  });
}

/** The same shape in another number of bars, each from 0 to 1: the loudest of what falls together. */
export function barsOf(waveform: readonly number[], count: number): number[] {
  if (waveform.length === 0) return [];
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * waveform.length) / count);
    const to = Math.max(from + 1, Math.floor(((i + 1) * waveform.length) / count));
    return Math.max(...waveform.slice(from, to)) / 255;
  });
}

/** How many bars a bubble shows: more for longer recordings, within what fits on a phone. */
export function barCount(durationMs: number): number {
  return Math.round(Math.max(38, Math.min(46, 38 + durationMs / 4000)));
}
