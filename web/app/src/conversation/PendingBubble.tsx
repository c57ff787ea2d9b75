import type { Chat, Message, MessageKind } from "@confab/sdk";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { PendingFiles, showsOnlyPictures } from "../attachments/PendingFiles";
import { client } from "../client";
import { ForwardedFrom } from "../forward/ForwardedFrom";
import { errorText } from "../i18n/errors";
import { timeOfDay } from "../i18n/format";
import { membersByName } from "../mentions/mentions";
import { cx } from "../ui/classes";
import { besideFiles, bubbleShape } from "./MessageBubble";
import { PendingMark } from "./MessageMark";
import { Quote } from "./Quote";
import { RichText } from "./RichText";
import type { Row } from "./rows";

/** A message on its way out; one that was refused says why and what can be done. */
export function PendingBubble({
  row,
  chat,
  quoted,
}: {
  row: Extract<Row, { kind: "pending" }>;
  chat: Chat;
  quoted: Message | undefined;
}) {
  const { t, i18n } = useTranslation();
  const { pending, first, last } = row;
  const failed = pending.status === "failed";
  const footOnPicture = pending.content === "" && showsOnlyPictures(pending.files);
  const text = pending.content || (pending.forward ? whatIs(t, pending.forward.kind) : "");
  const foot = (
    <span className="float-right mt-[5px] -mb-0.5 ml-2.5 inline-flex items-center gap-1 text-[12px] leading-4 text-own-ink-3 tabular select-none">
      <time dateTime={pending.createdAt}>{timeOfDay(i18n.language, pending.createdAt)}</time>
      <PendingMark status={pending.status} />
    </span>
  );
  return (
    <>
      <div
        className={cx(
          "min-w-0 max-w-full px-3.5 py-2",
          bubbleShape(true, first, last && !failed),
          failed && "ring-1 ring-danger/50",
        )}
      >
        {pending.replyTo && (
          <div className="mt-0.5 mb-1.5">
            <Quote chat={chat} messageId={pending.replyTo} loaded={quoted} />
          </div>
        )}
        {pending.forward && <ForwardedFrom chat={chat} origin={pending.forward.origin} mine />}
        {pending.files && <PendingFiles pending={pending} foot={footOnPicture && foot} />}
        {!footOnPicture && (
          <div
            className={cx(
              "flow-root whitespace-pre-wrap [overflow-wrap:anywhere]",
              pending.files && besideFiles(pending.content),
            )}
          >
            <RichText text={text} named={membersByName(chat)} />
            {foot}
          </div>
        )}
      </div>
      {failed && (
        <p role="alert" className="mt-1 flex flex-wrap justify-end gap-x-3 text-[13px] text-danger">
          <span>
            {t("message.sendFailed")}
            {pending.error && `: ${errorText(t, pending.error)}`}
          </span>
          <button
            type="button"
            className="rounded font-medium underline underline-offset-2"
            onClick={() => client.messaging.retry(pending.clientId)}
          >
            {t("message.retry")}
          </button>
          <button
            type="button"
            className="rounded font-medium underline underline-offset-2"
            onClick={() => client.messaging.discard(pending.clientId)}
          >
            {t("message.discard")}
          </button>
        </p>
      )}
    </>
  );
}

/** A copy on its way shows no files yet. */
function whatIs(t: TFunction, kind: MessageKind): string {
  return kind === "audio" ? t("message.voice") : t("message.attachment");
}
