import type { Chat } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { nameOf, previewText } from "../chats/preview";
import { useMe } from "../hooks";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/icons";
import type { ComposerMode } from "./Composer";

/** Above the input: what is being answered or changed, and the way out of it. */
export function ComposerBanner({
  chat,
  mode,
  onCancel,
}: {
  chat: Chat;
  mode: ComposerMode;
  onCancel: () => void;
}) {
  const { t } = useTranslation();
  const me = useMe();
  if (mode.kind === "new") return null;
  const editing = mode.kind === "edit";
  const name = nameOf(t, chat, mode.message.userId, me.id);
  return (
    <div className="flex animate-fade items-center gap-3 border-b border-line py-1.5 pr-1.5 pl-4">
      <Icon name={editing ? "pencil" : "reply"} className="shrink-0 text-accent" />
      <p className="min-w-0 flex-1 text-[14px] leading-snug">
        <span className="block truncate font-semibold text-accent">
          {editing ? t("message.editing") : t("message.replyingTo", { name })}
        </span>
        <span className="block truncate text-ink-2">{previewText(t, chat, mode.message, me.id)}</span>
      </p>
      <IconButton
        icon="close"
        size="sm"
        tip={false}
        label={editing ? t("composer.cancelEdit") : t("composer.cancelReply")}
        onClick={onCancel}
      />
    </div>
  );
}
