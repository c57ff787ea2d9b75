/** When to try again. All in milliseconds. */
export interface BackoffLimits {
  first: number;
  most: number;
}

/**
 * Exponential backoff with full jitter: uniform in [0, min(most, first × 2^attempt)), but never below a fifth of
 * `first`, so that a crowd which lost its server together does not come back together, nor at once.
 */
export function backoffDelay(attempt: number, limits: BackoffLimits, random: number): number {
  const ceiling = Math.min(limits.most, limits.first * 2 ** Math.min(attempt, 30));
  return Math.max(limits.first / 5, ceiling * random);
}
