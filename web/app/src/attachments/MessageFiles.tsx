import type { Attachment, Message } from "@confab/sdk";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { MessageVoice } from "../voice/MessageVoice";
import { Album } from "./Album";
import type { Size } from "./album";
import { FileCard, TypeTile } from "./FileCard";
import { lookOf } from "./kinds";
import { Picture, VideoFile } from "./Picture";
import { rememberedPreview } from "./previews";
import { download } from "./useLink";

/** A video whose size the server could not tell gets this. */
const unknownSize = { width: 1280, height: 720 };

/** The controls of a video need this width, in CSS pixels. */
const videoWidth = 300;

/** The size that a picture or video is laid out with. */
function sizeOf(attachment: Attachment): Size {
  const { width, height } = attachment;
  if (!width || !height) return unknownSize;
  const larger = lookOf(attachment) === "video" ? Math.max(1, videoWidth / width) : 1;
  return { width: width * larger, height: height * larger };
}

const isVisual = (attachment: Attachment) => ["picture", "video"].includes(lookOf(attachment));

/** Whether a message's files are all shown as pictures, which reach to the edge of its bubble. */
export function hasOnlyPictures({ attachments }: Message): boolean {
  return attachments.length > 0 && attachments.every(isVisual);
}

/** The files of a message: pictures and videos as an album, sound in the player, all else as cards. */
export function MessageFiles({
  message,
  top,
  foot,
}: {
  message: Message;
  /** Nothing is over them in the bubble. */
  top: boolean;
  /** What lies over the pictures, if anything. */
  foot: ReactNode;
}) {
  const { attachments } = message;
  const visual = attachments.filter(isVisual);
  const others = attachments.filter((each) => !isVisual(each));
  const video = visual.length === 1 && visual.some((each) => lookOf(each) === "video");
  return (
    <>
      {visual.length > 0 && (
        <div className={cx("relative -mx-2.5", top && "-mt-1", foot ? "-mb-1" : "mb-1.5")}>
          <Album sizes={visual.map(sizeOf)}>
            {(index) => <Visual message={message} attachment={visual[index]} alone={visual.length === 1} />}
          </Album>
          {foot && <OverPicture low={!video}>{foot}</OverPicture>}
        </div>
      )}
      {others.map((attachment) =>
        lookOf(attachment) === "audio" ? (
          <MessageVoice key={attachment.id} message={message} attachment={attachment} />
        ) : (
          <Download key={attachment.id} message={message} attachment={attachment} />
        ),
      )}
    </>
  );
}

function Visual({
  message,
  attachment,
  alone,
}: {
  message: Message;
  attachment: Attachment | undefined;
  alone: boolean;
}) {
  if (!attachment) return null;
  if (lookOf(attachment) === "video")
    return <VideoFile message={message} attachment={attachment} alone={alone} />;
  const at = message.attachments.indexOf(attachment);
  return (
    <Picture message={message} attachment={attachment} preview={rememberedPreview(message.clientId, at)} />
  );
}

/** The time on a picture: at its foot, or above the controls of a video. */
export function OverPicture({ low, children }: { low: boolean; children: ReactNode }) {
  return (
    <span
      className={cx(
        "pointer-events-none absolute right-1.5 flex rounded-full bg-black/55 px-2 py-0.5 text-white backdrop-blur-sm [&_*]:!m-0 [&_*]:!text-white",
        low ? "bottom-1.5" : "top-1.5",
      )}
    >
      {children}
    </span>
  );
}

function Download({ message, attachment }: { message: Message; attachment: Attachment }) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      data-testid="file-card"
      onClick={() => void download(message, attachment)}
      className="group/file block w-72 max-w-full rounded-2xl"
    >
      <FileCard
        name={attachment.name}
        size={attachment.size}
        action={
          <span className="relative grid size-12 shrink-0 place-items-center">
            <span className="contents group-hover/file:hidden group-focus-visible/file:hidden">
              <TypeTile name={attachment.name} />
            </span>
            <span className="hidden size-12 place-items-center rounded-2xl bg-accent-strong text-on-accent group-hover/file:grid group-focus-visible/file:grid">
              <Icon name="download" size={22} />
            </span>
          </span>
        }
      />
      <span className="sr-only">{t("files.save")}</span>
    </button>
  );
}
