import { type Message, Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "../platform/storage";
import { type Heard, parseHeard, wasHeard, withHeard } from "./heardList";

/** Which voice messages were played on this device; begins anew on signing out. */
const key = "heard";

const now = () => new Date().toISOString();
const heard = new Subject<Heard>(parseHeard(readSetting(key), now()));

function keep(after: Heard): void {
  heard.set(after);
  writeSetting(key, JSON.stringify(after));
}
// The beginning is kept as well, or it would be a later one after a reload.
keep(heard.get());

export function markHeard(message: Message): void {
  const after = withHeard(heard.get(), message);
  if (after !== heard.get()) keep(after);
}

export function forgetHeard(): void {
  keep(parseHeard(null, now()));
}

export function useHeard(message: Message): boolean {
  return useSyncExternalStore(heard.subscribe, () => wasHeard(heard.get(), message));
}
