import type { RestClient } from "../net/rest.ts";
import type { Chat, Id, Message, OutgoingDraft, Profile, ProfilePatch, Role, Timestamp } from "../types.ts";
import { isArchived } from "./chats.ts";
import type { Model } from "./model.ts";
import type { Outbox } from "./outbox.ts";
import type { Receipts } from "./receipts.ts";
import type { Synchroniser } from "./synchroniser.ts";
import type { Typing } from "./typing.ts";

interface Parts {
  rest: RestClient;
  model: Model;
  synchroniser: Synchroniser;
  outbox: Outbox;
  receipts: Receipts;
  typing: Typing;
}

/** What one does in chats; the results show up in `ConfabClient.state`. */
export class Messaging {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Loads a chat's newest messages unless they are there. Call when a chat is shown. */
  open(chatId: Id): Promise<void> {
    return this.#parts.synchroniser.open(chatId);
  }

  /** Loads the next older messages. Resolves when they are in the timeline; calls while it runs share it. */
  loadOlder(chatId: Id): Promise<void> {
    return this.#parts.synchroniser.paging.loadOlder(chatId);
  }

  /** Loads the next newer messages, where the timeline does not end with the newest (`hasNewer`). */
  loadNewer(chatId: Id): Promise<void> {
    return this.#parts.synchroniser.paging.loadNewer(chatId);
  }

  /**
   * Makes the timeline of an open chat show the messages around that one, unless it is there already. Resolves when it
   * is; refuses with not_found for what the user may not see.
   */
  async goTo(chatId: Id, message: Id | Pick<Message, "seq">): Promise<void> {
    const { model, rest, synchroniser } = this.#parts;
    const known = typeof message === "string" ? (model.message(message) ?? rest.message(message)) : message;
    await synchroniser.paging.goTo(chatId, (await known).seq);
  }

  /** Lets the timeline end with the newest messages again. */
  goToNewest(chatId: Id): void {
    this.#parts.synchroniser.paging.goToNewest(chatId);
  }

  /** The first unread message of the chat that names the user. */
  nextMention(chatId: Id): Promise<Message | undefined> {
    return this.#parts.synchroniser.paging.nextMention(chatId);
  }

  /** The chat is no longer shown: all but its newest messages may be forgotten. */
  release(chatId: Id): void {
    this.#parts.synchroniser.release(chatId);
  }

  /**
   * Shows the message at once, sends it as soon as possible, exactly once; files are uploaded first. Returns its
   * clientId. Refuses files that the server would not take for their size or number.
   */
  send(draft: OutgoingDraft): Promise<string> {
    this.#parts.typing.stopped(draft.chatId);
    this.#parts.synchroniser.paging.goToNewest(draft.chatId);
    return this.#parts.outbox.send(draft);
  }

