import type { Id } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/icons";
import { endingOf, fileSize } from "./kinds";
import { type Picked, removeFile, useTray } from "./tray";

/** Over the input: what will go with the message. */
export function TrayStrip({ chatId }: { chatId: Id }) {
  const { t } = useTranslation();
  const picked = useTray(chatId);
  if (picked.length === 0) return null;
  return (
    <ul
      aria-label={t("files.chosen")}
      className="flex animate-fade gap-2 overflow-x-auto border-b border-line p-2.5 [scrollbar-width:none]"
    >
      {picked.map((each) => (
        <li key={each.id} data-testid="picked-file" className="relative shrink-0 animate-pop">
          {each.url ? <Thumb picked={each} /> : <Card picked={each} />}
          <IconButton
            icon="close"
            size="sm"
            iconSize={14}
            tip={false}
            label={t("files.remove", { name: each.file.name })}
            onClick={() => removeFile(chatId, each.id)}
            className="absolute top-1 right-1 !size-6 !rounded-full bg-black/60 !text-white hover:bg-black/80"
          />
        </li>
      ))}
    </ul>
  );
}

function Thumb({ picked: { url, file, look } }: { picked: Picked }) {
  return (
    <span className="relative block size-20 overflow-hidden rounded-2xl bg-sunken ring-1 ring-line">
      {look === "video" ? (
        <>
          <video
            src={`${url}#t=0.1`}
            muted
            playsInline
            aria-label={file.name}
            className="size-full object-cover"
          />
          <span className="absolute inset-0 grid place-items-center text-white">
            <span className="grid size-8 place-items-center rounded-full bg-black/55">
              <Icon name="play" size={16} />
            </span>
          </span>
        </>
      ) : (
        <img src={url} alt={file.name} className="size-full object-cover" />
      )}
    </span>
  );
}

function Card({ picked: { file } }: { picked: Picked }) {
  const { i18n } = useTranslation();
  const ending = endingOf(file.name);
  return (
    <span className="flex h-20 w-44 flex-col justify-between rounded-2xl bg-sunken p-2.5 ring-1 ring-line">
      <span className="grid h-7 min-w-7 place-items-center self-start rounded-lg bg-accent px-1.5 text-[11px] font-bold text-on-accent">
        {ending || <Icon name="file" size={16} />}
      </span>
      <span className="min-w-0 leading-tight">
        <bdi className="block truncate text-[13.5px] font-medium">{file.name}</bdi>
        <span className="text-[12.5px] text-ink-2">{fileSize(i18n.language, file.size)}</span>
      </span>
    </span>
  );
}
