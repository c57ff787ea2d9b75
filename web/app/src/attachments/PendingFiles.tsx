import type { PendingFile, PendingMessage } from "@confab/sdk";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { cx } from "../ui/classes";
import { PendingVoice } from "../voice/PendingVoice";
import { Album } from "./Album";
import { FileCard } from "./FileCard";
import { fileSize, looksLike } from "./kinds";
import { OverPicture } from "./MessageFiles";
import { ProgressRing } from "./ProgressRing";
import { previewUrl, rememberPreview } from "./previews";

/** Whether all files of a message on its way out are shown as pictures. */
export function showsOnlyPictures(files: readonly PendingFile[] | undefined): boolean {
  return files !== undefined && files.length > 0 && files.every(isVisual);
}

const isVisual = (file: PendingFile) =>
  file.width !== undefined &&
  file.height !== undefined &&
  ["picture", "video"].includes(looksLike(file.type));

/** The files of a message on its way out, with how far they have come and the way to stop them. */
export function PendingFiles({ pending, foot }: { pending: PendingMessage; foot: ReactNode }) {
  const { t, i18n } = useTranslation();
  const files = pending.files ?? [];
  const failed = pending.status === "failed";
  const visual = files.filter(isVisual);
  const others = files.filter((file) => !isVisual(file));
  const ring = (
    <ProgressRing
      progress={failed ? null : pending.progress}
      icon={failed ? "retry" : "close"}
      label={failed ? t("message.retry") : t("files.cancelUpload")}
      onClick={() =>
        failed ? client.messaging.retry(pending.clientId) : client.messaging.discard(pending.clientId)
      }
    />
  );
  if (pending.voice) return <PendingVoice pending={pending} ring={ring} />;
  const whole = files.reduce((sum, file) => sum + file.size, 0);
  const note =
    pending.progress === undefined
      ? undefined
      : t("files.sentOf", {
          sent: fileSize(i18n.language, whole * pending.progress),
          whole: fileSize(i18n.language, whole),
        });
  return (
    <>
      {visual.length > 0 && (
        <div className={cx("relative -mx-2.5 first:-mt-1", foot ? "-mb-1" : "mb-1.5")}>
          <Album sizes={visual.map(({ width = 1, height = 1 }) => ({ width, height }))}>
            {(index) => <Still file={visual[index]} pending={pending} />}
          </Album>
          <span className="absolute inset-0 grid place-items-center">{ring}</span>
          {note && (
            <span className="absolute top-1.5 left-1.5 rounded-full bg-black/55 px-2 py-0.5 text-[12px] text-white tabular">
              {note}
            </span>
          )}
          {foot && <OverPicture low>{foot}</OverPicture>}
        </div>
      )}
      {others.map((file, i) => (
        <div key={file.key} className="w-72 max-w-full">
          <FileCard
            name={file.name}
            size={file.size}
            note={
              visual.length === 0 && i === 0 && pending.progress !== undefined
                ? percent(pending.progress)
                : undefined
            }
            {...(visual.length === 0 && i === 0 ? { action: ring } : {})}
          />
        </div>
      ))}
    </>
  );
}

const percent = (part: number) => `${Math.floor(part * 100)} %`;

function Still({ file, pending }: { file: PendingFile | undefined; pending: PendingMessage }) {
  const at = pending.files?.findIndex((each) => each.key === file?.key) ?? -1;
  const blob = file?.file?.blob;
  const url = blob && previewUrl(blob);
  useEffect(() => {
    if (url) rememberPreview(pending.clientId, at, url);
  }, [pending.clientId, at, url]);
  if (!file || !url) return <span className="absolute inset-0 bg-ink/10" />;
  return looksLike(file.type) === "video" ? (
    <video src={`${url}#t=0.1`} muted playsInline className="size-full object-cover" />
  ) : (
    <img src={url} alt={file.name} className="size-full object-cover" />
  );
}
