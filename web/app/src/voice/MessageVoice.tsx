import type { Attachment, Message } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { download } from "../attachments/useLink";
import { useMe } from "../hooks";
import { IconButton } from "../ui/Button";
import { useHeard } from "./heard";
import { Player } from "./Player";
import { trackOf } from "./player";

const none: readonly number[] = [];

/** A voice message, or a file of sound under its name. */
export function MessageVoice({ message, attachment }: { message: Message; attachment: Attachment }) {
  const { t } = useTranslation();
  const me = useMe();
  const file = message.kind !== "audio";
  const heard = useHeard(message);
  return (
    <Player
      track={trackOf(message, attachment)}
      inMessage
      news={!file && !heard && message.userId !== me.id}
      waveform={attachment.waveform ?? none}
      title={file && <bdi className="block max-w-52 truncate text-[14px] font-medium">{attachment.name}</bdi>}
    >
      {file && (
        <IconButton
          icon="download"
          size="sm"
          iconSize={16}
          tip={false}
          label={t("files.download", { name: attachment.name })}
          className="-my-1 !size-6"
          onClick={() => void download(message, attachment)}
        />
      )}
    </Player>
  );
}
