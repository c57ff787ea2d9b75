import { useEffect } from "react";
import { useSounds } from "../platform/sounds";
import { ring } from "./ringtone";

/** Vibration of phones while somebody calls: on and off, in ms. */
const buzz = [400, 250, 400, 1800];

/** Lets this device ring: for a call that comes in, or for one's own until it is taken. */
export function useRinging(incoming: boolean, outgoing: boolean): void {
  const sounds = useSounds();
  const kind = incoming ? "incoming" : outgoing ? "outgoing" : null;

  useEffect(() => {
    if (!kind || (kind === "incoming" && !sounds)) return;
    return ring(kind);
  }, [kind, sounds]);

  useEffect(() => {
    if (!incoming || !sounds || !navigator.vibrate || !navigator.userActivation?.hasBeenActive) return;
    navigator.vibrate(buzz);
    const timer = setInterval(() => navigator.vibrate(buzz), 2850);
    return () => {
      clearInterval(timer);
      navigator.vibrate(0);
    };
  }, [incoming, sounds]);
}
