import { RadioGroup } from "radix-ui";
import { cx } from "../ui/classes";
import { Icon, type IconName } from "../ui/icons";

/** A few choices side by side, of which one is taken. */
export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: { value: T; label: string; icon?: IconName }[];
  onChange: (value: T) => void;
}) {
  return (
    <div>
      <p className="mb-2 text-[14px] font-medium text-ink-2">{label}</p>
      <RadioGroup.Root
        aria-label={label}
        value={value}
        onValueChange={(next) => onChange(next as T)}
        className="flex flex-wrap gap-2"
      >
        {options.map((option) => (
          <RadioGroup.Item
            key={option.value}
            value={option.value}
            className={cx(
              "flex h-11 items-center gap-2.5 rounded-xl border px-4 transition",
              "border-line-strong text-ink-2 hover:bg-hover",
              "data-[state=checked]:border-accent data-[state=checked]:bg-accent-soft data-[state=checked]:text-ink",
            )}
          >
            {option.icon && <Icon name={option.icon} size={18} />}
            {option.label}
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
    </div>
  );
}
