import type { CallMedia, CallState, Id } from "@confab/sdk";

/** What is to be known of a call to come back into it. */
export type Interrupted = { chatId: Id; callId: Id; media: CallMedia; at: number };

/** The server keeps the place of a device that went without a word for so long, in ms. After that one asks to join. */
const grace = 30_000;

/** The call that this device is in, as it is left at that moment (ms since 1970); null where there is none. */
export function interruptedBy(call: CallState | null, at: number): Interrupted | null {
  if (!call?.callId || call.phase === "ended") return null;
  const { microphone, camera } = call.local;
  return {
    chatId: call.chatId,
    callId: call.callId,
    media: {
      audio: microphone.on,
      video: camera.on,
      ...(microphone.deviceId ? { microphoneId: microphone.deviceId } : {}),
      ...(camera.deviceId ? { cameraId: camera.deviceId } : {}),
    },
    at,
  };
}

/** What was kept, unless it is too long ago. */
export function parseInterrupted(text: string | null, now: number): Interrupted | null {
  try {
    const kept = JSON.parse(text ?? "") as Partial<Interrupted> | null;
    if (typeof kept?.chatId !== "string" || typeof kept.callId !== "string") return null;
    if (typeof kept.at !== "number" || typeof kept.media !== "object") return null;
    const { chatId, callId, media, at } = kept;
    return now - at <= grace && at <= now ? { chatId, callId, media: media ?? {}, at } : null;
  } catch {
    return null;
  }
}
