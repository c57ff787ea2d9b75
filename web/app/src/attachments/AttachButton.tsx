import type { Id } from "@confab/sdk";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../ui/Button";
import { addFiles } from "./tray";

/** Chooses files of this device; on phones also a picture from the camera. */
export function AttachButton({ chatId, onAdded }: { chatId: Id; onAdded: () => void }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="file-input"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = ""; // so that the same file can be chosen again
          void addFiles(t, chatId, files).then(onAdded);
        }}
      />
      <IconButton
        icon="attach"
        iconSize={22}
        label={t("files.attach")}
        tip={false}
        className="rounded-full"
        onClick={() => input.current?.click()}
      />
    </>
  );
}
