import type { Chat, Message } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { nameOf } from "../chats/preview";
import { client } from "../client";
import { ForwardDialog } from "../forward/ForwardDialog";
import { useMe } from "../hooks";
import { errorText } from "../i18n/errors";
import { moment } from "../i18n/format";
import { copyText } from "../platform/clipboard";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { toast } from "../ui/toasts";
import { asText } from "./copy";
import type { Selection } from "./useSelection";

/** In place of the composer: what can be done to the selected messages. */
export function SelectionBar({ chat, selection }: { chat: Chat; selection: Selection }) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const [forwarding, setForwarding] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const messages = selection.messages ?? [];
  const mayDelete = chat.myRole !== "member" || messages.every((message) => message.userId === me.id);

  function copy() {
    const heading = (message: Message) =>
      `${nameOf(t, chat, message.userId, me.id)}, ${moment(t, i18n.language, message.createdAt)}`;
    copyText(asText(messages, heading)).then(
      () => toast(t("message.copied"), "ok"),
      () => toast(t("errors.copyFailed"), "error"),
    );
    selection.leave();
  }

  async function removeAll() {
    for (const message of messages) await client.messaging.remove(message.id);
  }

  function remove() {
    removeAll().catch((error: unknown) => toast(errorText(t, error), "error"));
    selection.leave();
  }

  return (
    <div className="shrink-0 border-t border-line bg-surface px-2 py-2 pad-safe-bottom-2 md:px-4">
      <div
        role="toolbar"
        aria-label={t("select.actions")}
        className="mx-auto flex max-w-[46rem] items-center gap-2"
      >
        <Button look="ghost" icon="copy" onClick={copy} className="max-sm:px-3">
          {t("select.copy")}
        </Button>
        {mayDelete && (
          <Button look="danger" icon="trash" onClick={() => setDeleting(true)} className="max-sm:px-3">
            {t("message.delete")}
          </Button>
        )}
        <Button
          look="primary"
          icon="forward"
          onClick={() => setForwarding(true)}
          className="ml-auto max-sm:px-3"
        >
          {t("message.forward")}
        </Button>
      </div>
      <Confirm
        open={deleting}
        onClose={() => setDeleting(false)}
        onConfirm={remove}
        title={t("select.deleteTitle", { count: messages.length })}
        text={t("select.deleteText", { count: messages.length })}
        action={t("message.delete")}
      />
      {forwarding && (
        <ForwardDialog
          chat={chat}
          messages={messages}
          onClose={() => setForwarding(false)}
          onSent={selection.leave}
        />
      )}
    </div>
  );
}
