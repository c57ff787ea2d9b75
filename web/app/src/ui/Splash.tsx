import { useTranslation } from "react-i18next";
import { Logo } from "./icons";

/** Before anything is known. It fades in late, so that a fast start shows nothing of it. */
export function Splash() {
  const { t } = useTranslation();
  return (
    <main className="grid h-full place-items-center bg-surface" aria-busy="true">
      <div role="status" className="animate-fade [animation-delay:300ms] [animation-fill-mode:both]">
        <Logo size={64} />
        <span className="sr-only">{t("common.loading")}</span>
      </div>
    </main>
  );
}
