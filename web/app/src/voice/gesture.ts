/** Held for less than this, in ms, it was a tap: the recording goes on without the finger. */
export const tapTime = 400;

/** Sliding this far, in CSS pixels, throws the recording away, or locks it. */
const cancelAt = 110;
const lockAt = 70;

/** What a finger on the record button does when it has moved by dx, dy (`back`: toward the start of the line). */
export function slideOf(back: number, dy: number): "cancel" | "lock" | null {
  if (back > cancelAt && back > -dy) return "cancel";
  if (-dy > lockAt && -dy > back) return "lock";
  return null;
}
