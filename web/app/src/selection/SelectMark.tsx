import type { Chat, Message } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { nameOf, previewText } from "../chats/preview";
import { useMe } from "../hooks";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";

/** The box beside a message while messages are being selected. A click anywhere in its row reaches the row. */
export function SelectMark({ chat, message, on }: { chat: Chat; message: Message; on: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  const name = nameOf(t, chat, message.userId, me.id);
  return (
    // biome-ignore lint/a11y/useSemanticElements: an input would need a label around the whole message
    <button
      type="button"
      role="checkbox"
      data-select
      aria-checked={on}
      aria-label={t("select.message", { name, text: previewText(t, chat, message, me.id) })}
      className={cx(
        "mr-1 mb-2 grid size-6 shrink-0 place-items-center self-end rounded-full border-2 transition",
        on ? "border-accent bg-accent text-on-accent" : "border-line-strong",
      )}
    >
      {on && <Icon name="check" size={15} strokeWidth={2.75} />}
    </button>
  );
}
