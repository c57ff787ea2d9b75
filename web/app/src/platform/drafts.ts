import type { Id } from "@confab/sdk";
import { Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "./storage";

/** Something that was begun: its text, and the message that it answers. */
export type Draft = { readonly text: string; readonly replyTo?: Id };

/** Unfinished messages by chat, kept over reloads on this device; forgotten on signing out. */
type Drafts = Readonly<Record<Id, Draft>>;

const key = "drafts";
const none: Draft = { text: "" };

function load(): Drafts {
  try {
    const stored: unknown = JSON.parse(readSetting(key) ?? "{}");
    const entries = stored && typeof stored === "object" ? Object.entries(stored) : [];
    return Object.fromEntries(entries.filter((entry): entry is [Id, Draft] => isDraft(entry[1])));
  } catch {
    return {};
  }
}

function isDraft(value: unknown): value is Draft {
  return typeof value === "object" && value !== null && "text" in value && typeof value.text === "string";
}

const drafts = new Subject<Drafts>(load());

export function draftOf(chatId: Id): Draft {
  return drafts.get()[chatId] ?? none;
}

/** Keeps what is given; a draft of nothing is none. */
export function keepDraft(chatId: Id, change: { text?: string; replyTo?: Id | null }): void {
  const { [chatId]: old = none, ...others } = drafts.get();
  const text = change.text ?? old.text;
  const replyTo = change.replyTo === undefined ? old.replyTo : (change.replyTo ?? undefined);
  if (text === old.text && replyTo === old.replyTo) return;
  const draft: Draft = { text, ...(replyTo ? { replyTo } : {}) };
  const next = text.trim() || replyTo ? { ...others, [chatId]: draft } : others;
  drafts.set(next);
  writeSetting(key, Object.keys(next).length > 0 ? JSON.stringify(next) : null);
}

export function forgetDrafts(): void {
  drafts.set({});
  writeSetting(key, null);
}

export function useDraft(chatId: Id): Draft {
  return useSyncExternalStore(drafts.subscribe, () => draftOf(chatId));
}
