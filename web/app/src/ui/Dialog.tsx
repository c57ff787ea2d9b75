import { Dialog as Primitive, VisuallyHidden } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import { cx } from "./classes";
import { useReturnFocus } from "./useReturnFocus";

type DialogProps = {
  open: boolean;
  onClose: () => void;
  title: string;
  /** Said to assistive technology after the title; shown under it unless hidden. */
  description?: string;
  children: ReactNode;
  footer?: ReactNode;
  width?: "sm" | "md";
};

/** A dialog: a card on wide screens, a sheet from the bottom on phones. The focus stays in it, and returns. */
export function Dialog({ open, onClose, title, description, children, footer, width = "sm" }: DialogProps) {
  const { t } = useTranslation();
  const onCloseAutoFocus = useReturnFocus(open);
  return (
    <Primitive.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-50 animate-fade bg-black/45 backdrop-blur-[2px]" />
        <Primitive.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onCloseAutoFocus={onCloseAutoFocus}
          className={cx(
            "fixed z-50 flex max-h-[92dvh] flex-col bg-raised text-ink shadow-high focus:outline-none",
            "inset-x-0 bottom-0 animate-sheet rounded-t-3xl pad-safe-bottom-0",
            "md:inset-auto md:top-1/2 md:left-1/2 md:max-h-[min(82dvh,44rem)] md:-translate-1/2 md:animate-fade md:rounded-3xl",
            width === "sm" ? "md:w-[26rem]" : "md:w-[34rem]",
          )}
        >
          <header className="flex items-start gap-3 px-5 pt-4 pb-2">
            <div className="min-w-0 flex-1 pt-1.5">
              <Primitive.Title className="text-lg leading-tight font-semibold">{title}</Primitive.Title>
              {description && (
                <Primitive.Description className="mt-1 text-ink-2">{description}</Primitive.Description>
              )}
            </div>
            <Primitive.Close asChild>
              <IconButton icon="close" label={t("common.close")} tip={false} className="-mr-2" />
            </Primitive.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-5">{children}</div>
          {footer && (
            <footer className="flex justify-end gap-2 border-t border-line px-5 py-3">{footer}</footer>
          )}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** The same, from the side: details on screens that have no room for a third pane. */
export function SidePanel({
  open,
  onClose,
  title,
  children,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
}) {
  const onCloseAutoFocus = useReturnFocus(open);
  return (
    <Primitive.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45" />
        <Primitive.Content
          aria-describedby={undefined}
          onCloseAutoFocus={onCloseAutoFocus}
          className="fixed inset-y-0 right-0 z-40 flex w-full animate-fade flex-col bg-surface shadow-high focus:outline-none sm:w-[23rem]"
        >
          <VisuallyHidden.Root>
            <Primitive.Title>{title}</Primitive.Title>
          </VisuallyHidden.Root>
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
