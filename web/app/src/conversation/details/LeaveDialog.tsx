import type { Chat, Id } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { RadioGroup } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { titleOf } from "../../chats/preview";
import { client } from "../../client";
import { useMe } from "../../hooks";
import { errorText } from "../../i18n/errors";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Icon } from "../../ui/icons";
import { toast } from "../../ui/toasts";

/** Whether the group would be without an owner if this person left it. */
export function needsHeir(chat: Chat, me: Id): boolean {
  const owners = chat.members.filter((member) => member.role === "owner");
  return chat.members.length > 1 && owners.length === 1 && owners[0]?.userId === me;
}

/** The last owner cannot leave a group behind: somebody else becomes one first. */
export function LeaveDialog({
  chat,
  onClose,
  onLeft,
}: {
  chat: Chat;
  onClose: () => void;
  onLeft: () => void;
}) {
  const { t } = useTranslation();
  const me = useMe();
  const rank = { owner: 0, admin: 0, member: 1 } as const;
  const others = chat.members
    .filter((member) => member.userId !== me.id && !member.deleted)
    .sort((a, b) => rank[a.role] - rank[b.role] || a.displayName.localeCompare(b.displayName));
  const [heir, setHeir] = useState<Id>(others[0]?.userId ?? "");
  const leave = useMutation({
    mutationFn: async () => {
      await client.messaging.setRole(chat.id, heir, "owner");
      await client.messaging.leave(chat.id);
    },
    onSuccess: onLeft,
    onError: (error) => toast(errorText(t, error), "error"),
  });
  const name = titleOf(t, chat, me.id);

  return (
    <Dialog
      open
      onClose={onClose}
      title={t("members.leaveTitle", { name })}
      description={t("members.heirText")}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button look="danger" busy={leave.isPending} disabled={!heir} onClick={() => leave.mutate()}>
            {t("members.leave")}
          </Button>
        </>
      }
    >
      <RadioGroup.Root
        value={heir}
        onValueChange={setHeir}
        aria-label={t("members.heir")}
        className="max-h-72 space-y-0.5 overflow-y-auto p-0.5"
      >
        {others.map((member) => (
          <RadioGroup.Item
            key={member.userId}
            value={member.userId}
            className="flex w-full items-center gap-3 rounded-xl px-2.5 py-2 text-left transition hover:bg-hover data-[state=checked]:bg-accent-soft"
          >
            <Avatar id={member.userId} name={member.displayName} url={member.avatarUrl} size={38} />
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{member.displayName}</span>
              <span className="block truncate text-[13px] text-ink-3">
                {member.role === "admin" ? t("members.admin") : `@${member.username}`}
              </span>
            </span>
            <RadioGroup.Indicator className="text-accent">
              <Icon name="check" />
            </RadioGroup.Indicator>
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
    </Dialog>
  );
}
