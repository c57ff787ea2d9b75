import { useTranslation } from "react-i18next";
import { Icon } from "../ui/icons";

/** How one searches for more than words. */
export function SearchHint() {
  const { t } = useTranslation();
  return (
    <p className="flex gap-2 rounded-xl bg-sunken px-3 py-2 text-[13px] text-ink-2">
      <Icon name="info" size={16} className="mt-0.5 shrink-0 text-ink-3" />
      <span>{t("search.hint")}</span>
    </p>
  );
}
