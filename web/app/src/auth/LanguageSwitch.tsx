import { useTranslation } from "react-i18next";
import { languages, setLanguage } from "../i18n";
import { cx } from "../ui/classes";

export function LanguageSwitch() {
  const { t, i18n } = useTranslation();
  return (
    <fieldset className="inline-flex rounded-xl bg-sunken p-1">
      <legend className="sr-only">{t("account.language")}</legend>
      {languages.map(({ code, name }) => (
        <button
          key={code}
          type="button"
          lang={code}
          aria-pressed={i18n.language === code}
          onClick={() => setLanguage(code)}
          className={cx(
            "rounded-lg px-3 py-1 text-[14px] transition",
            i18n.language === code
              ? "bg-raised font-medium text-ink shadow-low"
              : "text-ink-2 hover:text-ink",
          )}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}
