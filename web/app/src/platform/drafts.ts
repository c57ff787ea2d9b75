import type { Id } from "@confab/sdk";
import { Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "./storage";

/** Unfinished messages by chat, kept over reloads on this device; forgotten on signing out. */
type Drafts = Readonly<Record<Id, string>>;

const key = "drafts";

function load(): Drafts {
  try {
    const stored: unknown = JSON.parse(readSetting(key) ?? "{}");
    return stored && typeof stored === "object" ? (stored as Drafts) : {};
  } catch {
    return {};
  }
}

const drafts = new Subject<Drafts>(load());

export function draftOf(chatId: Id): string {
  return drafts.get()[chatId] ?? "";
}

export function keepDraft(chatId: Id, text: string): void {
  const { [chatId]: old = "", ...others } = drafts.get();
  if (old === text) return;
  const next = text.trim() ? { ...others, [chatId]: text } : others;
  drafts.set(next);
  writeSetting(key, Object.keys(next).length > 0 ? JSON.stringify(next) : null);
}

export function forgetDrafts(): void {
  drafts.set({});
  writeSetting(key, null);
}

export function useDraft(chatId: Id): string {
  return useSyncExternalStore(drafts.subscribe, () => draftOf(chatId));
}
