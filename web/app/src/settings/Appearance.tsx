import { useTranslation } from "react-i18next";
import { type Language, languages, setLanguage } from "../i18n";
import { setSounds, useSounds } from "../platform/sounds";
import { setTheme, type ThemeChoice, useTheme } from "../platform/theme";
import { Choice } from "./Choice";
import { Notifications } from "./Notifications";
import { Toggle } from "./Toggle";

export function Appearance() {
  const { t, i18n } = useTranslation();
  const theme = useTheme();
  const sounds = useSounds();
  return (
    <div className="space-y-5">
      <Choice<ThemeChoice>
        label={t("account.theme")}
        value={theme}
        onChange={setTheme}
        options={[
          { value: "system", label: t("account.themeSystem"), icon: "device" },
          { value: "light", label: t("account.themeLight"), icon: "sun" },
          { value: "dark", label: t("account.themeDark"), icon: "moon" },
        ]}
      />
      <Choice<Language>
        label={t("account.language")}
        value={i18n.language as Language}
        onChange={setLanguage}
        options={languages.map(({ code, name }) => ({ value: code, label: name }))}
      />
      <Toggle label={t("settings.ring")} checked={sounds} onChange={setSounds} />
      <Notifications />
    </div>
  );
}
