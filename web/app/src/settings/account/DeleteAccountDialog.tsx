import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../../client";
import { errorText } from "../../i18n/errors";
import { forgetDrafts } from "../../platform/drafts";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { PasswordField } from "../../ui/Field";
import { Icon } from "../../ui/icons";

/** Says plainly what goes and what stays, and takes the password for an answer. */
export function DeleteAccountDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const [understood, setUnderstood] = useState(false);
  const remove = useMutation({
    mutationFn: () => client.rest.deleteMe(password),
    onSuccess: () => {
      forgetDrafts();
      return client.logout();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (password && understood) remove.mutate();
  }
  const consequences = [
    t("account.deleteProfile"),
    t("account.deleteMessages"),
    t("account.deleteGroups"),
    t("account.deleteDevices"),
    t("account.deleteForGood"),
  ];
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("account.deleteTitle")}
      description={t("account.deleteText")}
      width="md"
    >
      <form noValidate onSubmit={submit} className="space-y-5 pt-3">
        <ul className="space-y-2 rounded-2xl bg-danger-soft p-4 text-danger">
          {consequences.map((text) => (
            <li key={text} className="flex gap-2.5">
              <Icon name="alert" size={18} className="mt-0.5 shrink-0" />
              {text}
            </li>
          ))}
        </ul>
        <PasswordField
          label={t("settings.currentPassword")}
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={remove.error ? errorText(t, remove.error) : undefined}
        />
        <label className="flex items-start gap-3">
          <input
            type="checkbox"
            checked={understood}
            onChange={(event) => setUnderstood(event.target.checked)}
            className="mt-1 size-4.5 accent-accent"
          />
          {t("account.deleteUnderstood")}
        </label>
        <div className="flex flex-wrap justify-end gap-2">
          <Button look="ghost" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            type="submit"
            look="danger"
            icon="trash"
            busy={remove.isPending}
            disabled={!password || !understood}
          >
            {t("account.delete")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
