import { type Id, type Member, otherMember } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { memberOf, useChats, useLastSeen, useMe, useOnline } from "../hooks";
import { errorText } from "../i18n/errors";
import { moment } from "../i18n/format";
import { navigate } from "../platform/router";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { toast } from "../ui/toasts";
import { person } from "./person";

/** Who was tapped on. One for the whole app. */
export function PersonDialog() {
  const userId = useSyncExternalStore(person.subscribe, person.get);
  const chats = useChats();
  const known = chats.map((chat) => memberOf(chat, userId ?? "")).find((member) => member);
  return known ? <Card member={known} onClose={() => person.set(null)} /> : null;
}

function Card({ member, onClose }: { member: Member; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const online = useOnline(member.userId);
  const lastSeen = useLastSeen(member.userId);
  const write = useMutation({
    mutationFn: () => chatWith(member.userId, me.id),
    onSuccess: (chatId) => {
      onClose();
      navigate({ name: "chat", chatId });
    },
    onError: (error) => toast(errorText(t, error), "error"),
  });
  const presence = online
    ? t("chat.online")
    : lastSeen
      ? t("chat.lastSeen", { when: moment(t, i18n.language, lastSeen) })
      : "";
  return (
    <Dialog open onClose={onClose} title={t("mentions.person")}>
      <div className="flex flex-col items-center px-2 pt-3 pb-2 text-center">
        <Avatar
          id={member.userId}
          name={member.displayName}
          url={member.avatarUrl}
          size={88}
          online={online}
        />
        <p className="mt-4 max-w-full text-xl leading-tight font-semibold [overflow-wrap:anywhere]">
          {member.displayName}
        </p>
        <p className="mt-1 text-ink-3">@{member.username}</p>
        {presence && <p className="mt-1 text-[14px] text-ink-3">{presence}</p>}
        {member.userId !== me.id && (
          <Button
            look="primary"
            icon="chat"
            className="mt-5"
            busy={write.isPending}
            onClick={() => write.mutate()}
          >
            {t("members.message")}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

async function chatWith(userId: Id, me: Id): Promise<Id> {
  const present = client.state.get().chats.find((chat) => otherMember(chat, me)?.userId === userId);
  return (present ?? (await client.messaging.createDirect(userId))).id;
}
