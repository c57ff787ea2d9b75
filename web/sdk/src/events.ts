import type {
  ActiveCall,
  Chat,
  ForwardRequest,
  Id,
  Member,
  Message,
  MessageDraft,
  PublicUser,
  Timestamp,
} from "./types.ts";

export type TrackKind = "audio" | "video";
export type TrackSource = "microphone" | "camera" | "screen" | "screen-audio";
export type LinkQuality = "good" | "poor" | "lost";

export interface SessionDescription {
  type: "offer" | "answer";
  sdp: string;
}

export interface MediaWish {
  audio: boolean;
  video: boolean;
}

/** What a participant publishes. */
export interface RemoteTrack {
  id: Id;
  kind: TrackKind;
  source: TrackSource;
  muted: boolean;
}

/** Somebody's leg in a call, as the server tells it. */
export interface WireParticipant {
  id: Id;
  userId: Id;
  displayName: string;
  joinedAt: Timestamp;
  hand: boolean;
  /** Asks not to be shown as a tile. */
  hidden?: boolean;
  tracks: readonly RemoteTrack[];
  connection: LinkQuality;
}

/** What one receiving m-line carries now; `participantId` null: nothing. */
export interface Slot {
  mid: string;
  kind: TrackKind;
  participantId: Id | null;
  userId?: Id;
  trackId?: Id;
  source?: TrackSource;
  /** Assigned, but nothing comes: this device does not have the track's codec. */
  undecodable?: boolean;
}

/** A picture on this device's screen. Sizes are in device pixels. */
export interface Tile {
  participantId: Id;
  source: TrackSource;
  width: number;
  height: number;
}

/** What changed of a chat: the fields that are there. */
export type ChatHead = Pick<Chat, "id"> &
  Partial<
    Pick<
      Chat,
      | "name"
      | "description"
      | "avatarUrl"
      | "updatedAt"
      | "pinCount"
      | "mutedUntil"
      | "archivedAt"
      | "activeCall"
    >
  >;

export interface ReadyChat {
  id: Id;
  lastSeq: number;
  lastRev: number;
  readSeq: number;
  activeCall?: ActiveCall | null;
}

export interface Ready {
  userId: Id;
  sessionId: Id;
  epoch: string;
  serverTime: Timestamp;
  chats: readonly ReadyChat[];
  online: readonly Id[];
}

export interface DeliveryStatus {
  messageId: Id;
  chatId: Id;
  userId: Id;
  status: "delivered" | "read";
  seq: number;
  at: Timestamp;
}

/** Events from the server, by name. */
export interface ServerEvents {
  ready: Ready;
  "message:received": { message: Message };
  "message:updated": { message: Message };
  "message:delivery_status": DeliveryStatus;
  "user:online": { userId: Id };
  "user:offline": { userId: Id; lastSeenAt: Timestamp };
  typing: { chatId: Id; userId: Id; on: boolean };
  "chat:created": { chat: Chat };
  "chat:updated": { chatId: Id; chat: ChatHead };
  "chat:removed": { chatId: Id; reason?: string };
  "chat:muted": { chatId: Id; mutedUntil: Timestamp | null };
  "chat:archived": { chatId: Id; archivedAt: Timestamp | null };
  "user:blocked": { userId: Id; on: boolean };
  "member:added": { chatId: Id; member: Member };
  "member:updated": { chatId: Id; member: Member };
  "member:removed": { chatId: Id; userId: Id };
  "user:updated": { user: PublicUser };
  error: { code: string; message: string; event?: string };
  "call:offer": {
    chatId: Id;
    callId: Id;
    callerId: Id;
    media: MediaWish | null;
    offer: SessionDescription | null;
    expiresAt: Timestamp;
  };
  "call:answered": {
    chatId: Id;
    callId: Id;
    calleeId: Id | null;
    participantId: Id;
    answer: SessionDescription;
  };
  "call:ice-candidate": { chatId: Id; senderId: Id | null; candidate: RTCIceCandidateInit | null };
  "call:ring-ended": { chatId: Id; callId: Id; reason: string };
  "call:end": { chatId: Id; callId: Id; reason: string; duration: number };
  "call:state": {
    chatId: Id;
    callId: Id;
    startedBy?: Id;
    startedAt: Timestamp;
    participants: readonly WireParticipant[];
  };
  "call:participant": { chatId: Id; callId: Id; participant: WireParticipant; left?: boolean };
  "call:slots": { chatId: Id; slots: readonly Slot[]; wanted: { audio: number; video: number } };
  "call:layers": { chatId: Id; mid: string; active: readonly string[] };
  /** Who should receive this section cannot decode its codec; `usable` (MIME types, best first) all can. */
  "call:codecs": { chatId: Id; mid: string; usable: readonly string[] };
  /** `by`: the owner or admin who did it to somebody else. */
  "call:mute": { chatId: Id; participantId: Id; source: TrackSource; muted: boolean; by?: Id };
  "call:speakers": { chatId: Id; participants: readonly { id: Id; level: number }[] };
  "call:quality": {
    chatId: Id;
    participants: readonly { id: Id; score: number }[];
    downlink: { bps: number; lossPct: number; rttMs: number };
  };
  "call:hand": { chatId: Id; participantId: Id; raised: boolean };
  "call:reaction": { chatId: Id; participantId: Id; emoji: string };
}

export type ServerEventName = keyof ServerEvents;

/** Which leg of which call this device has. */
export interface JoinedCall {
  callId: Id;
  participantId: Id;
}

/** Events to the server: what goes out and what its ack holds. */
export interface ClientEvents {
  auth: { data: { token: string }; ack: unknown };
  ping: { data: Record<string, never>; ack: unknown };
  "message:send": { data: (MessageDraft | ForwardRequest) & { clientId: string }; ack: { message: Message } };
  "message:edit": { data: { messageId: Id; content: string }; ack: { message: Message } };
  "message:delete": { data: { messageId: Id }; ack: { message: Message } };
  "message:react": { data: { messageId: Id; emoji: string; on: boolean }; ack: { message: Message } };
  "message:delivered": { data: { messageId: Id }; ack: unknown };
  "message:read": { data: { messageId: Id }; ack: unknown };
  typing: { data: { chatId: Id; on: boolean }; ack: unknown };
  "call:initiate": {
    data: {
      chatId: Id;
      /** The call that is meant: then nothing is started. */
      callId?: Id;
      offer: SessionDescription;
      media?: MediaWish;
      tracks?: readonly { mid: string; source: TrackSource }[];
      hidden?: boolean;
    };
    ack: JoinedCall;
  };
  "call:check": {
    data: { offer: SessionDescription; checkId?: Id };
    ack: { checkId: Id; answer: SessionDescription; expiresAt: Timestamp };
  };
  "call:ice-candidate": { data: { chatId: Id; candidate: RTCIceCandidateInit | null }; ack: unknown };
  "call:decline": { data: { chatId: Id }; ack: unknown };
  "call:end": { data: { chatId: Id; forAll?: boolean }; ack: unknown };
  "call:resume": { data: { chatId: Id; participantId: Id }; ack: JoinedCall };
  "call:mute": { data: { chatId: Id; source: TrackSource; muted: boolean }; ack: unknown };
  "call:hand": { data: { chatId: Id; raised: boolean }; ack: unknown };
  "call:reaction": { data: { chatId: Id; emoji: string }; ack: unknown };
  "call:moderate": { data: { chatId: Id; participantId: Id; action: "mute" | "remove" }; ack: unknown };
  "call:view": { data: { chatId: Id; tiles: readonly Tile[] }; ack: unknown };
}

export type ClientEventName = keyof ClientEvents;
