import { Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";

/** The loudspeaker that calls are heard from; empty: the system's. Lasts as long as the page, as device ids may. */
const speaker = new Subject<string>("");

export const canChooseSpeaker = "setSinkId" in HTMLMediaElement.prototype;
export const setSpeaker = (deviceId: string): void => speaker.set(deviceId);
export const useSpeaker = (): string => useSyncExternalStore(speaker.subscribe, speaker.get);
