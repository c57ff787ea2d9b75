import type { ConfabError } from "../errors.ts";
import type { ServerEvents } from "../events.ts";
import { type Observable, Subject } from "../observable.ts";
import type { ModelState, PendingMessage, Timeline } from "../state.ts";
import type { Chat, Id, Member, Message, Profile } from "../types.ts";
import {
  byActivity,
  knowsMentions,
  knowsUnread,
  type Watermark,
  withChangedMessage,
  withMember,
  withNewMessage,
  withoutMember,
  withUser,
  withWatermark,
} from "./chats.ts";
import { hasOlder, hear, type Log, shown } from "./log.ts";

const emptyTimeline: Timeline = {
  messages: [],
  pending: [],
  hasOlder: false,
  hasNewer: false,
  pins: null,
  loading: "none",
  error: null,
  loaded: false,
};

const emptyState: ModelState = {
  phase: "empty",
  me: null,
  chats: [],
  timelines: {},
  online: new Set(),
  lastSeen: {},
  blocked: new Set(),
  typing: {},
};

/**
 * What this device knows, and how each piece of news changes it. It asks for nothing itself: the synchroniser feeds it.
 * All changes go through `#set`, one new snapshot each.
 */
export class Model {
  readonly #state = new Subject<ModelState>(emptyState);
  /** The run and cursor behind each loaded timeline. */
  readonly #logs = new Map<Id, Log>();
  readonly #uncounted = new Set<Id>();
  /** By chat: what began to load last. */
  readonly #loading = new Map<Id, symbol>();
  #me: Id = "";

  get state(): Observable<ModelState> {
    return this.#state;
  }

  get me(): Id {
    return this.#me;
  }

  /** Several changes as one snapshot. */
  batch(changes: () => void): void {
    this.#state.batch(changes);
  }

  /** Begins anew for a user (or for nobody). */
  reset(userId: Id): void {
    this.#me = userId;
    this.#logs.clear();
    this.#state.set({ ...emptyState, phase: userId === "" ? "empty" : "loading" });
  }

