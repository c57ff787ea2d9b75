import { type Chat, otherMember } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { titleOf } from "../../chats/preview";
import { client } from "../../client";
import { useMe, useOnline } from "../../hooks";
import { EditableAvatar } from "../../picture/EditableAvatar";
import { Avatar } from "../../ui/Avatar";
import { IconButton } from "../../ui/Button";
import { DirectDetails } from "./DirectDetails";
import { GroupDetails } from "./GroupDetails";

/** The third pane: who one talks with, and what one may change about it. */
export function Details({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const other = otherMember(chat, me.id);
  const online = useOnline(other?.userId);
  const title = titleOf(t, chat, me.id);
  const group = chat.type === "group";
  return (
    <div className="flex h-full flex-col pad-safe-top-0">
      <header className="flex h-15 shrink-0 items-center gap-2 border-b border-line pr-2 pl-5">
        <h2 className="flex-1 truncate font-semibold">
          {group ? t("members.title") : t("members.titleDirect")}
        </h2>
        <IconButton icon="close" label={t("chat.closeDetails")} tip={false} onClick={onClose} />
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain pad-safe-bottom-0">
        <div className="flex flex-col items-center px-6 pt-7 pb-5 text-center">
          {group && chat.myRole !== "member" ? (
            <EditableAvatar
              id={chat.id}
              name={title}
              url={chat.avatarUrl}
              size={96}
              save={(picture) => client.messaging.setChatAvatar(chat.id, picture)}
            />
          ) : (
            <Avatar
              id={other?.userId ?? chat.id}
              name={title}
              url={other?.avatarUrl ?? chat.avatarUrl}
              size={96}
              online={online}
            />
          )}
          <p className="mt-4 max-w-full text-xl leading-tight font-semibold [overflow-wrap:anywhere]">
            {title}
          </p>
          <p className="mt-1 text-ink-3">
            {group
              ? t("chat.members", { count: chat.members.length })
              : other?.username && `@${other.username}`}
          </p>
          {group && chat.description && (
            <p
              dir="auto"
              className="mt-4 w-full text-start text-ink-2 whitespace-pre-wrap [overflow-wrap:anywhere]"
            >
              {chat.description}
            </p>
          )}
        </div>
        {group ? <GroupDetails chat={chat} onClose={onClose} /> : <DirectDetails chat={chat} other={other} />}
      </div>
    </div>
  );
}
