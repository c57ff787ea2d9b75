import { Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "./storage";

/** Whether this device makes a sound when somebody calls. */
const sounds = new Subject<boolean>(readSetting("sounds") !== "off");

export function setSounds(on: boolean): void {
  writeSetting("sounds", on ? null : "off");
  sounds.set(on);
}

export const useSounds = (): boolean => useSyncExternalStore(sounds.subscribe, sounds.get);
