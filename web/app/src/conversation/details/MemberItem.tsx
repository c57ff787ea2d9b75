import type { Chat, Member, Role } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../../client";
import { useMe, useOnline } from "../../hooks";
import { errorText } from "../../i18n/errors";
import { navigate } from "../../platform/router";
import { Avatar } from "../../ui/Avatar";
import { IconButton } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu";
import { toast } from "../../ui/toasts";
import { allowedRoles, mayRemove } from "./permissions";

const roleAction = {
  owner: { key: "members.makeOwner", icon: "crown" },
  admin: { key: "members.makeAdmin", icon: "crown" },
  member: { key: "members.makeMember", icon: "person" },
} as const;

export function MemberItem({ chat, member }: { chat: Chat; member: Member }) {
  const { t } = useTranslation();
  const me = useMe();
  const online = useOnline(member.userId);
  const [asking, setAsking] = useState(false);
  const self = member.userId === me.id;
  const name = member.displayName || t("chats.deletedUser");
  const roles = self ? [] : allowedRoles(chat.myRole, member.role);
  const removable = !self && mayRemove(chat.myRole, member.role);

  const run = (work: Promise<unknown>) =>
    void work.catch((error: unknown) => toast(errorText(t, error), "error"));
  const setRole = (role: Role) => run(client.messaging.setRole(chat.id, member.userId, role));
  const write = () =>
    run(
      client.messaging
        .createDirect(member.userId)
        .then((direct) => navigate({ name: "chat", chatId: direct.id })),
    );

  return (
    <li className="flex items-center gap-3 rounded-xl px-3 py-1.5 hover:bg-hover">
      <Avatar id={member.userId} name={name} url={member.avatarUrl} size={38} online={online || self} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">
          {self ? `${name} (${t("common.you").toLowerCase()})` : name}
        </span>
        <span className="block truncate text-[13px] text-ink-3">@{member.username}</span>
      </span>
      {member.role !== "member" && (
        <span className="rounded-full bg-accent-soft px-2 py-0.5 text-[12px] font-medium text-accent">
          {t(`members.${member.role}`)}
        </span>
      )}
      {!self && (
        <Menu
          trigger={<IconButton icon="more" size="sm" tip={false} label={t("members.actions", { name })} />}
        >
          <MenuItem icon="chat" onSelect={write}>
            {t("members.message")}
          </MenuItem>
          {roles.map((role) => (
            <MenuItem key={role} icon={roleAction[role].icon} onSelect={() => setRole(role)}>
              {t(roleAction[role].key)}
            </MenuItem>
          ))}
          {removable && (
            <>
              <MenuSeparator />
              <MenuItem icon="close" danger onSelect={() => setAsking(true)}>
                {t("members.remove")}
              </MenuItem>
            </>
          )}
        </Menu>
      )}
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => run(client.messaging.removeMember(chat.id, member.userId))}
        title={t("members.removeTitle", { name })}
        text={t("members.removeText")}
        action={t("common.remove")}
      />
    </li>
  );
}
