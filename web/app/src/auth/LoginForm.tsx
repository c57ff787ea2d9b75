import { ConfabError } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { Button } from "../ui/Button";
import { Field, PasswordField } from "../ui/Field";
import { CodeField } from "./CodeField";
import { FormError } from "./FormError";
import { useCapsLock } from "./useCapsLock";

/** Name and password, and the second factor once the server asks for it. */
export function LoginForm() {
  const { t } = useTranslation();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState(false);
  const [checked, setChecked] = useState(false);
  const caps = useCapsLock();
  const signIn = useMutation({
    mutationFn: () => client.login({ login: login.trim(), password, ...(code ? { code } : {}) }),
    onError: (error) => {
      if (isCode(error, "totp_required")) setAsked(true);
    },
  });

  const loginError = checked && !login.trim() ? t("auth.loginMissing") : undefined;
  const passwordError = checked && !password ? t("auth.passwordMissing") : undefined;

  function submit(event: FormEvent) {
    event.preventDefault();
    setChecked(true);
    if (login.trim() && password && (!asked || code)) signIn.mutate();
  }

  if (asked) {
    return (
      <form noValidate onSubmit={submit} className="space-y-5">
        <FormError text={codeFailure(signIn.error) ? errorText(t, signIn.error) : undefined} />
        <CodeField
          label={t("totp.codeOrRecovery")}
          hint={t("totp.loginHint")}
          value={code}
          onChange={setCode}
          recovery
          autoFocus
        />
        <Button
          type="submit"
          look="primary"
          busy={signIn.isPending}
          disabled={!code}
          className="h-12 w-full text-[16px]"
        >
          {t("auth.signIn")}
        </Button>
        <Button
          look="ghost"
          icon="back"
          className="w-full"
          onClick={() => {
            setAsked(false);
            setCode("");
            signIn.reset();
          }}
        >
          {t("common.back")}
        </Button>
      </form>
    );
  }

  return (
    <form noValidate onSubmit={submit} className="space-y-5">
      <FormError text={signIn.error ? failureOf(t, signIn.error) : undefined} />
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

type T = ReturnType<typeof useTranslation>["t"];

function isCode(error: unknown, code: string): boolean {
  return error instanceof ConfabError && error.code === code;
}

/** Being asked for the code is no failure. */
function codeFailure(error: Error | null): boolean {
  return error !== null && !isCode(error, "totp_required");
}

function failureOf(t: T, error: Error): string | undefined {
  if (!codeFailure(error)) return undefined;
  return error instanceof ConfabError && error.status === 401 ? t("auth.wrong") : errorText(t, error);
}
