import type { Id } from "@confab/sdk";
import { Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { readSettings, writeSetting } from "./storage";

/** Something that was begun: its text, and the message that it answers. */
export type Draft = { readonly text: string; readonly replyTo?: Id };

/** Unfinished messages by chat, kept over reloads on this device; forgotten on signing out. */
type Drafts = Readonly<Record<Id, Draft>>;

/** Each chat has a key of its own, so that what is written in one tab leaves alone what is written in another. */
const prefix = "draft.";
const none: Draft = { text: "" };

function load(): Drafts {
  const entries = readSettings(prefix).map(([chatId, stored]) => [chatId, parseDraft(stored)]);
  return Object.fromEntries(entries.filter(([, draft]) => draft !== none));
}

function parseDraft(stored: string): Draft {
  try {
    const value: unknown = JSON.parse(stored);
    return isDraft(value) ? value : none;
  } catch {
    return none;
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
  const kept = text.trim() !== "" || replyTo !== undefined;
  drafts.set(kept ? { ...others, [chatId]: draft } : others);
  writeSetting(prefix + chatId, kept ? JSON.stringify(draft) : null);
}

export function forgetDrafts(): void {
  drafts.set({});
  for (const [chatId] of readSettings(prefix)) writeSetting(prefix + chatId, null);
}

export function useDraft(chatId: Id): Draft {
  return useSyncExternalStore(drafts.subscribe, () => draftOf(chatId));
}
