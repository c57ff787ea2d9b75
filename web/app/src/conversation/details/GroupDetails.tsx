import type { Chat } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { titleOf } from "../../chats/preview";
import { client } from "../../client";
import { useMe } from "../../hooks";
import { errorText } from "../../i18n/errors";
import { navigate } from "../../platform/router";
import { Confirm } from "../../ui/Confirm";
import { cx } from "../../ui/classes";
import { Icon, type IconName } from "../../ui/icons";
import { toast } from "../../ui/toasts";
import { AddPeopleDialog } from "./AddPeopleDialog";
import { MemberItem } from "./MemberItem";
import { RenameDialog } from "./RenameDialog";

type Open = "add" | "rename" | "leave" | "delete" | null;

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
      <div className="mx-4 mb-4 overflow-hidden rounded-2xl border border-line">
        {manages && (
          <>
            <Action icon="addPerson" text={t("members.add")} onClick={() => setOpen("add")} />
            <Action icon="pencil" text={t("members.rename")} onClick={() => setOpen("rename")} />
          </>
        )}
        <Action icon="signOut" text={t("members.leave")} danger onClick={() => setOpen("leave")} />
        {chat.myRole === "owner" && (
          <Action icon="trash" text={t("members.deleteGroup")} danger onClick={() => setOpen("delete")} />
        )}
      </div>
      <h3 className="flex items-center gap-2 px-5 pb-1 text-[14px] font-medium text-ink-3">
        {t("members.heading")}
        <span className="tabular">{chat.members.length}</span>
      </h3>
      <ul className="px-2 pb-4">
        {members.map((member) => (
          <MemberItem key={member.userId} chat={chat} member={member} />
        ))}
      </ul>
      <AddPeopleDialog chat={chat} open={open === "add"} onClose={close} />
      {open === "rename" && <RenameDialog chat={chat} onClose={close} />}
      <Confirm
        open={open === "leave"}
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

function Action({
  icon,
  text,
  danger,
  onClick,
}: {
  icon: IconName;
  text: string;
  danger?: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      onClick={onClick}
      className={cx(
        "flex w-full items-center gap-3 px-4 py-2.5 text-left transition-colors not-first:border-t not-first:border-line hover:bg-hover focus-visible:-outline-offset-2",
        danger && "text-danger",
      )}
    >
      <Icon name={icon} className={danger ? "" : "text-ink-3"} />
      {text}
    </button>
  );
}