  /** Forgets the chats and messages, and keeps what is on its way out: the database behind the server is another. */
  forgetHistory(): void {
    this.#logs.clear();
    const timelines: Record<Id, Timeline> = {};
    for (const [chatId, timeline] of Object.entries(this.#state.get().timelines)) {
      if (timeline.pending.length > 0) timelines[chatId] = { ...emptyTimeline, pending: timeline.pending };
    }
    this.#set({ phase: "loading", chats: [], timelines, typing: {} });
  }

  setProfile(me: Profile): void {
    this.#set({ me });
  }

  chat(chatId: Id): Chat | undefined {
    return this.#state.get().chats.find((chat) => chat.id === chatId);
  }

  /** How far I have read in a chat. */
  readSeq(chatId: Id): number {
    return this.chat(chatId)?.members.find((member) => member.userId === this.#me)?.readSeq ?? 0;
  }

  log(chatId: Id): Log | undefined {
    return this.#logs.get(chatId);
  }

  logs(): readonly (readonly [Id, Log])[] {
    return [...this.#logs];
  }

  /** A message that is loaded, or the last of its chat. */
  message(messageId: Id): Message | undefined {
    for (const log of this.#logs.values()) {
      const found = [...(log.aside ?? []), ...log.messages].find((m) => m.id === messageId);
      if (found) return found;
    }
    return (
      this.#state.get().chats.find((chat) => chat.lastMessage?.id === messageId)?.lastMessage ?? undefined
    );
  }

  /** Takes the whole list of chats; those that are not in it are gone. */
  setChats(chats: readonly Chat[]): void {
    const present = new Set(chats.map((chat) => chat.id));
    for (const chatId of this.#logs.keys()) if (!present.has(chatId)) this.#logs.delete(chatId);
    const timelines = Object.fromEntries(
      Object.entries(this.#state.get().timelines).filter(([chatId]) => present.has(chatId)),
    );
    this.#uncounted.clear();
    this.#set({ phase: "ready", chats: byActivity(chats), timelines });
    this.#meet(chats.flatMap((chat) => chat.members));
  }

  putChat(chat: Chat): void {
    const others = this.#state.get().chats.filter((c) => c.id !== chat.id);
    this.#set({ chats: byActivity([...others, chat]) });
    this.#meet(chat.members);
  }

  removeChat(chatId: Id): void {
    this.#logs.delete(chatId);
    const { [chatId]: _gone, ...timelines } = this.#state.get().timelines;
    this.#set({ chats: this.#state.get().chats.filter((chat) => chat.id !== chatId), timelines });
  }

  changeChat(chatId: Id, change: (chat: Chat) => Chat): void {
    const before = this.chat(chatId);
    if (!before) return;
    const after = change(before);
    if (after === before) return;
    const chats = this.#state.get().chats.map((chat) => (chat === before ? after : chat));
    // Sorting only when the order can have moved keeps the list's work small while receipts pour in.
    this.#set({ chats: after.lastMessage === before.lastMessage ? chats : byActivity(chats) });
  }

  setLog(chatId: Id, log: Log): void {
    this.#logs.set(chatId, log);
    const pinCount = log.pins?.length;
    this.changeChat(chatId, (chat) =>
      pinCount === undefined || pinCount === chat.pinCount ? chat : { ...chat, pinCount },
    );
    this.changeTimeline(chatId, (t) => ({
      ...t,
      messages: shown(log),
      hasOlder: hasOlder(log),
      hasNewer: log.aside !== null,
      pins: log.pins,
      loaded: true,
      error: null,
    }));
  }

  /** Forgets a chat's messages; they are loaded when it is opened again. */
  forget(chatId: Id): void {
    this.#logs.delete(chatId);
    this.changeTimeline(chatId, ({ pending }) => ({ ...emptyTimeline, pending }));
  }

  /** Shows that something is being loaded, until the returned function is called or something else begins to load. */
  startLoading(chatId: Id, loading: Timeline["loading"]): (error?: ConfabError) => void {
    const begun = Symbol(loading);
    this.#loading.set(chatId, begun);
    this.changeTimeline(chatId, (t) => ({ ...t, loading, error: null }));
    return (error) => {
      if (this.#loading.get(chatId) !== begun) return;
      this.#loading.delete(chatId);
      // The chat may be gone by now, or whoever was signed in.
      if (!(chatId in this.#state.get().timelines)) return;
      this.changeTimeline(chatId, (t) => ({ ...t, loading: "none", error: error ?? null }));
    };
  }

  setPending(chatId: Id, pending: readonly PendingMessage[]): void {
    this.changeTimeline(chatId, (t) => ({ ...t, pending }));
  }

  changeTimeline(chatId: Id, change: (timeline: Timeline) => Timeline): void {
    const { timelines } = this.#state.get();
    const before = timelines[chatId] ?? emptyTimeline;
    this.#set({ timelines: { ...timelines, [chatId]: change(before) } });
  }

  /** A message that is new: from an event, or from the answer to one's own sending. */
  received(message: Message): void {
    this.#hear(message);
    this.changeChat(message.chatId, (chat) => withNewMessage(chat, message, this.#me));
    this.setTyping(message.chatId, message.userId, false);
  }

  /**
   * A message that was edited, deleted, pinned or reacted to. False when it may have changed how many unread messages
   * name me, and only the server can tell.
   */
  updated(message: Message): boolean {
    const before = this.message(message.id);
    const chat = this.chat(message.chatId);
    const certain = !chat || knowsMentions(chat, message, before, this.#me);
    this.#hear(message);
    this.changeChat(message.chatId, (c) => withChangedMessage(c, message, this.#me, before));
    return certain;
  }

  /** Somebody's watermark moved. */
  watermark(mark: { chatId: Id } & Watermark): void {
    const log = this.#logs.get(mark.chatId);
    const messages = [...(log?.aside ?? []), ...(log?.messages ?? [])];
    this.changeChat(mark.chatId, (chat) => {
      if (!knowsUnread(chat, mark, this.#me, messages)) this.#uncounted.add(chat.id);
      return withWatermark(chat, mark, this.#me, messages);
    });
  }

  /** Whether I have read in that chat what is not loaded here: how much is unread yet only the server can tell. */
  isUncounted(chatId: Id): boolean {
    return this.#uncounted.has(chatId);
  }

  /** The chat holds the server's counts again. */
  counted(chatId: Id): void {
    this.#uncounted.delete(chatId);
  }

  memberChanged({ chatId, member }: ServerEvents["member:added"]): void {
    this.changeChat(chatId, (chat) => {
      const changed = withMember(chat, member);
      return member.userId === this.#me ? { ...changed, myRole: member.role } : changed;
    });
    this.#meet([member]);
  }

  memberRemoved({ chatId, userId }: ServerEvents["member:removed"]): void {
    this.changeChat(chatId, (chat) => withoutMember(chat, userId));
  }

  userUpdated({ user }: ServerEvents["user:updated"]): void {
    const { me, chats } = this.#state.get();
    this.#set({
      chats: chats.map((chat) => withUser(chat, user)),
      ...(me?.id === user.id ? { me: { ...me, ...user } } : {}),
    });
  }

  setOnline(users: readonly Id[]): void {
    this.#set({ online: new Set(users) });
  }

  setBlocked(users: readonly Id[]): void {
    this.#set({ blocked: new Set(users) });
  }

  blockChanged({ userId, on }: ServerEvents["user:blocked"]): void {
    const blocked = new Set(this.#state.get().blocked);
    if (on) blocked.add(userId);
    else blocked.delete(userId);
    this.#set({ blocked });
  }

  presence(userId: Id, online: boolean, lastSeenAt?: string): void {
    const state = this.#state.get();
    const now = new Set(state.online);
    if (online) now.add(userId);
    else now.delete(userId);
    this.#set({
      online: now,
      ...(lastSeenAt ? { lastSeen: { ...state.lastSeen, [userId]: lastSeenAt } } : {}),
    });
  }

  /** People of a chat that is new here were online before anybody told this device: their membership says so. */
  #meet(members: readonly Member[]): void {
    const { online } = this.#state.get();
    const here = members.filter((member) => member.online && !online.has(member.userId));
    if (here.length > 0) this.#set({ online: new Set([...online, ...here.map((member) => member.userId)]) });
  }

  setTyping(chatId: Id, userId: Id, on: boolean): void {
    const { typing } = this.#state.get();
    const before = typing[chatId] ?? [];
    if (before.includes(userId) === on) return;
    const after = on ? [...before, userId] : before.filter((id) => id !== userId);
    this.#set({ typing: { ...typing, [chatId]: after } });
  }

  nobodyTypes(): void {
    this.#set({ typing: {} });
  }

  #hear(message: Message): void {
    const log = this.#logs.get(message.chatId);
    if (!log) return;
    const after = hear(log, message);
    if (after !== log) this.setLog(message.chatId, after);
  }

  #set(change: Partial<ModelState>): void {
    this.#state.update((state) => ({ ...state, ...change }));
  }
}