  /**
   * Sends copies of messages to other chats, as `send` does: at once, or as soon as there is a connection, each of them
   * once, and in each chat one after the other in the order given.
   */
  async forward(messages: readonly Message[], chatIds: readonly Id[]): Promise<void> {
    for (const { id: messageId, kind, content, userId, createdAt, forwardedFrom } of messages) {
      const forward = { messageId, kind, origin: forwardedFrom ?? { userId, createdAt } };
      await Promise.all(chatIds.map((chatId) => this.#parts.outbox.send({ chatId, content, forward })));
    }
  }

  /** Tries a failed message again. */
  retry(clientId: string): void {
    this.#parts.outbox.retry(clientId);
  }

  /** Gives a pending message up, and stops its uploads. One that is being sent may still arrive. */
  discard(clientId: string): void {
    this.#parts.outbox.discard(clientId);
  }

  /**
   * Reads the links of a message's files anew: they end some hours after they were told. Messages near it are renewed
   * with it; calls at the same time share one request.
   */
  renewLinks(chatId: Id, seq: number): Promise<void> {
    return this.#parts.synchroniser.paging.renewLinks(chatId, seq);
  }

  edit(messageId: Id, content: string): Promise<Message> {
    return this.#changed(this.#parts.rest.editMessage(messageId, content));
  }

  /** Keeps a message at the top of its chat for everybody, or no longer. At most 100 a chat: too_many_pins. */
  pin(messageId: Id, on: boolean): Promise<Message> {
    return this.#changed(this.#parts.rest.pin(messageId, on));
  }

  /** Leaves a tombstone, which comes with the event. */
  remove(messageId: Id): Promise<void> {
    return this.#parts.rest.deleteMessage(messageId);
  }

  react(messageId: Id, emoji: string, on: boolean): Promise<Message> {
    return this.#changed(this.#parts.rest.react(messageId, emoji, on));
  }

  /** Everything up to this message (default: the newest loaded) has been seen. Batched; call as often as you like. */
  markRead(chatId: Id, messageId?: Id): void {
    this.#parts.receipts.markRead(chatId, messageId);
  }

  /** Call at each key stroke; the others are told seldom enough. */
  typing(chatId: Id): void {
    this.#parts.typing.keyPressed(chatId);
  }

  /** The input was emptied. Sending does this by itself. */
  stopTyping(chatId: Id): void {
    this.#parts.typing.stopped(chatId);
  }

  createDirect(userId: Id): Promise<Chat> {
    return this.#appeared(this.#parts.rest.createDirect(userId));
  }

  createGroup(name: string, memberIds: readonly Id[]): Promise<Chat> {
    return this.#appeared(this.#parts.rest.createGroup(name, memberIds));
  }

  rename(chatId: Id, name: string): Promise<Chat> {
    return this.#appeared(this.#parts.rest.updateChat(chatId, { name }));
  }

  describe(chatId: Id, description: string): Promise<Chat> {
    return this.#appeared(this.#parts.rest.updateChat(chatId, { description }));
  }

  /** PNG, JPEG or WebP; null takes the picture away. */
  setChatAvatar(chatId: Id, picture: Blob | null): Promise<Chat> {
    return this.#appeared(this.#parts.rest.setChatAvatar(chatId, picture));
  }

  /** Joins the group that an invitation's link is for. */
  acceptInvitation(token: string): Promise<Chat> {
    return this.#appeared(this.#parts.rest.acceptInvitation(token));
  }

  /** Puts a chat away from one's own list, or back. */
  async archive(chatId: Id, archived: boolean): Promise<void> {
    const { rest, model } = this.#parts;
    await rest.archiveChat(chatId, model.me, archived);
  }

  /** While one of two people blocks the other, nothing passes between them in their direct chat. */
  async block(userId: Id, on: boolean): Promise<void> {
    await this.#parts.rest.block(userId, on);
    this.#parts.model.blockChanged({ userId, on });
  }

  /** Mutes a chat until then (RFC 3339), or with null hears it again. */
  async mute(chatId: Id, until: Timestamp | null): Promise<void> {
    const { rest, model } = this.#parts;
    const chat = model.chat(chatId);
    // News has brought it back from the archive; to be quiet is not to be put away again.
    if (until !== null && chat?.archivedAt && !isArchived(chat, Date.now()))
      await this.archive(chatId, false);
    await rest.muteChat(chatId, model.me, until);
    model.changeChat(chatId, (chat) => ({ ...chat, mutedUntil: until }));
  }

  async deleteChat(chatId: Id): Promise<void> {
    await this.#parts.rest.deleteChat(chatId);
    this.#parts.model.removeChat(chatId);
  }

  async addMember(chatId: Id, userId: Id, role?: Role): Promise<void> {
    await this.#parts.rest.addMember(chatId, userId, role);
  }

  async setRole(chatId: Id, userId: Id, role: Role): Promise<void> {
    await this.#parts.rest.setRole(chatId, userId, role);
  }

  async removeMember(chatId: Id, userId: Id): Promise<void> {
    await this.#parts.rest.removeMember(chatId, userId);
  }

  async leave(chatId: Id): Promise<void> {
    await this.#parts.rest.removeMember(chatId, this.#parts.model.me);
    this.#parts.model.removeChat(chatId);
  }

  async updateProfile(patch: ProfilePatch): Promise<Profile> {
    const profile = await this.#parts.rest.updateMe(patch);
    this.#parts.model.setProfile(profile);
    return profile;
  }

  /** PNG, JPEG or WebP; null takes the picture away. */
  async setAvatar(picture: Blob | null): Promise<Profile> {
    const profile = await this.#parts.rest.setAvatar(picture);
    this.#parts.model.setProfile(profile);
    return profile;
  }

  /** Reads the profile anew, after something about it was changed through `rest`. */
  async refreshProfile(): Promise<void> {
    this.#parts.model.setProfile(await this.#parts.rest.me());
  }

  async #changed(answer: Promise<Message>): Promise<Message> {
    const message = await answer;
    this.#parts.synchroniser.updated(message);
    return message;
  }

  async #appeared(answer: Promise<Chat>): Promise<Chat> {
    const chat = await answer;
    this.#parts.synchroniser.chatAppeared(chat);
    return chat;
  }
}
