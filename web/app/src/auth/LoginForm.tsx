import { ConfabError } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { Button } from "../ui/Button";
import { Field, PasswordField } from "../ui/Field";
import { FormError } from "./FormError";
import { useCapsLock } from "./useCapsLock";

export function LoginForm() {
  const { t } = useTranslation();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [checked, setChecked] = useState(false);
  const caps = useCapsLock();
  const signIn = useMutation({ mutationFn: () => client.login({ login: login.trim(), password }) });

  const loginError = checked && !login.trim() ? t("auth.loginMissing") : undefined;
  const passwordError = checked && !password ? t("auth.passwordMissing") : undefined;

  function submit(event: FormEvent) {
    event.preventDefault();
    setChecked(true);
    if (login.trim() && password) signIn.mutate();
  }

  const wrong = signIn.error instanceof ConfabError && signIn.error.status === 401;
  const failure = signIn.error ? (wrong ? t("auth.wrong") : errorText(t, signIn.error)) : undefined;

  return (
    <form noValidate onSubmit={submit} className="space-y-5">
      <FormError text={failure} />
      <Field
        label={t("auth.login")}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        value={login}
        onChange={(event) => setLogin(event.target.value)}
        error={loginError}
      />
      <PasswordField
        label={t("auth.password")}
        name="password"
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={passwordError}
        hint={caps.on ? t("auth.capsLock") : undefined}
        {...caps.handlers}
      />
      <Button type="submit" look="primary" busy={signIn.isPending} className="h-12 w-full text-[16px]">
        {t("auth.signIn")}
      </Button>
    </form>
  );
}
