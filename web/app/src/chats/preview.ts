import { type Chat, chatTitle, type Id, type Message } from "@confab/sdk";
import type { TFunction } from "i18next";
import { filesText } from "../attachments/describe";
import { client } from "../client";
import { memberOf } from "../hooks";
import { duration } from "../i18n/format";

export function titleOf(t: TFunction, chat: Chat, me: Id): string {
  return chatTitle(chat, me) || (chat.type === "group" ? t("chats.unnamedGroup") : t("chats.deletedUser"));
}

/** A member's name, "You" for oneself. Who has left is known from other chats, or has no name any more. */
export function nameOf(t: TFunction, chat: Chat, userId: Id, me: Id): string {
  if (userId === me) return t("common.you");
  return memberOf(chat, userId)?.displayName || nameElsewhere(userId) || t("chats.deletedUser");
}

function nameElsewhere(userId: Id): string | undefined {
  for (const chat of client.state.get().chats) {
    const name = memberOf(chat, userId)?.displayName;
    if (name) return name;
  }
  return undefined;
}

type Meta = Readonly<Record<string, unknown>>;

const text = (meta: Meta | null | undefined, key: string): string | undefined => {
  const value = meta?.[key];
  return typeof value === "string" && value !== "" ? value : undefined;
};

/** What a message of kind `system` says. Events of later servers are told as a change. */
export function systemText(t: TFunction, chat: Chat, message: Message, me: Id): string {
  const meta = message.meta;
  const actor = nameOf(t, chat, message.userId, me);
  const targetId = text(meta, "userId");
  const target = targetId ? nameOf(t, chat, targetId, me) : "";
  const name = text(meta, "name");
  switch (text(meta, "event")) {
    case "member_added":
      return t("system.added", { actor, target });
    case "member_joined":
      return t("system.joined", { actor });
    case "member_removed":
      return t("system.removed", { actor, target });
    case "member_left":
      return t("system.left", { actor });
    case "renamed":
      return t("system.renamed", { actor, name: name ?? "" });
    default:
      return message.content || t("system.other");
  }
}

export type CallOutcome = { text: string; missed: boolean; outgoing: boolean };

/** What a message of kind `call` says: who called, whether it was taken, how long it was. */
export function callOutcome(t: TFunction, chat: Chat, message: Message, me: Id): CallOutcome {
  const outgoing = message.userId === me;
  const reason = text(message.meta, "reason");
  const seconds = typeof message.meta?.duration === "number" ? message.meta.duration : 0;
  if (reason === "missed" || reason === "timeout") {
    return {
      text: outgoing ? t("callMessage.noAnswer") : t("callMessage.missed"),
      missed: !outgoing,
      outgoing,
    };
  }
  if (reason === "declined") return { text: t("callMessage.declined"), missed: false, outgoing };
  const what =
    chat.type === "group"
      ? t("callMessage.group")
      : outgoing
        ? t("callMessage.outgoing")
        : t("callMessage.incoming");
  const told = seconds > 0 ? t("callMessage.withDuration", { what, duration: duration(seconds) }) : what;
  return { text: told, missed: false, outgoing };
}

/** One line for the list of chats. */
export function previewText(t: TFunction, chat: Chat, message: Message, me: Id): string {
  if (message.deletedAt) return t("message.deleted");
  switch (message.kind) {
    case "system":
      return systemText(t, chat, message, me);
    case "call":
      return callOutcome(t, chat, message, me).text;
    case "audio":
      return message.content || t("message.voice");
    default:
      return message.content.replace(/\s+/g, " ").trim() || filesText(t, message);
  }
}
