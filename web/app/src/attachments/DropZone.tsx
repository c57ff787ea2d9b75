import type { Chat } from "@confab/sdk";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { titleOf } from "../chats/preview";
import { useMe } from "../hooks";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toasts";
import { carriesFiles, droppedFiles, pastedFiles } from "./incoming";
import { addFiles } from "./tray";

/**
 * Takes files that are dropped anywhere in the page, or pasted, for the chat that is open. Without it a browser leaves
 * the page for a dropped file.
 */
export function DropZone({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const me = useMe();
  const [over, setOver] = useState(false);
  const chatId = chat.id;
  const add = useRef<(files: File[]) => void>(() => {});
  useEffect(() => {
    add.current = (files) =>
      void addFiles(t, chatId, files).then(() =>
        document.querySelector<HTMLElement>('[data-testid="composer"]')?.focus(),
      );
  });

  useEffect(() => {
    // Entering a child counts before leaving its parent does.
    let depth = 0;
    const covered = () => document.querySelector('[role="dialog"], [role="alertdialog"]') !== null;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event.dataTransfer) || covered()) return;
      depth++;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event.dataTransfer)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const move = (event: DragEvent) => {
      if (!carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = covered() ? "none" : "copy";
    };
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      if (covered()) return;
      const { files, folders } = droppedFiles(event.dataTransfer);
      if (folders) toast(t("files.noFolders"), "error");
      if (files.length > 0) add.current(files);
    };
    const paste = (event: ClipboardEvent) => {
      if (covered()) return;
      const files = pastedFiles(event.clipboardData);
      if (files.length === 0) return;
      event.preventDefault();
      add.current(files);
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", move);
    window.addEventListener("drop", drop);
    window.addEventListener("paste", paste);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", move);
      window.removeEventListener("drop", drop);
      window.removeEventListener("paste", paste);
    };
  }, [t]);

  if (!over) return null;
  return (
    <div
      data-testid="drop-zone"
      className="pointer-events-none absolute inset-2 z-30 grid animate-fade place-items-center rounded-3xl border-2 border-dashed border-accent bg-surface/90 backdrop-blur-sm"
    >
      <div className="flex flex-col items-center gap-3 px-6 text-center">
        <span className="grid size-16 place-items-center rounded-full bg-accent-soft text-accent">
          <Icon name="attach" size={30} />
        </span>
        <p className="text-lg font-semibold">{t("files.dropHere")}</p>
        <p className="max-w-xs truncate text-ink-2">
          {t("files.dropFor", { name: titleOf(t, chat, me.id) })}
        </p>
      </div>
    </div>
  );
}
