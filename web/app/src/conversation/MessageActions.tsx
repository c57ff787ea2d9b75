import type { Chat, Id, Message } from "@confab/sdk";
import { DropdownMenu } from "radix-ui";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { downloadAll } from "../attachments/useLink";
import { client } from "../client";
import { ForwardDialog } from "../forward/ForwardDialog";
import { useMe, useTimeline } from "../hooks";
import { errorText } from "../i18n/errors";
import { copyText } from "../platform/clipboard";
import { Confirm } from "../ui/Confirm";
import { cx } from "../ui/classes";
import { Menu, MenuItem, MenuSeparator } from "../ui/Menu";
import { toast } from "../ui/toasts";
import { DeliveryDialog } from "./DeliveryDialog";
import { quickReactions } from "./emoji";
import { ReactionsDialog } from "./ReactionsDialog";
import { react } from "./reacting";
import { isEditable, isSaid } from "./said";
import type { Place } from "./target";
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
  onShow: (place: Place) => void;
};

/** What a message's menu opens. */
type DialogKind = "forward" | "reactions" | "delivery" | "delete";

/** The one menu for all messages of the list, with what follows from it. */
export function MessageActions({ at, ...props }: ActionsProps) {
  const { t } = useTranslation();
  const { chat } = props;
  const messages = useTimeline(chat.id)?.messages;
  const [opened, setOpened] = useState<{ dialog: DialogKind; message: Message } | null>(null);
  const close = () => setOpened(null);
  const message = at && messages?.find((candidate) => candidate.id === at.messageId);

  function remove(target: Message) {
    client.messaging.remove(target.id).catch((error: unknown) => toast(errorText(t, error), "error"));
  }

  return (
    <>
      {at && message && isSaid(message) && (
        <OpenMenu
          key={`${at.messageId} ${at.x} ${at.y}`}
          {...props}
          at={at}
          message={message}
          onDialog={(dialog) => setOpened({ dialog, message })}
        />
      )}
      {opened?.dialog === "forward" && (
        <ForwardDialog chat={chat} messages={[opened.message]} onClose={close} />
      )}
      {opened?.dialog === "reactions" && (
        <ReactionsDialog chat={chat} message={opened.message} onClose={close} />
      )}
      {opened?.dialog === "delivery" && (
        <DeliveryDialog chat={chat} message={opened.message} onClose={close} />
      )}
      {opened?.dialog === "delete" && (
        <Confirm
          open
          onClose={close}
          onConfirm={() => remove(opened.message)}
          title={t("message.deleteTitle")}
          text={t("message.deleteText")}
          action={t("message.delete")}
        />
      )}
    </>
  );
}

type OpenMenuProps = Omit<ActionsProps, "at"> & {
  at: MenuAt;
  message: Message;
  onDialog: (dialog: DialogKind) => void;
};

function OpenMenu(props: OpenMenuProps) {
  const { at, message, chat, onClose, onReply, onEdit, onSelect, onShow, onDialog } = props;
  const { t } = useTranslation();
  const me = useMe();
  const mine = message.userId === me.id;
  const mayDelete = mine || chat.myRole !== "member";
  const { replyTo } = message;
  const next = useRef<() => void>(undefined);
  /** Waits until the focus is back at the message: from there a dialog takes it, and there it returns it. */
  const afterwards = (what: () => void) => () => {
    next.current = what;
  };

  function copy() {
    copyText(message.content).then(
      () => toast(t("message.copied"), "ok"),
      () => toast(t("errors.copyFailed"), "error"),
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
      onReturnFocus={() => {
        focusMessage(at.messageId);
        next.current?.();
      }}
      trigger={<span aria-hidden="true" className="fixed size-px" style={{ left: at.x, top: at.y }} />}
    >
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
      {replyTo && (
        <MenuItem icon="up" onSelect={afterwards(() => onShow({ id: replyTo }))}>
          {t("message.toQuoted")}
        </MenuItem>
      )}
      <MenuItem icon="forward" onSelect={afterwards(() => onDialog("forward"))}>
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
      {isEditable(message, me.id) && (
        <MenuItem icon="pencil" onSelect={() => onEdit(message)}>
          {t("message.edit")}
        </MenuItem>
      )}
      {message.reactions.length > 0 && (
        <MenuItem icon="smile" onSelect={afterwards(() => onDialog("reactions"))}>
          {t("message.whoReacted")}
        </MenuItem>
      )}
      {mine && chat.type === "group" && (
        <MenuItem icon="checks" onSelect={afterwards(() => onDialog("delivery"))}>
          {t("message.info")}
        </MenuItem>
      )}
      {mayDelete && (
        <>
          <MenuSeparator />
          <MenuItem icon="trash" danger onSelect={afterwards(() => onDialog("delete"))}>
            {t("message.delete")}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
