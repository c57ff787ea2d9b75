import type { Chat, Message } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { startCall } from "../call/actions";
import { callOutcome } from "../chats/preview";
import { client } from "../client";
import { useCurrentCall, useMe } from "../hooks";
import { timeOfDay } from "../i18n/format";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { bubbleShape } from "./MessageBubble";

/** What became of a call, with the way to call back. */
export function CallMessage({ chat, message }: { chat: Chat; message: Message }) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const busy = useCurrentCall() !== null;
  const { text, missed, outgoing } = callOutcome(t, chat, message, me.id);
  return (
    <div
      className={cx(
        bubbleShape(message.userId === me.id, true, true),
        "flex items-center gap-3 py-2 pr-4 pl-2.5",
      )}
    >
      <span
        className={cx(
          "grid size-10 shrink-0 place-items-center rounded-full",
          missed
            ? "bg-danger-soft text-danger"
            : outgoing
              ? "bg-surface/70 text-accent"
              : "bg-accent-soft text-accent",
        )}
      >
        <Icon name={outgoing ? "callOut" : "callIn"} />
      </span>
      <div className="min-w-0">
        <p className={cx("font-medium", missed && "text-danger")}>{text}</p>
        <p className="flex flex-wrap items-center gap-x-2 text-[13px] text-ink-3">
          <time dateTime={message.createdAt} className="tabular">
            {timeOfDay(i18n.language, message.createdAt)}
          </time>
          {client.calls.supported && !chat.activeCall && (
            <button
              type="button"
              disabled={busy}
              onClick={() => startCall(t, chat.id, { video: false })}
              className="rounded font-medium text-accent hover:underline disabled:opacity-50"
            >
              {outgoing ? t("callMessage.again") : t("callMessage.back")}
            </button>
          )}
        </p>
      </div>
    </div>
  );
}
