import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./classes";
import { Icon, type IconName } from "./icons";
import { isFocusFree } from "./useReturnFocus";

const content =
  "z-50 min-w-52 max-w-[min(20rem,calc(100vw-1rem))] animate-pop rounded-2xl border border-line bg-raised p-1.5 text-ink shadow-mid focus:outline-none";
const item =
  "flex w-full items-center gap-3 rounded-xl px-3 py-2 select-none outline-none data-[highlighted]:bg-hover data-[disabled]:opacity-45";

type MenuProps = {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom";
  /** For the call screen, which is dark in both themes. */
  dark?: boolean;
  /** Given: the menu is controlled. */
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  /** Where the focus goes once the menu is closed; without it, to the trigger. */
  onReturnFocus?: () => void;
};

export function Menu({
  trigger,
  children,
  align = "end",
  side = "bottom",
  dark,
  onReturnFocus,
  ...control
}: MenuProps) {
  return (
    <DropdownMenu.Root modal={false} {...control}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          onCloseAutoFocus={(event) => {
            // A dialog that was chosen has taken it already, and must not lose it to the trigger.
            if (!onReturnFocus && isFocusFree()) return;
            event.preventDefault();
            onReturnFocus?.();
          }}
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className={content}
          data-theme={dark ? "dark" : undefined}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function MenuItem({
  icon,
  danger,
  hint,
  disabled,
  onSelect,
  children,
}: {
  icon?: IconName;
  danger?: boolean;
  hint?: string;
  disabled?: boolean;
  onSelect: () => void;
  children: ReactNode;
}) {
  return (
    <DropdownMenu.Item
      disabled={disabled ?? false}
      onSelect={onSelect}
      className={cx(item, danger && "text-danger")}
    >
      {icon && <Icon name={icon} size={18} className={danger ? "" : "text-ink-3"} />}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {hint && <kbd className="text-xs text-ink-3">{hint}</kbd>}
    </DropdownMenu.Item>
  );
}

export function MenuRadio<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  onChange: (value: T) => void;
}) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={(next) => onChange(next as T)} aria-label={label}>
      <MenuLabel>{label}</MenuLabel>
      {options.map((option) => (
        <DropdownMenu.RadioItem key={option.value} value={option.value} className={item}>
          <span className="grid size-[18px] place-items-center text-accent">
            <DropdownMenu.ItemIndicator>
              <Icon name="check" size={18} />
            </DropdownMenu.ItemIndicator>
          </span>
          <span className="min-w-0 flex-1 truncate">{option.label}</span>
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}

function MenuLabel({ children }: { children: ReactNode }) {
  return (
    <DropdownMenu.Label className="px-3 pt-2 pb-1 text-[13px] font-medium text-ink-3">
      {children}
    </DropdownMenu.Label>
  );
}

export function MenuSeparator() {
  return <DropdownMenu.Separator className="mx-2 my-1.5 h-px bg-line" />;
}
