import { useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useConnected, useMe, useModel } from "../hooks";
import { type Language, languages, setLanguage } from "../i18n";
import { navigate } from "../platform/router";
import { setTheme, type ThemeChoice, useTheme } from "../platform/theme";
import { Avatar } from "../ui/Avatar";
import { Confirm } from "../ui/Confirm";
import { Menu, MenuItem, MenuRadio, MenuSeparator } from "../ui/Menu";

export function AccountMenu() {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const theme = useTheme();
  const here = useConnected();
  const unsent = useModel((state) =>
    Object.values(state.timelines).some((timeline) => timeline.pending.length > 0),
  );
  const [asking, setAsking] = useState(false);

  const signOut = () => void client.logout();

  const themes: { value: ThemeChoice; label: string }[] = [
    { value: "system", label: t("account.themeSystem") },
    { value: "light", label: t("account.themeLight") },
    { value: "dark", label: t("account.themeDark") },
  ];

  return (
    <>
      <Menu
        align="start"
        trigger={
          <button
            type="button"
            aria-label={t("account.menu")}
            className="rounded-full transition hover:brightness-95"
          >
            <Avatar id={me.id} name={me.displayName} url={me.avatarUrl} size={38} online={here} />
          </button>
        }
      >
        <div className="flex items-center gap-3 px-3 py-2.5">
          <Avatar id={me.id} name={me.displayName} url={me.avatarUrl} size={44} />
          <div className="min-w-0">
            <p className="truncate font-semibold">{me.displayName}</p>
            <p className="truncate text-[14px] text-ink-3">@{me.username}</p>
          </div>
        </div>
        <MenuSeparator />
        <MenuItem icon="gear" onSelect={() => navigate({ name: "settings" })}>
          {t("account.settings")}
        </MenuItem>
        <MenuSeparator />
        <MenuRadio label={t("account.theme")} value={theme} options={themes} onChange={setTheme} />
        <MenuSeparator />
        <MenuRadio<Language>
          label={t("account.language")}
          value={i18n.language as Language}
          options={languages.map(({ code, name }) => ({ value: code, label: name }))}
          onChange={setLanguage}
        />
        <MenuSeparator />
        <MenuItem icon="signOut" danger onSelect={() => (unsent ? setAsking(true) : signOut())}>
          {t("account.signOut")}
        </MenuItem>
      </Menu>
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={signOut}
        title={t("account.signOutTitle")}
        text={t("account.signOutText")}
        action={t("account.signOut")}
      />
    </>
  );
}
