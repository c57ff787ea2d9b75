import { ConfabError } from "../errors.ts";
import type { LocalFile } from "../files/local.ts";
import type { Platform } from "../platform.ts";
import type {
  Attachment,
  AuthAnswer,
  BlockedUser,
  CallRecord,
  Chat,
  Delivery,
  DeviceSession,
  ExportLink,
  IceServersAnswer,
  Id,
  Invitation,
  InvitationDraft,
  InvitationPreview,
  LoginInput,
  Message,
  MessageDraft,
  MessagePage,
  MessageQuery,
  MessageSearch,
  Page,
  Profile,
  ProfilePatch,
  PublicUser,
  RegisterInput,
  Role,
  Timestamp,
  TokenAnswer,
  TotpSetup,
  UserDetails,
  VoiceUpload,
} from "../types.ts";
import { type FormUpload, sendForm } from "./form.ts";
import { type HttpRequest, send } from "./http.ts";
import { TokenKeeper } from "./tokens.ts";

type Plain = Omit<HttpRequest, "token">;

/** How an upload is watched and given up. */
export type UploadOptions = Pick<FormUpload, "progress" | "signal">;

/**
 * The REST routes, typed. Each refusal is a ConfabError; no answer is a NetworkError. Access tokens are renewed ahead of
 * time, and once more when the server refuses one.
 */
export class RestClient {
  readonly tokens: TokenKeeper;
  readonly #platform: Platform;
  readonly #baseUrl: string;

  constructor(platform: Platform, baseUrl: string) {
    this.#platform = platform;
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
    this.tokens = new TokenKeeper(platform, (refreshToken) =>
      this.#open<TokenAnswer>({ method: "POST", path: "/auth/refresh", body: { refreshToken } }),
    );
  }

  /** Where the socket is: the server's own address with ws or wss. */
  get socketUrl(): string {
    return `${this.#baseUrl.replace(/^http/, "ws")}/ws`;
  }

  /** A link of the server (an avatar, an attachment) as an absolute address. */
  absolute(url: string): string {
    return url.startsWith("/") ? this.#baseUrl + url : url;
  }

  register(input: RegisterInput): Promise<AuthAnswer> {
    return this.#open({ method: "POST", path: "/auth/register", body: input });
  }

  login(input: LoginInput): Promise<AuthAnswer> {
    return this.#open({ method: "POST", path: "/auth/login", body: input });
  }

  logout(): Promise<void> {
    return this.#call({ method: "POST", path: "/auth/logout" });
  }

  sessions(): Promise<Page<DeviceSession>> {
    return this.#call({ method: "GET", path: "/auth/sessions" });
  }

  revokeSession(sessionId: Id): Promise<void> {
    return this.#call({ method: "DELETE", path: path`/auth/sessions/${sessionId}` });
  }

  changePassword(currentPassword: string, newPassword: string): Promise<void> {
    return this.#call({ method: "PUT", path: "/auth/password", body: { currentPassword, newPassword } });
  }

  /** Begins a second factor; it counts from the first right code on. */
  setUpTotp(password: string): Promise<TotpSetup> {
    return this.#call({ method: "POST", path: "/auth/totp", body: { password } });
  }

