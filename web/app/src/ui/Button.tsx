import { Tooltip } from "radix-ui";
import type { ButtonHTMLAttributes, Ref } from "react";
import { cx } from "./classes";
import { Icon, type IconName } from "./icons";
import { Spinner } from "./Spinner";

const looks = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong shadow-low",
  plain: "bg-sunken text-ink hover:bg-line",
  ghost: "text-ink-2 hover:bg-hover hover:text-ink",
  danger: "bg-danger-soft text-danger hover:brightness-95 dark:hover:brightness-125",
} as const;

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: keyof typeof looks;
  icon?: IconName;
  busy?: boolean;
  ref?: Ref<HTMLButtonElement>;
};

export function Button({ look = "plain", icon, busy, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={cx(
        "inline-flex h-10 shrink-0 items-center justify-center gap-2 rounded-xl px-4 font-medium transition",
        "active:scale-[0.98] disabled:pointer-events-none disabled:opacity-55",
        looks[look],
        className,
      )}
      {...rest}
    >
      {busy ? <Spinner size={18} /> : icon && <Icon name={icon} size={18} />}
      {children}
    </button>
  );
}

type IconButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  icon: IconName;
  label: string;
  size?: "sm" | "md" | "lg";
  tip?: "top" | "bottom" | "left" | "right" | false;
  iconSize?: number;
  ref?: Ref<HTMLButtonElement>;
};

const sizes = { sm: "size-8 rounded-lg", md: "size-10 rounded-xl", lg: "size-12 rounded-full" } as const;

/** A button that is only a picture: the label is its accessible name and its tooltip. */
export function IconButton({
  icon,
  label,
  size = "md",
  tip = "bottom",
  iconSize,
  className,
  ...rest
}: IconButtonProps) {
  const button = (
    <button
      type="button"
      aria-label={label}
      className={cx(
        "inline-grid shrink-0 place-items-center text-ink-2 transition hover:bg-hover hover:text-ink",
        "active:scale-95 disabled:pointer-events-none disabled:opacity-45",
        sizes[size],
        className,
      )}
      {...rest}
    >
      <Icon name={icon} size={iconSize ?? (size === "sm" ? 18 : 20)} />
    </button>
  );
  return tip ? (
    <Tip text={label} side={tip}>
      {button}
    </Tip>
  ) : (
    button
  );
}

export function Tip({
  text,
  side = "bottom",
  children,
}: {
  text: string;
  side?: "top" | "bottom" | "left" | "right";
  children: React.ReactNode;
}) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-[70] animate-fade rounded-lg bg-ink px-2.5 py-1 text-[13px] text-surface shadow-mid select-none touch:hidden"
        >
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
