import { useLayoutEffect, useRef } from "react";

/** Whether nothing has the focus: what had it is gone. */
export function isFocusFree(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** What had the focus before a dialog: of what was chosen in a menu, the menu's trigger, which outlives it. */
function openerNow(): HTMLElement | null {
  const active = document.activeElement;
  const menu = active?.closest('[role="menu"]');
  const opener = menu ? document.querySelector(`[aria-controls="${CSS.escape(menu.id)}"]`) : active;
  return opener instanceof HTMLElement ? opener : null;
}

/**
 * For `onCloseAutoFocus` of a dialog without a trigger of its own, for which Radix gives the focus back to nobody: it
 * goes to what had it before, unless something else has taken it meanwhile.
 */
export function useReturnFocus(open: boolean): (event: Event) => void {
  const opener = useRef<HTMLElement | null>(null);
  // Radix puts the content into the page only after this, so that the focus is still where it was.
  useLayoutEffect(() => {
    if (open) opener.current ??= openerNow();
  }, [open]);
  return (event) => {
    event.preventDefault();
    if (isFocusFree() && opener.current?.isConnected) opener.current.focus({ preventScroll: true });
    opener.current = null;
  };
}
