import type { LocalFile } from "./files/local.ts";

/** What the server speaks of: the shapes of the REST answers and of the events' contents. */

/** A UUIDv7. Later ids sort after earlier ones. */
export type Id = string;

/** RFC 3339, UTC, with milliseconds. */
export type Timestamp = string;

/** Somebody else, as far as everybody may see them. */
export interface PublicUser {
  id: Id;
  username: string;
  displayName: string;
  avatarUrl: string | null;
  /** The account is gone; its names are empty. */
  deleted?: boolean;
}

/** A public profile, with presence for people who share a chat with the caller. */
export interface UserDetails extends PublicUser {
  online?: boolean;
  lastSeenAt?: Timestamp | null;
}

/** The signed-in user. */
export interface Profile extends PublicUser {
  email: string;
  shareReadReceipts: boolean;
  /** Signing in asks for a code as well. */
  totpEnabled: boolean;
  createdAt: Timestamp;
  updatedAt: Timestamp;
}

/** Somebody whom the signed-in user blocks. */
export interface BlockedUser extends PublicUser {
  blockedAt: Timestamp;
}

/** One signed-in device of the user. */
export interface DeviceSession {
  id: Id;
  userAgent: string;
  address: string;
  createdAt: Timestamp;
  lastUsedAt: Timestamp;
  current: boolean;
}

export type ChatType = "direct" | "group";
export type Role = "member" | "admin" | "owner";

/** One person's place in a chat. The watermarks mean "everything up to here" and never go back. */
export interface Member extends Omit<PublicUser, "id"> {
  userId: Id;
  role: Role;
  joinedAt: Timestamp;
  deliveredSeq: number;
  readSeq: number;
  online: boolean;
}

/** A call that is going on in a chat. */
export interface ActiveCall {
  id: Id;
  startedBy?: Id;
  startedAt?: Timestamp;
  /** The users who are in it. */
  participants?: readonly Id[];
}

export interface Chat {
  id: Id;
  type: ChatType;
  /** Empty for a direct chat: show the other member's name (`chatTitle`). */
  name: string;
  description: string;
  avatarUrl: string | null;
  createdAt: Timestamp;
  updatedAt: Timestamp;
  lastSeq: number;
  lastRev: number;
  lastMessage?: Message | null;
  unreadCount: number;
  /** How many of the unread messages name the user. */
  unreadMentions: number;
  pinCount: number;
  myRole: Role;
  mutedUntil?: Timestamp | null;
  /** When the user put it away from their own list; see `isArchived`. */
  archivedAt?: Timestamp | null;
  members: readonly Member[];
  activeCall?: ActiveCall | null;
}

/** A link by which people join a group. */
export interface Invitation {
  id: Id;
  chatId: Id;
  createdBy: Id;
  createdAt: Timestamp;
  /** Absent: never. */
  expiresAt?: Timestamp | null;
  /** Absent: any number. */
  maxUses?: number | null;
  uses: number;
  /** The link itself, told once, to who made it: the server keeps a hash of it. */
  url?: string;
}

export interface InvitationDraft {
  /** Seconds. Null: never. */
  expiresIn?: number | null;
  /** Null: any number. */
  maxUses?: number | null;
}

/** What somebody who holds a link may see before they join. */
export interface InvitationPreview {
  chat: { name: string; description: string; avatarUrl: string | null; memberCount: number };
  invitedBy: PublicUser;
  expiresAt?: Timestamp | null;
  /** Given when the user is in the chat already. */
  chatId?: Id;
}

export type MessageKind = "text" | "audio" | "file" | "call" | "system";
export type DeliveryMark = "sent" | "delivered" | "read";

export interface Attachment {
  id: Id;
  name: string;
  mime: string;
  size: number;
  width?: number;
  height?: number;
  durationMs?: number;
  waveform?: readonly number[];
  url: string;
  expiresAt?: Timestamp;
}

export interface Reaction {
  emoji: string;
  userIds: readonly Id[];
}

/** Who said a forwarded message first, and when. */
export interface Origin {
  userId: Id;
  createdAt: Timestamp;
}

