import { type Chat, deliveryMark, type Message, type PendingMessage } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";

/** How far a message of mine has come: ✓ on the server, ✓✓ with everybody, coloured once everybody has read it. */
export function MessageMark({ chat, message }: { chat: Chat; message: Message }) {
  const { t } = useTranslation();
  const mark = deliveryMark(chat, message);
  return (
    <span className={cx("inline-flex shrink-0", mark === "read" ? "text-accent" : "text-own-ink-3")}>
      <Icon name={mark === "sent" ? "check" : "checks"} size={16} strokeWidth={2} />
      <span className="sr-only">{t(`message.${mark}`)}</span>
    </span>
  );
}

export function PendingMark({ status }: { status: PendingMessage["status"] }) {
  const { t } = useTranslation();
  const failed = status === "failed";
  return (
    <span className={cx("inline-flex shrink-0", failed ? "text-danger" : "text-own-ink-3")}>
      <Icon name={failed ? "alert" : "clock"} size={14} strokeWidth={2} />
      <span className="sr-only">
        {failed ? t("message.sendFailed") : status === "sending" ? t("message.sending") : t("message.queued")}
      </span>
    </span>
  );
}
