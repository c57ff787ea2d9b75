import { type InputHTMLAttributes, type ReactNode, type Ref, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import { cx } from "./classes";
import { Icon } from "./icons";

export const inputClass = cx(
  "h-11 w-full rounded-xl border border-line-strong bg-surface px-3.5 text-ink transition placeholder:text-ink-3",
  "hover:border-ink-3 focus:border-accent focus:ring-3 focus:ring-accent/20 focus:outline-none",
  "aria-invalid:border-danger aria-invalid:ring-danger/15",
);

type FieldProps = InputHTMLAttributes<HTMLInputElement> & {
  label: string;
  error?: string | undefined;
  hint?: string | undefined;
  trailing?: ReactNode;
  ref?: Ref<HTMLInputElement>;
};

/** A labelled input whose hint and error are read with it. */
export function Field({ label, error, hint, trailing, className, ...rest }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-[14px] font-medium text-ink-2">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          aria-invalid={error ? true : undefined}
          aria-describedby={note ? `${id}-note` : undefined}
          className={cx(inputClass, !!trailing && "pr-12")}
          {...rest}
        />
        {trailing && <div className="absolute inset-y-0 right-1 grid place-items-center">{trailing}</div>}
      </div>
      {note && (
        <p
          id={`${id}-note`}
          role={error ? "alert" : undefined}
          className={cx("mt-1.5 flex items-start gap-1.5 text-[13px]", error ? "text-danger" : "text-ink-3")}
        >
          {error && <Icon name="alert" size={15} className="mt-0.5 shrink-0" />}
          <span>{note}</span>
        </p>
      )}
    </div>
  );
}

export function PasswordField(props: Omit<FieldProps, "type" | "trailing">) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={shown ? "text" : "password"}
      autoCapitalize="none"
      spellCheck={false}
      trailing={
        <IconButton
          size="sm"
          icon={shown ? "eyeOff" : "eye"}
          label={shown ? t("auth.hidePassword") : t("auth.showPassword")}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        />
      }
    />
  );
}

export function SearchField({
  label,
  value,
  onChange,
  ref,
  ...rest
}: Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value"> & {
  label: string;
  value: string;
  onChange: (value: string) => void;
  ref?: Ref<HTMLInputElement>;
}) {
  const { t } = useTranslation();
  return (
    <div className="relative">
      <Icon
        name="search"
        size={18}
        className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-ink-3"
      />
      <input
        ref={ref}
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        className="h-10 w-full appearance-none rounded-xl border border-transparent [&::-webkit-search-cancel-button]:hidden bg-sunken pr-9 pl-10 transition placeholder:text-ink-3 focus:border-accent focus:bg-surface focus:ring-3 focus:ring-accent/15 focus:outline-none"
        {...rest}
      />
      {value && (
        <IconButton
          icon="close"
          label={t("common.clear")}
          size="sm"
          iconSize={16}
          tip={false}
          className="absolute top-1 right-1"
          onClick={() => onChange("")}
        />
      )}
    </div>
  );
}
