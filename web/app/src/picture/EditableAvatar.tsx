import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../i18n/errors";
import { Avatar } from "../ui/Avatar";
import { Icon } from "../ui/icons";
import { Menu, MenuItem } from "../ui/Menu";
import { Spinner } from "../ui/Spinner";
import { toast } from "../ui/toasts";
import { CropDialog } from "./CropDialog";
import { type OpenPicture, openPicture } from "./file";

type EditableAvatarProps = {
  id: string;
  name: string;
  url: string | null;
  size: number;
  /** Keeps the picture; null takes it away. */
  save: (picture: Blob | null) => Promise<unknown>;
};

/** An avatar that can be given another picture. */
export function EditableAvatar({ id, name, url, size, save }: EditableAvatarProps) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [picture, setPicture] = useState<OpenPicture | null>(null);
  useEffect(() => () => picture?.close(), [picture]);
  const keep = useMutation({
    mutationFn: save,
    onSuccess: () => setPicture(null),
    onError: (error) => toast(errorText(t, error), "error"),
  });
  const unreadable = () => toast(t("picture.unreadable"), "error");

  function choose(file: File | undefined) {
    if (file) openPicture(file).then(setPicture, unreadable);
  }

  const avatar = (
    <>
      <Avatar id={id} name={name} url={url} size={size} />
      <span className="absolute inset-0 grid place-items-center rounded-full bg-black/45 text-white opacity-0 transition group-hover:opacity-100 group-focus-visible:opacity-100">
        <Icon name="camera" size={24} />
      </span>
      <span className="absolute -right-0.5 -bottom-0.5 grid size-8 place-items-center rounded-full bg-accent text-on-accent ring-3 ring-surface">
        {keep.isPending ? <Spinner size={15} /> : <Icon name="camera" size={17} />}
      </span>
    </>
  );
  const trigger = {
    type: "button",
    className: "group relative block shrink-0 rounded-full",
    "aria-label": t("picture.change"),
  } as const;

  return (
    <>
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp,image/*"
        aria-label={t("picture.choose")}
        hidden
        onChange={(event) => {
          choose(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      {url ? (
        <Menu align="center" trigger={<button {...trigger}>{avatar}</button>}>
          <MenuItem icon="camera" onSelect={() => input.current?.click()}>
            {t("picture.choose")}
          </MenuItem>
          <MenuItem icon="trash" danger onSelect={() => keep.mutate(null)}>
            {t("picture.remove")}
          </MenuItem>
        </Menu>
      ) : (
        <button {...trigger} onClick={() => input.current?.click()}>
          {avatar}
        </button>
      )}
      {picture && (
        <CropDialog
          picture={picture}
          busy={keep.isPending}
          onDone={(cut) => keep.mutate(cut)}
          onFailed={unreadable}
          onClose={() => setPicture(null)}
        />
      )}
    </>
  );
}
