import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { checkNewPassword } from "../auth/rules";
import { client } from "../client";
import { useMe } from "../hooks";
import { errorText, fieldError } from "../i18n/errors";
import { Button } from "../ui/Button";
import { PasswordField } from "../ui/Field";
import { toast } from "../ui/toasts";

export function PasswordForm() {
  const { t } = useTranslation();
  const me = useMe();
  const queries = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [checked, setChecked] = useState(false);
  const change = useMutation({
    mutationFn: () => client.rest.changePassword(current, next),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      setChecked(false);
      toast(t("settings.passwordChanged"), "ok");
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const problem = checkNewPassword(next);
  const { currentError, nextError } = refusal(t, change.error);

  function submit(event: FormEvent) {
    event.preventDefault();
    setChecked(true);
    if (current && !problem) change.mutate();
  }

  return (
    <form noValidate onSubmit={submit} className="space-y-4">
      <input type="text" name="username" autoComplete="username" value={me.username} readOnly hidden />
      <PasswordField
        label={t("settings.currentPassword")}
        autoComplete="current-password"
        value={current}
        onChange={(event) => setCurrent(event.target.value)}
        error={checked && !current ? t("auth.passwordMissing") : currentError}
      />
      <PasswordField
        label={t("settings.newPassword")}
        autoComplete="new-password"
        value={next}
        onChange={(event) => setNext(event.target.value)}
        error={checked && problem ? t(problem) : nextError}
        hint={t("auth.passwordHint")}
      />
      <Button type="submit" look="primary" busy={change.isPending}>
        {t("settings.password")}
      </Button>
    </form>
  );
}

type T = ReturnType<typeof useTranslation>["t"];

/** Which of the two fields a refusal is about. */
function refusal(t: T, error: Error | null): { currentError?: string; nextError?: string } {
  if (!error) return {};
  const text = errorText(t, error);
  const current = fieldError(t, error, "currentPassword");
  return current !== undefined ? { currentError: text } : { nextError: text };
}
