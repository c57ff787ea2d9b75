import type { CallReaction, CallsState } from "./call/state.ts";
import type { Tile } from "./events.ts";
import type { Observable } from "./observable.ts";
import type { Platform } from "./platform.ts";
import type { ConnectionState, ModelState, SessionState } from "./state.ts";
import type {
  AuthAnswer,
  CallRecord,
  Chat,
  Delivery,
  DeviceSession,
  IceServersAnswer,
  Id,
  LoginInput,
  Message,
  MessageDraft,
  MessagePage,
  MessageQuery,
  Page,
  Profile,
  ProfilePatch,
  PublicUser,
  RegisterInput,
  Role,
  UserDetails,
} from "./types.ts";

export interface ConfabClientOptions {
  /** Where the server is, e.g. `https://chat.example.org`. In a browser: `location.origin`. */
  baseUrl: string;
  platform: Platform;
  /** For tests: "relay" forces media through TURN. */
  iceTransportPolicy?: RTCIceTransportPolicy;
}

/** One device's connection to one Confab server: the session, the model, messaging and calls. */
export declare class ConfabClient {
  constructor(options: ConfabClientOptions);
  readonly rest: RestClient;
  readonly session: Observable<SessionState>;
  readonly connection: Observable<ConnectionState>;
  readonly state: Observable<ModelState>;
  readonly messaging: Messaging;
  readonly calls: Calls;
  /** Takes up the session that the storage holds, if there is one. Call once at start. */
  restore(): Promise<void>;
  register(input: RegisterInput): Promise<Profile>;
  login(input: LoginInput): Promise<Profile>;
  /** Ends the session on the server where it can be reached, and forgets everything on this device in any case. */
  logout(): Promise<void>;
  /** Stops everything without signing out: the page goes away. */
  close(): void;
}

/** What one does in chats; the results show up in `ConfabClient.state`. */
export declare class Messaging {
  /** Loads a chat's newest messages unless they are there. Call when a chat is shown. */
  open(chatId: Id): Promise<void>;
  /** Loads the next older messages. Resolves when they are in the timeline; does nothing while it already runs. */
  loadOlder(chatId: Id): Promise<void>;
  /** The chat is no longer shown: all but its newest messages may be forgotten. */
  release(chatId: Id): void;
  /** Shows the message at once, sends it as soon as possible, exactly once. Returns its clientId. */
  send(draft: MessageDraft): Promise<string>;
  /** Tries a failed message again. */
  retry(clientId: string): void;
  /** Gives a pending message up. One that is being sent may still arrive. */
  discard(clientId: string): void;
  edit(messageId: Id, content: string): Promise<Message>;
  remove(messageId: Id): Promise<Message>;
  react(messageId: Id, emoji: string, on: boolean): Promise<Message>;
  /** Everything up to this message (default: the newest loaded) has been seen. Batched; call as often as you like. */
  markRead(chatId: Id, messageId?: Id): void;
  /** Call at each key stroke; the SDK tells the others seldom enough. */
  typing(chatId: Id): void;
  /** The input was emptied. Sending does this by itself. */
  stopTyping(chatId: Id): void;
  createDirect(userId: Id): Promise<Chat>;
  createGroup(name: string, memberIds: readonly Id[]): Promise<Chat>;
  rename(chatId: Id, name: string): Promise<Chat>;
  deleteChat(chatId: Id): Promise<void>;
  addMember(chatId: Id, userId: Id, role?: Role): Promise<void>;
  setRole(chatId: Id, userId: Id, role: Role): Promise<void>;
  removeMember(chatId: Id, userId: Id): Promise<void>;
  leave(chatId: Id): Promise<void>;
  updateProfile(patch: ProfilePatch): Promise<Profile>;
}

/** What a call starts with; both default to true. Missing devices are no error: see `CallState.local`. */
export interface CallMedia {
  audio?: boolean;
  video?: boolean;
}

/** A microphone or camera to choose from. */
export interface MediaDevice {
  id: string;
  kind: "microphone" | "camera" | "speaker";
  /** Empty until a permission was given. */
  label: string;
}

/** Calls: at most one at a time on this device. The results show up in `state`. */
export declare class Calls {
  readonly state: Observable<CallsState>;
  /** False where the platform has no WebRTC. */
  readonly supported: boolean;
  /** Emoji that fly over the screen. */
  onReaction(listener: (reaction: CallReaction) => void): () => void;
  /** Starts the chat's call or joins the one that runs (also: accepts one that rings). */
  join(chatId: Id, media?: CallMedia): Promise<void>;
  /** Stops the ringing on all of the user's devices. */
  decline(chatId: Id): Promise<void>;
  /** Leaves the call; `forAll` ends it for everybody (owners and admins). */
  leave(options?: { forAll?: boolean }): Promise<void>;
  /** Forgets a call that has ended. */
  dismiss(): void;
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  /** Asks the user for a screen and shares it, with its sound where the browser has that. */
  shareScreen(): Promise<void>;
  stopScreen(): Promise<void>;
  devices(): Promise<MediaDevice[]>;
  useMicrophone(deviceId: string): Promise<void>;
  useCamera(deviceId: string): Promise<void>;
  raiseHand(raised: boolean): Promise<void>;
  react(emoji: string): Promise<void>;
  muteParticipant(participantId: Id): Promise<void>;
  removeParticipant(participantId: Id): Promise<void>;
  /** Which pictures are on the screen and how large (CSS pixels), the most wanted first. Debounced. */
  view(tiles: readonly Tile[]): void;
  /** The connection's statistics, for a details panel. */
  stats(): Promise<RTCStatsReport | null>;
}

/** The REST routes, typed. Each refusal is a ConfabError; no answer is a NetworkError. */
export declare class RestClient {
  register(input: RegisterInput): Promise<AuthAnswer>;
  login(input: LoginInput): Promise<AuthAnswer>;
  logout(): Promise<void>;
  sessions(): Promise<Page<DeviceSession>>;
  revokeSession(sessionId: Id): Promise<void>;
  changePassword(currentPassword: string, newPassword: string): Promise<void>;
  me(): Promise<Profile>;
  updateMe(patch: ProfilePatch): Promise<Profile>;
  deleteMe(password: string): Promise<void>;
  searchUsers(q: string, limit?: number, signal?: AbortSignal): Promise<Page<PublicUser>>;
  user(id: Id): Promise<UserDetails>;
  chats(options?: { limit?: number; cursor?: string }): Promise<Page<Chat>>;
  chat(id: Id): Promise<Chat>;
  createDirect(userId: Id): Promise<Chat>;
  createGroup(name: string, memberIds: readonly Id[]): Promise<Chat>;
  updateChat(id: Id, patch: { name?: string }): Promise<Chat>;
  deleteChat(id: Id): Promise<void>;
  addMember(chatId: Id, userId: Id, role?: Role): Promise<void>;
  setRole(chatId: Id, userId: Id, role: Role): Promise<void>;
  removeMember(chatId: Id, userId: Id): Promise<void>;
  messages(query: MessageQuery): Promise<MessagePage>;
  sendMessage(draft: MessageDraft & { clientId?: string }): Promise<Message>;
  editMessage(id: Id, content: string): Promise<Message>;
  deleteMessage(id: Id): Promise<Message>;
  react(id: Id, emoji: string, on: boolean): Promise<Message>;
  deliveries(messageId: Id): Promise<Page<Delivery>>;
  iceServers(): Promise<IceServersAnswer>;
  calls(query: { chatId?: Id; limit?: number; cursor?: string }): Promise<Page<CallRecord>>;
}
