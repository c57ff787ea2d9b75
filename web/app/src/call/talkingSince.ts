import type { CallState, Chat } from "@confab/sdk";
import { useState } from "react";

/**
 * From when the call's time is counted (ms since 1970), or null. A group's call runs from its start; in a call of two it
 * is the moment in which the other was there, since nobody counts the ringing.
 */
export function useTalkingSince(call: CallState | null, chat: Chat | undefined): number | null {
  const [met, setMet] = useState<{ callId: string; at: number } | null>(null);
  const id = call?.callId ?? null;
  if (id && met?.callId !== id && call?.phase === "connected" && call.participants.length > 0) {
    setMet({ callId: id, at: Date.now() });
  }
  if (!call || !id) return null;
  if (chat?.type === "group") return call.startedAt ? Date.parse(call.startedAt) : null;
  return met?.callId === id ? met.at : null;
}
