import type { Id } from "@confab/sdk";
import type { KeyboardEvent } from "react";
import { useCallback } from "react";
import { isFocusFree } from "../ui/useReturnFocus";
import type { MenuAt } from "./MessageActions";

/** What gets the focus in a message's row: its box while messages are being selected, else the row. */
function focusOf(row: HTMLElement): HTMLElement {
  return row.querySelector<HTMLElement>("[data-select]") ?? row;
}

function focusRow(messageId: Id): void {
  const row = document.querySelector<HTMLElement>(`[data-message-id="${CSS.escape(messageId)}"]`);
  if (row) focusOf(row).focus({ preventScroll: true });
}

/** Back to the message, unless what was chosen took the focus: the composer, a dialog. */
export function focusMessage(messageId: Id): void {
  if (isFocusFree()) focusRow(messageId);
}

/** Who is at a message by keyboard goes along to the one that is shown. */
export function followToMessage(messageId: Id): void {
  if (document.activeElement?.matches("[data-message-id]")) focusRow(messageId);
}

/** In the list of messages the arrows walk from message to message, Enter or the menu key opens a message's actions. */
export function useListKeys(onMenu: (at: MenuAt) => void) {
  return useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
      const list = event.currentTarget;
      const focused = document.activeElement;
      const rowOrBox = focused instanceof HTMLElement && focused.matches("[data-message-id], [data-select]");
      const inside = rowOrBox ? focused.closest<HTMLElement>("[data-message-id]") : null;
      if (focused !== list && !inside) return;
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        const all = [...list.querySelectorAll<HTMLElement>("[data-message-id]")];
        const from = inside ? all.indexOf(inside) : all.length;
        const next = all[from + (event.key === "ArrowUp" ? -1 : 1)];
        if (!next) return;
        event.preventDefault();
        focusOf(next).focus({ preventScroll: true });
        next.scrollIntoView({ block: "nearest" });
      } else if (inside && inside === focused && (event.key === "Enter" || event.key === "ContextMenu")) {
        event.preventDefault();
        const box = inside.getBoundingClientRect();
        onMenu({ messageId: inside.dataset.messageId ?? "", x: box.left + box.width / 2, y: box.top + 24 });
      }
    },
    [onMenu],
  );
}
