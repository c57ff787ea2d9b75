import { useSyncExternalStore } from "react";

const startOfToday = (): number => new Date().setHours(0, 0, 0, 0);

/** From now to the next local midnight, in ms; a day may have 23 or 25 hours. */
export function untilMidnight(now: Date): number {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1).getTime() - now.getTime();
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

function wake(): void {
  clearTimeout(timer);
  timer = setTimeout(wake, untilMidnight(new Date()));
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    wake();
    // A timer stands still while the device sleeps.
    document.addEventListener("visibilitychange", wake);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", wake);
  };
}

/** The day that it is, kept up to date over midnight. */
export function useToday(): Date {
  return new Date(useSyncExternalStore(subscribe, startOfToday));
}
