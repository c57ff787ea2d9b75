import { useTranslation } from "react-i18next";
import { setNotifications, useNotificationState } from "../platform/notifications";
import { Toggle } from "./Toggle";

export function Notifications() {
  const { t } = useTranslation();
  const state = useNotificationState();
  const hint = {
    on: t("settings.notifyHint"),
    off: t("settings.notifyHint"),
    blocked: t("settings.notifyBlocked"),
    unsupported: t("settings.notifyUnsupported"),
  }[state];
  return (
    <Toggle
      label={t("settings.notify")}
      hint={hint}
      checked={state === "on"}
      disabled={state === "unsupported"}
      onChange={(on) => void setNotifications(on)}
    />
  );
}
