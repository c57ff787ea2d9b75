import type { Chat, Id } from "@confab/sdk";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { nameOf } from "../chats/preview";
import { memberOf, useMe } from "../hooks";
import { Avatar } from "../ui/Avatar";

/** Somebody of a chat in a list about one of its messages. */
export function PersonLine({ chat, userId, children }: { chat: Chat; userId: Id; children?: ReactNode }) {
  const { t } = useTranslation();
  const me = useMe();
  const name = nameOf(t, chat, userId, me.id);
  return (
    <li className="flex items-center gap-3 py-1.5">
      <Avatar id={userId} name={name} url={memberOf(chat, userId)?.avatarUrl ?? null} size={34} />
      <span className="min-w-0 flex-1 truncate">{name}</span>
      {children}
    </li>
  );
}
