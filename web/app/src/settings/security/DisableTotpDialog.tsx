import { ConfabError } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { CodeField } from "../../auth/CodeField";
import { client } from "../../client";
import { errorText } from "../../i18n/errors";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { PasswordField } from "../../ui/Field";
import { toast } from "../../ui/toasts";

export function DisableTotpDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const remove = useMutation({
    mutationFn: async () => {
      await client.rest.removeTotp(password, code);
      await client.messaging.refreshProfile();
    },
    onSuccess: () => {
      toast(t("totp.wasTurnedOff"), "ok");
      onClose();
    },
  });
  const aboutCode = remove.error instanceof ConfabError && remove.error.code === "wrong_code";
  const failure = remove.error ? errorText(t, remove.error) : undefined;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (password && code) remove.mutate();
  }

  return (
    <Dialog open onClose={onClose} title={t("totp.disableTitle")} description={t("totp.disableText")}>
      <form noValidate onSubmit={submit} className="space-y-4 pt-2">
        <PasswordField
          label={t("settings.currentPassword")}
          autoComplete="current-password"
          autoFocus
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={aboutCode ? undefined : failure}
        />
        <CodeField
          label={t("totp.codeOrRecovery")}
          value={code}
          onChange={setCode}
          recovery
          error={aboutCode ? failure : undefined}
        />
        <Button
          type="submit"
          look="danger"
          busy={remove.isPending}
          disabled={!password || !code}
          className="w-full"
        >
          {t("totp.turnOff")}
        </Button>
      </form>
    </Dialog>
  );
}
