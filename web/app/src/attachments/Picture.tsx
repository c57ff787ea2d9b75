import type { Attachment, Message } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../i18n/format";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { show } from "./gallery";
import { useLink } from "./useLink";

type Props = { message: Message; attachment: Attachment; preview: string | undefined };

/** A picture of a message, in the box that its parent has made; opens the viewer. */
export function Picture({ message, attachment, preview }: Props) {
  const { t } = useTranslation();
  const { url, broken, onError } = useLink(message, attachment);
  const [loaded, setLoaded] = useState(false);
  // A thumbnail does not move.
  const src = attachment.mime === "image/gif" ? url : `${url}&size=thumb`;
  return (
    <button
      type="button"
      aria-label={t("files.openPicture", { name: attachment.name })}
      onClick={() => show({ chatId: message.chatId, messageId: message.id, attachmentId: attachment.id })}
      className={cx(
        "absolute inset-0 block size-full bg-ink/8 bg-cover bg-center focus-visible:-outline-offset-4 dark:bg-white/6",
        !loaded && !broken && !preview && "skeleton !rounded-none",
      )}
      style={preview && !loaded ? { backgroundImage: `url("${preview}")` } : undefined}
    >
      {broken ? (
        <span className="grid size-full place-items-center text-ink-3">
          <Icon name="picture" size={28} />
        </span>
      ) : (
        <img
          src={src}
          alt=""
          loading="lazy"
          decoding="async"
          draggable={false}
          onLoad={() => setLoaded(true)}
          onError={() => void onError()}
          className={cx("size-full object-cover transition-opacity duration-200", !loaded && "opacity-0")}
        />
      )}
    </button>
  );
}

/** A video of a message: alone with its controls, in an album as a still that opens the viewer. */
export function VideoFile({ message, attachment, alone }: Omit<Props, "preview"> & { alone: boolean }) {
  const { t } = useTranslation();
  const { url, broken, onError } = useLink(message, attachment);
  const video = (
    // The first picture of many videos is black; a little later there is something to see.
    // biome-ignore lint/a11y/useMediaCaption: people's own videos come without captions
    <video
      src={`${url}#t=0.1`}
      controls={alone}
      preload="metadata"
      playsInline
      aria-label={attachment.name}
      onError={() => void onError()}
      className="size-full bg-black object-contain"
    />
  );
  if (alone) return video;
  return (
    <button
      type="button"
      aria-label={t("files.openVideo", { name: attachment.name })}
      onClick={() => show({ chatId: message.chatId, messageId: message.id, attachmentId: attachment.id })}
      className="absolute inset-0 block size-full focus-visible:-outline-offset-4"
    >
      {!broken && video}
      <span className="absolute inset-0 grid place-items-center">
        <span className="grid size-11 place-items-center rounded-full bg-black/55 text-white backdrop-blur-sm">
          <Icon name="play" size={22} />
        </span>
      </span>
      {attachment.durationMs !== undefined && attachment.durationMs > 0 && (
        <span className="absolute top-1.5 left-1.5 rounded-full bg-black/55 px-2 py-0.5 text-[12px] text-white tabular">
          {duration(attachment.durationMs / 1000)}
        </span>
      )}
    </button>
  );
}
