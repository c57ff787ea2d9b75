import { useTranslation } from "react-i18next";
import { useMe } from "../../hooks";
import { copyText, downloadText } from "../../platform/clipboard";
import { Button } from "../../ui/Button";
import { toast } from "../../ui/toasts";

/** The codes that let one in without the app: shown this once. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const text = codes.join("\n");
  const copy = () =>
    void copyText(text).then(
      () => toast(t("message.copied"), "ok"),
      () => toast(t("errors.copyFailed"), "error"),
    );
  return (
    <div className="space-y-4 pt-3">
      <ol
        data-testid="recovery-codes"
        className="grid grid-cols-2 gap-x-4 gap-y-2 rounded-2xl bg-sunken p-4 text-center font-mono text-[15px]"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="grid grid-cols-2 gap-2">
        <Button icon="copy" onClick={copy}>
          {t("common.copy")}
        </Button>
        <Button
          icon="download"
          onClick={() =>
            downloadText(
              `confab-recovery-${me.username}.txt`,
              `${t("totp.fileHead", { username: me.username })}\n\n${text}\n`,
            )
          }
        >
          {t("common.download")}
        </Button>
      </div>
      <Button look="primary" className="w-full" onClick={onDone}>
        {t("totp.saved")}
      </Button>
    </div>
  );
}
