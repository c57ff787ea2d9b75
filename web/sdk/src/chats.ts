import type { Chat, DeliveryMark, Id, Member, Message } from "./types.ts";

/** What a chat is called for one of its members: its name, or in a direct chat the other's. */
export function chatTitle(chat: Chat, me: Id): string {
  if (chat.type === "group") return chat.name;
  return otherMember(chat, me)?.displayName ?? chat.name;
}

/** The other one of a direct chat. */
export function otherMember(chat: Chat, me: Id): Member | undefined {
  return chat.type === "direct" ? chat.members.find((member) => member.userId !== me) : undefined;
}

/**
 * How far a message of mine has come: the weakest over the other members' watermarks. Where nobody else is left in the
 * chat, what the server said last.
 */
export function deliveryMark(chat: Chat, message: Message): DeliveryMark {
  let mark: DeliveryMark = "read";
  let others = 0;
  for (const member of chat.members) {
    if (member.userId === message.userId) continue;
    others++;
    if (member.deliveredSeq < message.seq) return "sent";
    if (member.readSeq < message.seq) mark = "delivered";
  }
  return others > 0 ? mark : (message.status ?? "sent");
}
