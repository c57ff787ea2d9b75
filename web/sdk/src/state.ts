import type { ConfabError } from "./errors.ts";
import type { LocalFile } from "./files/local.ts";
import type { Chat, ForwardDraft, Id, Message, MessageDraft, Profile, Timestamp } from "./types.ts";

/** Whether somebody is signed in on this device. */
export type SessionState =
  | { readonly status: "restoring" }
  | { readonly status: "signed-out"; readonly reason: SignOutReason }
  | { readonly status: "signed-in"; readonly userId: Id };

export type SignOutReason = "none" | "logout" | "revoked";

/** How the realtime connection is doing. */
export interface ConnectionState {
  /**
   * - `idle`: nobody is signed in, nothing is tried
   * - `connecting`: the first attempt runs
   * - `online`: ready, events flow
   * - `reconnecting`: it was there, an attempt runs or is near
   * - `offline`: the device has no network, or several attempts failed
   */
  readonly status: "idle" | "connecting" | "online" | "reconnecting" | "offline";
  /** Attempts since it was last online. */
  readonly attempt: number;
  /** When the next attempt is due (ms since 1970), while one is waited for. */
  readonly retryAt: number | null;
}

/** A message on its way out, shown below the ones that the server has. */
export interface PendingMessage extends MessageDraft {
  readonly clientId: string;
  readonly createdAt: Timestamp;
  /** `queued` goes out by itself as soon as it can; `failed` was refused and waits for retry or discard. */
  readonly status: "queued" | "sending" | "failed";
  readonly error: ConfabError | null;
  /** What is uploaded for it, in order; a recording is the only one. */
  readonly files?: readonly PendingFile[];
  /** It is a recording. */
  readonly voice?: { readonly durationMs: number; readonly waveform: readonly number[] };
  /** It is a copy of another message. */
  readonly forward?: ForwardDraft;
  /** How much of its files has gone out, 0 to 1, while they are being uploaded. */
  readonly progress?: number;
}

/** A file of a message on its way out. */
export interface PendingFile {
  /** Under which the bytes are kept on this device. */
  readonly key: string;
  readonly name: string;
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  readonly width?: number;
  readonly height?: number;
  /** The bytes; null while they are read back after a restart, or when they are lost. */
  readonly file: LocalFile | null;
  /** The server has it under this id. */
  readonly attachmentId: Id | null;
}

/**
 * A chat's messages as far as they are loaded: a run without gaps. It ends with the newest, unless somebody went to an
 * old message that is far from there (`Messaging.goTo`): then `hasNewer`, until loading or `goToNewest` comes back.
 */
export interface Timeline {
  /** Ascending by seq, without gaps. Deleted ones are in it as tombstones (`deletedAt`). */
  readonly messages: readonly Message[];
  /** In the order of sending. */
  readonly pending: readonly PendingMessage[];
  /** There is more before `messages[0]`. */
  readonly hasOlder: boolean;
  /** There is more after the last of `messages`, and `pending` stands after that. */
  readonly hasNewer: boolean;
  /** All pinned messages of the chat, latest pin first; null until they are known. */
  readonly pins: readonly Message[] | null;
  readonly loading: "none" | "newest" | "older" | "newer" | "elsewhere";
  /** The last load failed with this. */
  readonly error: ConfabError | null;
  /** False until the newest messages have been loaded once. */
  readonly loaded: boolean;
}

/** Everything this device knows. Immutable; parts that did not change keep their identity. */
export interface ModelState {
  /** `loading` until the chats have been loaded once. */
  readonly phase: "empty" | "loading" | "ready";
  readonly me: Profile | null;
  /** Latest activity first. */
  readonly chats: readonly Chat[];
  readonly timelines: Readonly<Record<Id, Timeline>>;
  readonly online: ReadonlySet<Id>;
  readonly lastSeen: Readonly<Record<Id, Timestamp>>;
  /** Whom I block. */
  readonly blocked: ReadonlySet<Id>;
  /** By chat: who is typing now, without me. */
  readonly typing: Readonly<Record<Id, readonly Id[]>>;
}
