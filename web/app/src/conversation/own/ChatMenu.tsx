import type { Chat } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../ui/Button";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu";
import { type OwnDialog, OwnDialogs } from "./OwnDialogs";
import { useOwnSettings } from "./useOwnSettings";

type Props = { chat: Chat; onDetails: () => void; onSearch: () => void };

/** In a chat's header: what one does with the chat for oneself. */
export function ChatMenu({ chat, onDetails, onSearch }: Props) {
  const { t } = useTranslation();
  const own = useOwnSettings(chat);
  const [open, setOpen] = useState<OwnDialog>(null);
  const [searching, setSearching] = useState(false);

  // The search opens once the menu is gone, which would take the focus back from it.
  function search() {
    setSearching(false);
    onSearch();
  }

  return (
    <>
      <Menu
        trigger={<IconButton icon="more" label={t("own.menu")} tip={false} />}
        {...(searching && { onReturnFocus: search })}
      >
        <MenuItem icon="info" onSelect={onDetails}>
          {t("chat.details")}
        </MenuItem>
        <MenuItem icon="search" onSelect={() => setSearching(true)}>
          {t("search.inChat")}
        </MenuItem>
        {own.muted ? (
          <MenuItem icon="bell" onSelect={own.unmute}>
            {t("own.unmute")}
          </MenuItem>
        ) : (
          <MenuItem icon="bellOff" onSelect={() => setOpen("mute")}>
            {t("own.mute")}
          </MenuItem>
        )}
        <MenuItem icon="archive" onSelect={() => own.archive(!own.archived)}>
          {own.archived ? t("own.unarchive") : t("own.archive")}
        </MenuItem>
        {own.other && (
          <>
            <MenuSeparator />
            {own.blocked ? (
              <MenuItem icon="block" onSelect={() => own.block(false)}>
                {t("own.unblock")}
              </MenuItem>
            ) : (
              <MenuItem icon="block" danger onSelect={() => setOpen("block")}>
                {t("own.block")}
              </MenuItem>
            )}
          </>
        )}
      </Menu>
      <OwnDialogs own={own} open={open} onClose={() => setOpen(null)} />
    </>
  );
}
