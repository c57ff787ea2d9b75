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

/** Where the dialogs that are open give the focus back to, the first choice first. */
const ways: (readonly HTMLElement[])[] = [];

/**
 * For `onCloseAutoFocus` of a dialog without a trigger of its own, for which Radix gives the focus back to nobody: it
 * goes to what had it before, unless something else has taken it meanwhile. Where that was in a dialog which this one
 * took the place of, it goes to where that one would have given it.
 */
export function useReturnFocus(open: boolean): (event: Event) => void {
  const way = useRef<readonly HTMLElement[] | null>(null);
  // Radix puts the content into the page only after this, so that the focus is still where it was.
  useLayoutEffect(() => {
    if (!open || way.current) return;
    const opener = openerNow();
    way.current = [...(opener ? [opener] : []), ...(ways.at(-1) ?? [])];
    ways.push(way.current);
  }, [open]);
  return (event) => {
    event.preventDefault();
    if (!way.current) return;
    if (isFocusFree()) way.current.find((each) => each.isConnected)?.focus({ preventScroll: true });
    ways.splice(ways.indexOf(way.current), 1);
    way.current = null;
  };
}
