import { type Chat, type Id, isMuted, type Message } from "@confab/sdk";
import { isSaid } from "../conversation/said";

/**
 * What others have said between two states of the list of chats and has not been read on any device: of each chat that
 * is not muted the newest.
 */
export function newsOf(before: readonly Chat[], after: readonly Chat[], me: Id, now: number) {
  const known = new Map(before.map((chat) => [chat.id, chat.lastSeq]));
  const news: { chat: Chat; message: Message }[] = [];
  for (const chat of after) {
    const message = chat.lastMessage;
    if (!message || message.seq <= (known.get(chat.id) ?? 0) || message.userId === me) continue;
    if (isSaid(message) && chat.unreadCount > 0 && !isMuted(chat, now)) news.push({ chat, message });
  }
  return news;
}