/** One entry of a chat. `seq` is its place for ever, `rev` the chat's revision of its latest change. */
export interface Message {
  id: Id;
  chatId: Id;
  userId: Id;
  seq: number;
  rev: number;
  kind: MessageKind;
  content: string;
  /** What belongs to `kind`: a call's outcome, a system event. */
  meta?: Readonly<Record<string, unknown>> | null;
  clientId?: string | null;
  replyTo?: Id | null;
  attachments: readonly Attachment[];
  reactions: readonly Reaction[];
  /** Members whom the content names by `@username`. */
  mentions: readonly Id[];
  pinnedAt?: Timestamp | null;
  pinnedBy?: Id | null;
  forwardedFrom?: Origin | null;
  createdAt: Timestamp;
  updatedAt: Timestamp;
  editedAt?: Timestamp | null;
  deletedAt?: Timestamp | null;
  /** The weakest over the recipients when the server said it; use `deliveryMark` for the live value. */
  status?: DeliveryMark;
}

/** How far one message has come with one recipient. */
export interface Delivery {
  userId: Id;
  status: DeliveryMark;
  deliveredAt?: Timestamp | null;
  readAt?: Timestamp | null;
}

export interface Page<T> {
  items: readonly T[];
  nextCursor?: string | null;
}

export interface MessagePage {
  items: readonly Message[];
  lastSeq: number;
  lastRev: number;
  hasMore: boolean;
}

/** A search in messages. `q`: words in any of their forms, "phrases" and beginnings*. */
export interface MessageSearch {
  q: string;
  /** Only in this chat. */
  chatId?: Id;
  limit?: number;
  cursor?: string;
}

/** Which messages of a chat: at most one of before, after, sinceRev; none means the newest. */
export interface MessageQuery {
  chatId: Id;
  before?: number;
  after?: number;
  sinceRev?: number;
  limit?: number;
}

export interface MessageDraft {
  chatId: Id;
  content: string;
  replyTo?: Id;
  attachmentIds?: readonly Id[];
}

/** A file to be sent with a message. The size in pixels, where it is a picture whose size is known: the room that it takes. */
export interface FileDraft {
  file: LocalFile;
  width?: number;
  height?: number;
}

/** A recording. `waveform`: at most 256 whole numbers from 0 to 255, the loudness over its time. */
export interface VoiceDraft {
  file: LocalFile;
  durationMs: number;
  waveform: readonly number[];
}

/** A message as it is given to be sent: with text, or files and perhaps a caption, or a recording alone. */
export interface OutgoingDraft extends MessageDraft {
  files?: readonly FileDraft[];
  voice?: VoiceDraft;
  /** It is a copy of another message; `content` is then that message's, for showing it until the server has it. */
  forward?: ForwardDraft;
}

/** What is forwarded, and what is known of it meanwhile. */
export interface ForwardDraft {
  messageId: Id;
  kind: MessageKind;
  origin: Origin;
}

/** A copy of a message of another chat, or of the same, as it goes to the server. */
export interface ForwardRequest {
  chatId: Id;
  forwardOf: Id;
}

/** A recording on its way to the server. */
export interface VoiceUpload {
  chatId: Id;
  clientId: string;
  replyTo?: Id;
  waveform: readonly number[];
  file: LocalFile;
}

/** Tokens as the server answers them. `expiresIn` is in seconds. */
export interface TokenAnswer {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

export interface AuthAnswer extends TokenAnswer {
  user: Profile;
}

export interface RegisterInput {
  email: string;
  username: string;
  password: string;
  displayName?: string;
}

/** `login` takes a username or an e-mail address. */
export interface LoginInput {
  login: string;
  password: string;
  /** The second factor, where the account has one: a code of six digits or a recovery code. */
  code?: string;
}

/** A second factor that waits for its first code. */
export interface TotpSetup {
  /** Base32, for typing into an app by hand. */
  secret: string;
  /** otpauth://…, for a QR code. */
  uri: string;
}

/** A signed link to one's own data, which a browser can open for some minutes. */
export interface ExportLink {
  url: string;
  expiresAt: Timestamp;
}

export interface ProfilePatch {
  displayName?: string;
  username?: string;
  email?: string;
  shareReadReceipts?: boolean;
}

export interface IceServer {
  urls: string | string[];
  username?: string;
  credential?: string;
}

export interface IceServersAnswer {
  iceServers: readonly IceServer[];
  /** Seconds. */
  ttl: number;
}

/** One call of a chat's history. */
export interface CallRecord {
  id: Id;
  chatId: Id;
  startedBy: Id;
  startedAt: Timestamp;
  answeredAt?: Timestamp | null;
  endedAt?: Timestamp | null;
  endReason?: string | null;
  participants: readonly { id: Id; userId: Id; joinedAt: Timestamp; leftAt?: Timestamp | null }[];
}
