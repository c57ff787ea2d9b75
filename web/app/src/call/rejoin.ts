import { useEffect } from "react";
import { client } from "../client";
import { useConnection, useModel } from "../hooks";
import { type Interrupted, interruptedBy, parseInterrupted } from "./interrupted";

const key = "confab.call";

/** The call that a reload of this tab has torn this device out of, until it is back in it or that is over. */
let interrupted = takeInterrupted();

function takeInterrupted(): Interrupted | null {
  try {
    const kept = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    const [entry] = performance.getEntriesByType("navigation");
    const reloaded = entry instanceof PerformanceNavigationTiming && entry.type === "reload";
    return reloaded ? parseInterrupted(kept, Date.now()) : null;
  } catch {
    return null; // Storage is blocked: one joins with a click.
  }
}

// Written when the page goes and not before: a tab that is duplicated in the middle of a call is not in it.
addEventListener("pagehide", () => {
  const call = interruptedBy(client.calls.state.get().current, Date.now());
  try {
    if (call) sessionStorage.setItem(key, JSON.stringify(call));
  } catch {
    // As above.
  }
});

/** Takes this device back into the call that it was in before the page was reloaded, with what it sent there. */
export function useRejoin(): void {
  const ready = useModel((state) => state.phase === "ready");
  const online = useConnection().status === "online";
  useEffect(() => {
    const call = interrupted;
    if (!call || !ready || !online) return;
    interrupted = null;
    const chat = client.state.get().chats.find((each) => each.id === call.chatId);
    if (chat?.activeCall?.id !== call.callId || !client.calls.supported) return;
    // What goes wrong is told by the call's own state.
    client.calls.join(call.chatId, call.media, call.callId).catch(() => undefined);
  }, [ready, online]);
}
