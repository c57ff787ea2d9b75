import type { Chat, Message } from "@confab/sdk";
import { type CSSProperties, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { hasOnlyPictures, MessageFiles } from "../attachments/MessageFiles";
import { ForwardedFrom } from "../forward/ForwardedFrom";
import { moment, timeOfDay } from "../i18n/format";
import { membersByName } from "../mentions/mentions";
import { tintOf } from "../platform/tints";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { isEmojiOnly } from "./linkify";
import { MessageMark } from "./MessageMark";
import { Quote } from "./Quote";
import { RichText } from "./RichText";
import type { Place } from "./target";

type BubbleProps = {
  chat: Chat;
  message: Message;
  mine: boolean;
  first: boolean;
  last: boolean;
  authorName: string;
  quoted: Message | undefined;
  onShow: (place: Place) => void;
};

/** Round, but square where the bubbles of a group meet. */
export function bubbleShape(mine: boolean, first: boolean, last: boolean): string {
  return cx(
    "rounded-[18px]",
    mine ? !first && "rounded-tr-md" : !first && "rounded-tl-md",
    mine ? !last && "rounded-br-md" : !last && "rounded-bl-md",
    mine ? "bg-own" : "bg-other shadow-low",
  );
}

export function MessageBubble({ chat, message, mine, first, last, authorName, quoted, onShow }: BubbleProps) {
  const { t } = useTranslation();
  const showName = chat.type === "group" && !mine && first;
  const withFiles = !message.deletedAt && message.attachments.length > 0;
  const footOnPicture = withFiles && message.content === "" && hasOnlyPictures(message);
  const named = useMemo(() => membersByName(chat, message.mentions), [chat, message.mentions]);
  const big =
    !message.deletedAt && !message.replyTo && !message.forwardedFrom && isEmojiOnly(message.content);
  return (
    <div
      className={cx(
        "min-w-0 max-w-full",
        big ? "px-1" : cx(bubbleShape(mine, first, last), "px-3.5 py-2"),
        "[-webkit-touch-callout:none] touch:select-none",
      )}
    >
      {showName && (
        <p
          className="tint-ink mb-0.5 truncate text-[13.5px] font-semibold"
          style={{ "--tint": tintOf(message.userId) } as CSSProperties}
        >
          {authorName}
        </p>
      )}
      {message.forwardedFrom && !message.deletedAt && (
        <ForwardedFrom chat={chat} origin={message.forwardedFrom} mine={mine} />
      )}
      {message.replyTo && !message.deletedAt && (
        <div className="mt-0.5 mb-1.5">
          <Quote chat={chat} messageId={message.replyTo} loaded={quoted} onShow={onShow} />
        </div>
      )}
      {withFiles && (
        <MessageFiles
          message={message}
          top={!showName && !message.replyTo && !message.forwardedFrom}
          foot={footOnPicture && <Foot chat={chat} message={message} mine={mine} />}
        />
      )}
      {footOnPicture ? null : message.deletedAt ? (
        <p className="flow-root text-ink-3 italic">
          <Icon name="trash" size={15} className="mr-1.5 inline-block align-[-2px]" />
          {t("message.deleted")}
          <Foot chat={chat} message={message} mine={false} />
        </p>
      ) : (
        <div
          className={cx(
            "flow-root whitespace-pre-wrap [overflow-wrap:anywhere]",
            big && "text-[40px] leading-tight",
            withFiles && besideFiles(message.content),
          )}
        >
          <RichText text={message.content} named={named} />
          {big && <br />}
          <Foot chat={chat} message={message} mine={mine} />
        </div>
      )}
    </div>
  );
}

/** A caption is as wide as what it is under; without one the time goes into the last line of the files. */
export function besideFiles(content: string): string {
  return content === "" ? "pointer-events-none -mt-6 h-6" : "mt-1 w-0 min-w-full";
}

/** The time and how far the message has come, in the last line of the text where there is room. */
function Foot({ chat, message, mine }: { chat: Chat; message: Message; mine: boolean }) {
  const { t, i18n } = useTranslation();
  return (
    <span
      className={cx(
        "float-right mt-[5px] -mb-0.5 ml-2.5 inline-flex items-center gap-1 text-[12px] leading-4 whitespace-nowrap tabular select-none",
        mine ? "text-own-ink-3" : "text-ink-3",
      )}
    >
      {message.pinnedAt && !message.deletedAt && (
        <>
          <Icon name="pin" size={13} />
          <span className="sr-only">{t("pins.pinned")}</span>
        </>
      )}
      {message.editedAt && !message.deletedAt && <span>{t("message.edited")}</span>}
      <time dateTime={message.createdAt} title={moment(t, i18n.language, message.createdAt)}>
        {timeOfDay(i18n.language, message.createdAt)}
      </time>
      {mine && <MessageMark chat={chat} message={message} />}
    </span>
  );
}
