import { useEffect, useState } from "react";

/** Pause after the last change before the server is asked, in ms. */
const pause = 250;

/** What was typed, or what else changes in quick steps, once it has paused. */
export function useSettled<T extends string | number>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
