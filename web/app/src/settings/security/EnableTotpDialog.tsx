import type { TotpSetup } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { CodeField } from "../../auth/CodeField";
import { client } from "../../client";
import { errorText } from "../../i18n/errors";
import { copyText } from "../../platform/clipboard";
import { Button, IconButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { PasswordField } from "../../ui/Field";
import { toast } from "../../ui/toasts";
import { QrCode } from "./QrCode";
import { RecoveryCodes } from "./RecoveryCodes";

/** Three steps: the password, the code that an app makes of the secret, and the recovery codes. */
export function EnableTotpDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [setup, setSetup] = useState<TotpSetup | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const done = () => {
    void client.messaging.refreshProfile().catch(() => undefined); // the next sync brings it
    onClose();
  };
  if (codes) {
    return (
      <Dialog open onClose={done} title={t("totp.recoveryTitle")} description={t("totp.recoveryText")}>
        <RecoveryCodes codes={codes} onDone={done} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("totp.enableTitle")}
      description={setup ? t("totp.scanText") : t("totp.passwordText")}
    >
      {setup ? <Confirming setup={setup} onCodes={setCodes} /> : <AskPassword onSetup={setSetup} />}
    </Dialog>
  );
}

function AskPassword({ onSetup }: { onSetup: (setup: TotpSetup) => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const begin = useMutation({
    mutationFn: () => client.rest.setUpTotp(password),
    onSuccess: onSetup,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (password) begin.mutate();
  }
  return (
    <form noValidate onSubmit={submit} className="space-y-4 pt-2">
      <PasswordField
        label={t("settings.currentPassword")}
        autoComplete="current-password"
        autoFocus
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={begin.error ? errorText(t, begin.error) : undefined}
      />
      <Button type="submit" look="primary" busy={begin.isPending} disabled={!password} className="w-full">
        {t("common.next")}
      </Button>
    </form>
  );
}

function Confirming({ setup, onCodes }: { setup: TotpSetup; onCodes: (codes: readonly string[]) => void }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => client.rest.confirmTotp(code),
    onSuccess: onCodes,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (code) confirm.mutate();
  }
  const copy = () =>
    void copyText(setup.secret).then(
      () => toast(t("message.copied"), "ok"),
      () => toast(t("errors.copyFailed"), "error"),
    );
  return (
    <form noValidate onSubmit={submit} className="space-y-5 pt-3">
      <div className="flex flex-col items-center gap-3">
        <QrCode text={setup.uri} label={t("totp.qr")} size={196} />
        <a
          href={setup.uri}
          className="rounded-md text-[14px] font-medium text-accent underline decoration-accent/40 underline-offset-4 hover:decoration-accent"
        >
          {t("totp.openApp")}
        </a>
      </div>
      <div>
        <p className="mb-1.5 text-[14px] font-medium text-ink-2">{t("totp.secret")}</p>
        <div className="flex items-center gap-1 rounded-xl bg-sunken py-1 pr-1 pl-3.5">
          <code data-testid="totp-secret" className="min-w-0 flex-1 text-[14px] break-all">
            {setup.secret.replace(/(.{4})(?=.)/g, "$1 ")}
          </code>
          <IconButton icon="copy" label={t("totp.copySecret")} tip={false} onClick={copy} />
        </div>
      </div>
      <CodeField
        label={t("totp.code")}
        value={code}
        onChange={setCode}
        error={confirm.error ? errorText(t, confirm.error) : undefined}
      />
      <Button
        type="submit"
        look="primary"
        busy={confirm.isPending}
        disabled={code.length < 6}
        className="w-full"
      >
        {t("totp.confirm")}
      </Button>
    </form>
  );
}
