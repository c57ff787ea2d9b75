import type { Chat } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionRow, ActionRows } from "../details/ActionRow";
import { type OwnDialog, OwnDialogs } from "./OwnDialogs";
import { useOwnSettings } from "./useOwnSettings";

/** In a chat's details: what one has set for oneself. */
export function OwnRows({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const own = useOwnSettings(chat);
  const [open, setOpen] = useState<OwnDialog>(null);
  return (
    <ActionRows>
      {own.muted ? (
        <ActionRow icon="bell" text={t("own.unmute")} note={own.muteText} onClick={own.unmute} />
      ) : (
        <ActionRow icon="bellOff" text={t("own.mute")} onClick={() => setOpen("mute")} />
      )}
      <ActionRow
        icon="archive"
        text={own.archived ? t("own.unarchive") : t("own.archive")}
        onClick={() => own.archive(!own.archived)}
      />
      {own.other && (
        <ActionRow
          icon="block"
          text={own.blocked ? t("own.unblock") : t("own.block")}
          danger={!own.blocked}
          onClick={() => (own.blocked ? own.block(false) : setOpen("block"))}
        />
      )}
      <OwnDialogs own={own} open={open} onClose={() => setOpen(null)} />
    </ActionRows>
  );
}
