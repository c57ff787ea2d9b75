import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../../client";
import { errorText } from "../../i18n/errors";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { PasswordField } from "../../ui/Field";
import { toast } from "../../ui/toasts";

/** Asks for the password; the browser then downloads the archive by itself. */
export function ExportDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const begin = useMutation({
    mutationFn: () => client.rest.exportMe(password),
    onSuccess: ({ url }) => {
      const link = document.createElement("a");
      link.href = client.rest.absolute(url);
      link.download = "";
      link.click();
      toast(t("account.exportBegun"), "ok");
      onClose();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (password) begin.mutate();
  }
  return (
    <Dialog open onClose={onClose} title={t("account.export")} description={t("account.exportText")}>
      <form noValidate onSubmit={submit} className="space-y-4 pt-2">
        <PasswordField
          label={t("settings.currentPassword")}
          autoComplete="current-password"
          autoFocus
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={begin.error ? errorText(t, begin.error) : undefined}
        />
        <Button
          type="submit"
          look="primary"
          icon="download"
          busy={begin.isPending}
          disabled={!password}
          className="w-full"
        >
          {t("common.download")}
        </Button>
      </form>
    </Dialog>
  );
}
