import type { Chat, Id, Message } from "@confab/sdk";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { downloadAll } from "../attachments/useLink";
import { client } from "../client";
import { ForwardDialog } from "../forward/ForwardDialog";
import { useMe, useTimeline } from "../hooks";
import { errorText } from "../i18n/errors";
import { isSelectable } from "../selection/useSelection";
import { Confirm } from "../ui/Confirm";
import { cx } from "../ui/classes";
import { Menu, MenuItem, MenuSeparator } from "../ui/Menu";
import { toast } from "../ui/toasts";
import { DeliveryDialog } from "./DeliveryDialog";
import { quickReactions } from "./emoji";
import { react } from "./reacting";
import { focusMessage } from "./useListKeys";

/** Whose menu, and where in the window. */
export type MenuAt = { messageId: Id; x: number; y: number };

type ActionsProps = {
  at: MenuAt | null;
  chat: Chat;
  onClose: () => void;
  onReply: (message: Message) => void;
  onEdit: (message: Message) => void;
  onSelect: (message: Message) => void;
};

/** The one menu for all messages of the list, with what follows from it. */
export function MessageActions({ at, chat, onClose, onReply, onEdit, onSelect }: ActionsProps) {
  const { t } = useTranslation();
  const messages = useTimeline(chat.id)?.messages;
  const [deleting, setDeleting] = useState<Message | null>(null);
  const [details, setDetails] = useState<Message | null>(null);
  const [forwarding, setForwarding] = useState<Message | null>(null);
  const message = at && messages?.find((candidate) => candidate.id === at.messageId);

  function remove(target: Message) {
    client.messaging.remove(target.id).catch((error: unknown) => toast(errorText(t, error), "error"));
  }

  return (
    <>
      {at && message && !message.deletedAt && (
        <OpenMenu
          key={`${at.messageId} ${at.x} ${at.y}`}
          at={at}
          message={message}
          chat={chat}
          onClose={onClose}
          onReply={onReply}
          onEdit={onEdit}
          onSelect={onSelect}
          onDelete={setDeleting}
          onDetails={setDetails}
          onForward={setForwarding}
        />
      )}
      <Confirm
        open={deleting !== null}
        onClose={() => setDeleting(null)}
        onConfirm={() => deleting && remove(deleting)}
        title={t("message.deleteTitle")}
        text={t("message.deleteText")}
        action={t("message.delete")}
      />
      {forwarding && (
        <ForwardDialog chat={chat} messages={[forwarding]} onClose={() => setForwarding(null)} />
      )}
      {details && <DeliveryDialog chat={chat} message={details} onClose={() => setDetails(null)} />}
    </>
  );
}

type OpenMenuProps = Omit<ActionsProps, "at"> & {
  at: MenuAt;
  message: Message;
  onDelete: (message: Message) => void;
  onDetails: (message: Message) => void;
  onForward: (message: Message) => void;
};

function OpenMenu(props: OpenMenuProps) {
  const { at, message, chat, onClose, onReply, onEdit, onSelect, onDelete, onDetails, onForward } = props;
  const { t } = useTranslation();
  const me = useMe();
  const mine = message.userId === me.id;
  const said = isSelectable(message);
  const mayDelete = said && (mine || chat.myRole !== "member");

  function copy() {
    navigator.clipboard?.writeText(message.content).then(
      () => toast(t("message.copied"), "ok"),
      () => toast(t("errors.unknown"), "error"),
    );
  }

  function pin() {
    client.messaging
      .pin(message.id, !message.pinnedAt)
      .catch((error: unknown) => toast(errorText(t, error), "error"));
  }

  return (
    <Menu
      open
      align="start"
      onOpenChange={(open) => !open && onClose()}
      onReturnFocus={() => focusMessage(at.messageId)}
      trigger={<span aria-hidden="true" className="fixed size-px" style={{ left: at.x, top: at.y }} />}
    >
      {said && (
        <>
          <DropdownMenu.Group aria-label={t("message.react")} className="flex gap-0.5 px-1 py-0.5">
            {quickReactions.map((emoji) => {
              const chosen = message.reactions.some(
                (each) => each.emoji === emoji && each.userIds.includes(me.id),
              );
              return (
                <DropdownMenu.CheckboxItem
                  key={emoji}
                  checked={chosen}
                  aria-label={t("message.reactWith", { emoji })}
                  onSelect={() => react(t, message, emoji, !chosen)}
                  className={cx(
                    "grid size-9 place-items-center rounded-xl text-[20px] transition-transform outline-none data-[highlighted]:scale-115 data-[highlighted]:bg-hover",
                    chosen && "bg-accent-soft",
                  )}
                >
                  {emoji}
                </DropdownMenu.CheckboxItem>
              );
            })}
          </DropdownMenu.Group>
          <MenuSeparator />
          <MenuItem icon="reply" onSelect={() => onReply(message)}>
            {t("message.reply")}
          </MenuItem>
          <MenuItem icon="forward" onSelect={() => onForward(message)}>
            {t("message.forward")}
          </MenuItem>
          <MenuItem icon="checkCircle" onSelect={() => onSelect(message)}>
            {t("select.start")}
          </MenuItem>
          <MenuItem icon="pin" onSelect={pin}>
            {message.pinnedAt ? t("message.unpin") : t("message.pin")}
          </MenuItem>
          {message.content !== "" && (
            <MenuItem icon="copy" onSelect={copy}>
              {t("message.copy")}
            </MenuItem>
          )}
          {message.attachments.length > 0 && (
            <MenuItem icon="download" onSelect={() => void downloadAll(message)}>
              {t("files.save")}
            </MenuItem>
          )}
        </>
      )}
      {mine && message.kind === "text" && (
        <MenuItem icon="pencil" onSelect={() => onEdit(message)}>
          {t("message.edit")}
        </MenuItem>
      )}
      {mine && said && chat.type === "group" && (
        <MenuItem icon="checks" onSelect={() => onDetails(message)}>
          {t("message.info")}
        </MenuItem>
      )}
      {mayDelete && (
        <>
          <MenuSeparator />
          <MenuItem icon="trash" danger onSelect={() => onDelete(message)}>
            {t("message.delete")}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
