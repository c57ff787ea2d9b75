import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useMe } from "../hooks";
import { errorText } from "../i18n/errors";
import { toast } from "../ui/toasts";
import { Toggle } from "./Toggle";

export function Privacy() {
  const { t } = useTranslation();
  const me = useMe();
  const save = useMutation({
    mutationFn: (shareReadReceipts: boolean) => client.messaging.updateProfile({ shareReadReceipts }),
    onError: (error) => toast(errorText(t, error), "error"),
  });
  return (
    <Toggle
      label={t("settings.receipts")}
      hint={t("settings.receiptsHint")}
      checked={save.isPending ? save.variables : me.shareReadReceipts}
      disabled={save.isPending}
      onChange={save.mutate}
    />
  );
}
