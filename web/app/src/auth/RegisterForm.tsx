import { ConfabError } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { errorText, fieldError } from "../i18n/errors";
import { Button } from "../ui/Button";
import { Field, PasswordField } from "../ui/Field";
import { FormError } from "./FormError";
import { checkEmail, checkNewPassword, checkUsername } from "./rules";
import { useCapsLock } from "./useCapsLock";

type Values = { displayName: string; username: string; email: string; password: string };
type FieldName = keyof Values;

const blank: Values = { displayName: "", username: "", email: "", password: "" };

export function RegisterForm() {
  const { t } = useTranslation();
  const [values, setValues] = useState(blank);
  const [visited, setVisited] = useState<ReadonlySet<FieldName>>(new Set());
  const caps = useCapsLock();
  const register = useMutation({
    mutationFn: (input: Values) => {
      const displayName = input.displayName.trim();
      return client.register({
        username: input.username.trim(),
        email: input.email.trim(),
        password: input.password,
        ...(displayName ? { displayName } : {}),
      });
    },
  });
  const refused = refusals(t, register.error);

  const problems = {
    displayName: undefined,
    username: checkUsername(values.username),
    email: checkEmail(values.email),
    password: checkNewPassword(values.password),
  };

  /** Our own finding once the field was left; else what the server said of the value that is still there. */
  function errorOf(name: FieldName): string | undefined {
    const problem = problems[name];
    if (problem) return visited.has(name) ? t(problem) : undefined;
    if (register.variables?.[name] !== values[name]) return undefined;
    return refused[name];
  }

  function bind(name: FieldName) {
    return {
      name,
      value: values[name],
      error: errorOf(name),
      onChange: (event: { target: { value: string } }) =>
        setValues({ ...values, [name]: event.target.value }),
      onBlur: () => values[name] && setVisited(new Set([...visited, name])),
    };
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setVisited(new Set(["displayName", "username", "email", "password"]));
    const first = (["username", "email", "password"] as const).find((name) => problems[name]);
    if (first) event.currentTarget.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
    else register.mutate(values);
  }

  const general =
    register.error && Object.keys(refused).length === 0 ? errorText(t, register.error) : undefined;
  const password = bind("password");

  return (
    <form noValidate onSubmit={submit} className="space-y-4">
      <FormError text={general} />
      <Field
        {...bind("displayName")}
        label={t("auth.displayName")}
        hint={t("auth.displayNameHint")}
        autoComplete="name"
        autoFocus
      />
      <Field
        {...bind("username")}
        label={t("auth.username")}
        hint={t("auth.usernameHint")}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
      />
      <Field {...bind("email")} label={t("auth.email")} type="email" autoComplete="email" inputMode="email" />
      <PasswordField
        {...password}
        label={t("auth.password")}
        hint={caps.on ? t("auth.capsLock") : t("auth.passwordHint")}
        autoComplete="new-password"
        {...caps.handlers}
        onBlur={() => {
          password.onBlur();
          caps.handlers.onBlur();
        }}
      />
      <Button type="submit" look="primary" busy={register.isPending} className="mt-2 h-12 w-full text-[16px]">
        {t("auth.register")}
      </Button>
    </form>
  );
}

type T = ReturnType<typeof useTranslation>["t"];

/** What the server said, by field. */
function refusals(t: T, error: Error | null): Partial<Record<FieldName, string>> {
  const found: Partial<Record<FieldName, string>> = {};
  if (!(error instanceof ConfabError)) return found;
  if (error.code === "email_taken") return { email: errorText(t, error) };
  if (error.code === "username_taken") return { username: errorText(t, error) };
  for (const name of ["displayName", "username", "email", "password"] as const) {
    const text = fieldError(t, error, name);
    if (text) found[name] = text;
  }
  return found;
}
