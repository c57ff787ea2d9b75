import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useTwoPanes } from "../platform/media";
import { leaveToList, navigate } from "../platform/router";
import { Button, IconButton } from "../ui/Button";
import { Appearance } from "./Appearance";
import { BlockedPeople } from "./account/BlockedPeople";
import { OwnData } from "./account/OwnData";
import { Devices } from "./Devices";
import { PasswordForm } from "./PasswordForm";
import { Privacy } from "./Privacy";
import { ProfileForm } from "./ProfileForm";
import { TwoFactor } from "./security/TwoFactor";

export function SettingsScreen() {
  const { t } = useTranslation();
  const twoPanes = useTwoPanes();
  return (
    <main className="flex min-w-0 flex-1 flex-col bg-canvas">
      <header className="shrink-0 border-b border-line bg-surface pad-safe-top-0">
        <div className="flex h-15 items-center gap-2 px-2 md:px-5">
          {!twoPanes && <IconButton icon="back" label={t("common.back")} onClick={leaveToList} />}
          <h1 className="flex-1 truncate text-[17px] font-semibold">{t("settings.title")}</h1>
          {twoPanes && <IconButton icon="close" label={t("common.close")} onClick={leaveToList} />}
        </div>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pt-5 pad-safe-bottom-5 md:px-6">
        <div className="mx-auto max-w-2xl space-y-5 pb-8">
          <Section title={t("settings.profile")}>
            <ProfileForm />
          </Section>
          <Section title={t("settings.appearance")}>
            <Appearance />
          </Section>
          <Section title={t("settings.privacy")}>
            <Privacy />
          </Section>
          <Section title={t("settings.devices")}>
            <Devices />
          </Section>
          <Section title={t("totp.title")}>
            <TwoFactor />
          </Section>
          <Section title={t("settings.password")}>
            <PasswordForm />
          </Section>
          <Section title={t("own.blockedPeople")}>
            <BlockedPeople />
          </Section>
          <Section title={t("check.title")}>
            <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
              <p className="min-w-0 flex-1 basis-56 text-ink-2">{t("check.settingsHint")}</p>
              <Button icon="check" onClick={() => navigate({ name: "check" })}>
                {t("check.open")}
              </Button>
            </div>
          </Section>
          <Section title={t("account.data")}>
            <OwnData />
          </Section>
        </div>
      </div>
    </main>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="rounded-3xl border border-line bg-surface p-5">
      <h2 className="mb-4 font-semibold">{title}</h2>
      {children}
    </section>
  );
}
