import type { Chat } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { titleOf } from "../../chats/preview";
import { client } from "../../client";
import { useMe } from "../../hooks";
import { errorText } from "../../i18n/errors";
import { navigate } from "../../platform/router";
import { Confirm } from "../../ui/Confirm";
import { toast } from "../../ui/toasts";
import { InviteDialog } from "../invite/InviteDialog";
import { OwnRows } from "../own/OwnRows";
import { ActionRow, ActionRows } from "./ActionRow";
import { AddPeopleDialog } from "./AddPeopleDialog";
import { DescriptionDialog } from "./DescriptionDialog";
import { LeaveDialog, needsHeir } from "./LeaveDialog";
import { MemberItem } from "./MemberItem";
import { RenameDialog } from "./RenameDialog";

type Open = "add" | "invite" | "rename" | "describe" | "leave" | "delete" | null;

const rank = { owner: 0, admin: 1, member: 2 } as const;

/** The members of a group by rank, and what one's own role allows. */
export function GroupDetails({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const name = titleOf(t, chat, me.id);
  const manages = chat.myRole !== "member";
  const members = [...chat.members].sort(
    (a, b) => rank[a.role] - rank[b.role] || a.displayName.localeCompare(b.displayName),
  );

  async function goAway(act: () => Promise<void>, said?: string) {
    try {
      await act();
      onClose();
      navigate({ name: "home" }, { replace: true });
      if (said) toast(said, "ok");
    } catch (error) {
      toast(errorText(t, error), "error");
    }
  }

  return (
    <>
      {manages && (
        <ActionRows>
          <ActionRow icon="addPerson" text={t("members.add")} onClick={() => setOpen("add")} />
          <ActionRow icon="link" text={t("invite.title")} onClick={() => setOpen("invite")} />
          <ActionRow icon="pencil" text={t("members.rename")} onClick={() => setOpen("rename")} />
          <ActionRow
            icon="info"
            text={chat.description ? t("members.editDescription") : t("members.addDescription")}
            onClick={() => setOpen("describe")}
          />
        </ActionRows>
      )}
      <OwnRows chat={chat} />
      <h3 className="flex items-center gap-2 px-5 pb-1 text-[14px] font-medium text-ink-3">
        {t("members.heading")}
        <span className="tabular">{chat.members.length}</span>
      </h3>
      <ul className="px-2 pb-4">
        {members.map((member) => (
          <MemberItem key={member.userId} chat={chat} member={member} />
        ))}
      </ul>
      <ActionRows>
        <ActionRow icon="signOut" text={t("members.leave")} danger onClick={() => setOpen("leave")} />
        {chat.myRole === "owner" && (
          <ActionRow icon="trash" text={t("members.deleteGroup")} danger onClick={() => setOpen("delete")} />
        )}
      </ActionRows>
      <AddPeopleDialog chat={chat} open={open === "add"} onClose={close} />
      {open === "rename" && <RenameDialog chat={chat} onClose={close} />}
      {open === "invite" && <InviteDialog chat={chat} onClose={close} />}
      {open === "describe" && <DescriptionDialog chat={chat} onClose={close} />}
      {open === "leave" && needsHeir(chat, me.id) && (
        <LeaveDialog
          chat={chat}
          onClose={close}
          onLeft={() => void goAway(async () => undefined, t("members.left", { name }))}
        />
      )}
      <Confirm
        open={open === "leave" && !needsHeir(chat, me.id)}
        onClose={close}
        onConfirm={() => void goAway(() => client.messaging.leave(chat.id), t("members.left", { name }))}
        title={t("members.leaveTitle", { name })}
        text={t("members.leaveText")}
        action={t("members.leave")}
      />
      <Confirm
        open={open === "delete"}
        onClose={close}
        onConfirm={() => void goAway(() => client.messaging.deleteChat(chat.id))}
        title={t("members.deleteTitle", { name })}
        text={t("members.deleteText")}
        action={t("members.deleteGroup")}
      />
    </>
  );
}
