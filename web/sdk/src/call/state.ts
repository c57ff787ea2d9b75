import type { MediaError } from "../errors.ts";
import type { LinkQuality, MediaWish, RemoteTrack } from "../events.ts";
import type { Id, Timestamp } from "../types.ts";

/** A call that rings on this device. */
export interface IncomingCall {
  readonly chatId: Id;
  readonly callId: Id;
  readonly callerId: Id;
  /** What the caller started with: tells a video call from an audio call. */
  readonly media: MediaWish;
  readonly expiresAt: Timestamp;
}

export type CallPhase =
  /** Devices are opened, the leg is being set up. */
  | "connecting"
  /** The leg stands; nobody has answered yet. */
  | "ringing"
  | "connected"
  /** Media or the socket was lost and is being brought back. */
  | "reconnecting"
  | "ended";

/** One of this device's own sources. */
export interface LocalSource {
  /** It is being sent and not muted. */
  readonly on: boolean;
  /** A change is under way (a device is being opened). */
  readonly busy: boolean;
  /** Which device is used; null: none, or the default. */
  readonly deviceId: string | null;
  /** Why it could not be opened the last time. */
  readonly error: MediaError | null;
}

/** This device's side of the call. */
export interface LocalMediaState {
  readonly microphone: LocalSource;
  readonly camera: LocalSource;
  readonly screen: LocalSource;
  /** The camera's picture for the preview; null while the camera is off. */
  readonly cameraStream: MediaStream | null;
  /** The shared screen for the preview; null while nothing is shared. */
  readonly screenStream: MediaStream | null;
}

/** Somebody else in the call. */
export interface CallParticipant {
  readonly id: Id;
  readonly userId: Id;
  readonly displayName: string;
  readonly joinedAt: Timestamp;
  readonly hand: boolean;
  /** Asks not to be shown as a tile. */
  readonly hidden: boolean;
  readonly connection: LinkQuality;
  readonly tracks: readonly RemoteTrack[];
  /** Their pictures, as far as they are sent and a slot carries them now. The stream stays the same while the slot does. */
  readonly camera: MediaStream | null;
  readonly screen: MediaStream | null;
  /** The microphone is published and not muted. */
  readonly microphoneOn: boolean;
  /** The camera is published and not muted. */
  readonly cameraOn: boolean;
  /** A screen is published. */
  readonly screenOn: boolean;
  readonly speaking: boolean;
  /** Loudness from 0 (silence) to 1. */
  readonly level: number;
  /** 0 (unusable) to 5 (perfect); null: not known yet. */
  readonly score: number | null;
}

export interface CallReaction {
  readonly participantId: Id;
  readonly emoji: string;
}

export interface Downlink {
  readonly bps: number;
  readonly lossPct: number;
  readonly rttMs: number;
}

/** Why a call is over, for this device. The server's own words pass through. */
export type CallEndReason =
  /** This device hung up. */
  | "left"
  /** The others are gone, or somebody ended it for all. */
  | "ended"
  | "declined"
  | "missed"
  /** By an owner or admin, or by leaving the chat. */
  | "removed"
  | "revoked"
  | "server-restart"
  | "connection-lost"
  | "signed-out"
  /** See `error`. */
  | "failed"
  | (string & {});

/** The call that this device is in. Immutable snapshots. */
export interface CallState {
  readonly chatId: Id;
  readonly callId: Id | null;
  /** This device's own participant id. */
  readonly participantId: Id | null;
  readonly phase: CallPhase;
  readonly endReason: CallEndReason | null;
  /** What failed, where endReason is "failed". */
  readonly error: Error | null;
  readonly startedAt: Timestamp | null;
  readonly local: LocalMediaState;
  readonly hand: boolean;
  /** This device's own connection as the server sees it. */
  readonly connection: LinkQuality;
  /** The others, in the order of joining. */
  readonly participants: readonly CallParticipant[];
  /** Everything that is to be heard: give each an audio element. The list is stable while the call lasts, but may grow. */
  readonly audioStreams: readonly { readonly id: string; readonly stream: MediaStream }[];
  readonly downlink: Downlink | null;
  /** This device was made to mute by an owner or admin; cleared by unmuting. */
  readonly mutedByModerator: boolean;
}

/** All of this device's calling. */
export interface CallsState {
  /** What rings here now. */
  readonly incoming: readonly IncomingCall[];
  /** The call that this device is in, or was in last (phase "ended") until `dismiss` or the next call. */
  readonly current: CallState | null;
}
