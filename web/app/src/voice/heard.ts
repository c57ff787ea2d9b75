import { type Message, Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "../platform/storage";
import { type Heard, heardAll, parseHeard, wasHeard, withHeard } from "./heardList";

/** Which voice messages were played on this device; begins anew on signing out. */
const key = "heard";

const now = () => new Date().toISOString();
const stored = (otherwise: Heard) => parseHeard(readSetting(key), otherwise);
const heard = new Subject<Heard>(stored(heardAll(now())));

function keep(after: Heard): void {
  heard.set(after);
  writeSetting(key, JSON.stringify(after));
}
// The beginning is kept as well, or it would be a later one after a reload.
keep(heard.get());

export function markHeard(message: Message): void {
  if (wasHeard(heard.get(), message)) return;
  // Read anew: another tab may have played others meanwhile.
  keep(withHeard(stored(heard.get()), message));
}

export function forgetHeard(): void {
  keep(heardAll(now()));
}

export function useHeard(message: Message): boolean {
  return useSyncExternalStore(heard.subscribe, () => wasHeard(heard.get(), message));
}