  /** Turns the second factor on. The recovery codes are told this once. */
  async confirmTotp(code: string): Promise<readonly string[]> {
    const answer = await this.#call<{ recoveryCodes: string[] }>({
      method: "POST",
      path: "/auth/totp/confirm",
      body: { code },
    });
    return answer.recoveryCodes;
  }

  removeTotp(password: string, code: string): Promise<void> {
    return this.#call({ method: "DELETE", path: "/auth/totp", body: { password, code } });
  }

  me(): Promise<Profile> {
    return this.#call({ method: "GET", path: "/users/me" });
  }

  updateMe(patch: ProfilePatch): Promise<Profile> {
    return this.#call({ method: "PATCH", path: "/users/me", body: patch });
  }

  deleteMe(password: string): Promise<void> {
    return this.#call({ method: "DELETE", path: "/users/me", body: { password } });
  }

  exportMe(password: string): Promise<ExportLink> {
    return this.#call({ method: "POST", path: "/users/me/export", body: { password } });
  }

  /** PNG, JPEG or WebP; null takes the picture away. */
  setAvatar(picture: Blob | null): Promise<Profile> {
    return this.#picture("/users/me/avatar", picture);
  }

  blockedUsers(): Promise<Page<BlockedUser>> {
    return this.#call({ method: "GET", path: "/users/blocked" });
  }

  block(userId: Id, on: boolean): Promise<void> {
    return this.#call({ method: on ? "PUT" : "DELETE", path: path`/users/${userId}/block` });
  }

  searchUsers(q: string, limit?: number, signal?: AbortSignal): Promise<Page<PublicUser>> {
    return this.#call({
      method: "GET",
      path: "/users/search",
      query: { q, limit },
      ...(signal && { signal }),
    });
  }

  user(id: Id): Promise<UserDetails> {
    return this.#call({ method: "GET", path: path`/users/${id}` });
  }

  chats(options: { limit?: number; cursor?: string } = {}): Promise<Page<Chat>> {
    return this.#call({ method: "GET", path: "/chats", query: options });
  }

  chat(id: Id): Promise<Chat> {
    return this.#call({ method: "GET", path: path`/chats/${id}` });
  }

  createDirect(userId: Id): Promise<Chat> {
    return this.#call({ method: "POST", path: "/chats", body: { type: "direct", memberIds: [userId] } });
  }

  createGroup(name: string, memberIds: readonly Id[]): Promise<Chat> {
    return this.#call({ method: "POST", path: "/chats", body: { type: "group", name, memberIds } });
  }

  updateChat(id: Id, patch: { name?: string; description?: string }): Promise<Chat> {
    return this.#call({ method: "PATCH", path: path`/chats/${id}`, body: patch });
  }

  /** PNG, JPEG or WebP; null takes the picture away. */
  setChatAvatar(id: Id, picture: Blob | null): Promise<Chat> {
    return this.#picture(path`/chats/${id}/avatar`, picture);
  }

  deleteChat(id: Id): Promise<void> {
    return this.#call({ method: "DELETE", path: path`/chats/${id}` });
  }

  addMember(chatId: Id, userId: Id, role?: Role): Promise<void> {
    return this.#call({ method: "POST", path: path`/chats/${chatId}/members`, body: { userId, role } });
  }

  setRole(chatId: Id, userId: Id, role: Role): Promise<void> {
    return this.#call({ method: "PATCH", path: path`/chats/${chatId}/members/${userId}`, body: { role } });
  }

  /** Mutes a chat for oneself until then (RFC 3339), or with null hears it again. */
  muteChat(chatId: Id, me: Id, mutedUntil: Timestamp | null): Promise<void> {
    return this.#call({ method: "PATCH", path: path`/chats/${chatId}/members/${me}`, body: { mutedUntil } });
  }

  /** Puts a chat away from one's own list, or back. */
  archiveChat(chatId: Id, me: Id, archived: boolean): Promise<void> {
    return this.#call({ method: "PATCH", path: path`/chats/${chatId}/members/${me}`, body: { archived } });
  }

  invitations(chatId: Id): Promise<Page<Invitation>> {
    return this.#call({ method: "GET", path: path`/chats/${chatId}/invitations` });
  }

  invite(chatId: Id, draft: InvitationDraft): Promise<Invitation> {
    return this.#call({ method: "POST", path: path`/chats/${chatId}/invitations`, body: draft });
  }

  revokeInvitation(chatId: Id, invitationId: Id): Promise<void> {
    return this.#call({ method: "DELETE", path: path`/chats/${chatId}/invitations/${invitationId}` });
  }

  previewInvitation(token: string): Promise<InvitationPreview> {
    return this.#call({ method: "POST", path: "/invitations/preview", body: { token } });
  }

  acceptInvitation(token: string): Promise<Chat> {
    return this.#call({ method: "POST", path: "/invitations/accept", body: { token } });
  }

  removeMember(chatId: Id, userId: Id): Promise<void> {
    return this.#call({ method: "DELETE", path: path`/chats/${chatId}/members/${userId}` });
  }

  messages(query: MessageQuery): Promise<MessagePage> {
    return this.#call({ method: "GET", path: "/messages", query: { ...query } });
  }

  message(id: Id): Promise<Message> {
    return this.#call({ method: "GET", path: path`/messages/${id}` });
  }

  /** Newest first. */
  searchMessages(search: MessageSearch, signal?: AbortSignal): Promise<Page<Message>> {
    return this.#call({
      method: "GET",
      path: "/messages/search",
      query: { ...search },
      ...(signal && { signal }),
    });
  }

  pin(id: Id, on: boolean): Promise<Message> {
    return this.#call({ method: on ? "PUT" : "DELETE", path: path`/messages/${id}/pin` });
  }

  pins(chatId: Id): Promise<Page<Message>> {
    return this.#call({ method: "GET", path: path`/chats/${chatId}/pins` });
  }

  /** Messages that name the user, in order of seq: those past `after`, or the unread ones. */
  mentions(chatId: Id, query: { after?: number; limit?: number } = {}): Promise<MessagePage> {
    return this.#call({ method: "GET", path: path`/chats/${chatId}/mentions`, query });
  }

  sendMessage(draft: MessageDraft & { clientId?: string }): Promise<Message> {
    return this.#call({ method: "POST", path: "/messages", body: draft });
  }

  editMessage(id: Id, content: string): Promise<Message> {
    return this.#call({ method: "PATCH", path: path`/messages/${id}`, body: { content } });
  }

  deleteMessage(id: Id): Promise<void> {
    return this.#call({ method: "DELETE", path: path`/messages/${id}` });
  }

  react(id: Id, emoji: string, on: boolean): Promise<Message> {
    return this.#call({ method: on ? "PUT" : "DELETE", path: path`/messages/${id}/reactions/${emoji}` });
  }

  deliveries(messageId: Id): Promise<Page<Delivery>> {
    return this.#call({ method: "GET", path: path`/messages/${messageId}/deliveries` });
  }

  /** Uploads a file, to be named in a message's `attachmentIds` within a day. */
  upload(file: LocalFile, options: UploadOptions = {}): Promise<Attachment> {
    const form = { method: "POST", path: "/attachments", fields: {}, fileField: "file", file } as const;
    return this.#withToken((token) =>
      sendForm(this.#platform, this.#baseUrl, { ...form, ...options, token }),
    );
  }

  /** Uploads a recording and sends it as a message, in one; the same clientId makes it once. */
  sendVoice(draft: VoiceUpload, options: UploadOptions = {}): Promise<Message> {
    const { chatId, clientId, replyTo, waveform, file } = draft;
    const fields = {
      ...{ chatId, clientId, waveform: JSON.stringify(waveform) },
      ...(replyTo === undefined ? {} : { replyTo }),
    };
    const form = {
      method: "POST",
      path: "/messages/upload-audio",
      fields,
      fileField: "audio",
      file,
    } as const;
    return this.#withToken((token) =>
      sendForm(this.#platform, this.#baseUrl, { ...form, ...options, token }),
    );
  }

  iceServers(): Promise<IceServersAnswer> {
    return this.#call({ method: "GET", path: "/ice-servers" });
  }

  calls(query: { chatId?: Id; limit?: number; cursor?: string }): Promise<Page<CallRecord>> {
    return this.#call({ method: "GET", path: "/calls", query });
  }

  #picture<T>(path: string, picture: Blob | null): Promise<T> {
    if (picture === null) return this.#call({ method: "DELETE", path });
    const form = new FormData();
    form.append("file", picture, "picture");
    return this.#call({ method: "PUT", path, form });
  }

  /** A request without authentication. */
  #open<T>(request: Plain): Promise<T> {
    return send(this.#platform, this.#baseUrl, request);
  }

  /** A request in the session's name. */
  #call<T>(request: Plain): Promise<T> {
    return this.#withToken((token) => send<T>(this.#platform, this.#baseUrl, { ...request, token }));
  }

  /** Does something with an access token, and once more with a fresh one when the server refuses it. */
  async #withToken<T>(work: (token: string) => Promise<T>): Promise<T> {
    const token = await this.tokens.access();
    try {
      return await work(token);
    } catch (error) {
      if (!(error instanceof ConfabError) || error.status !== 401) throw error;
    }
    return work(await this.tokens.access(token));
  }
}

/** A path whose parts are escaped. */
function path(texts: TemplateStringsArray, ...parts: string[]): string {
  return texts.reduce((whole, text, i) => whole + encodeURIComponent(parts[i - 1] ?? "") + text);
}
