import { Field } from "../ui/Field";

/** For a code of six digits, and where `recovery` is given for a recovery code too. Password managers fill it in. */
export function CodeField({
  label,
  value,
  onChange,
  error,
  hint,
  recovery,
  autoFocus,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
  hint?: string | undefined;
  recovery?: boolean;
  autoFocus?: boolean;
}) {
  return (
    <Field
      label={label}
      name="code"
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      inputMode={recovery ? "text" : "numeric"}
      maxLength={recovery ? 32 : 7}
      autoFocus={autoFocus}
      value={value}
      // Apps show the digits in two groups; a space that was copied along means nothing.
      onChange={(event) =>
        onChange(recovery ? event.target.value.trim() : event.target.value.replace(/\D/g, ""))
      }
      error={error}
      hint={hint}
    />
  );
}
