import type { KeyboardEvent } from "react";
import { useCallback } from "react";
import type { MenuAt } from "./MessageActions";

/** In the list of messages the arrows walk from message to message, Enter or the menu key opens a message's actions. */
export function useListKeys(onMenu: (at: MenuAt) => void) {
  return useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
      const list = event.currentTarget;
      const focused = document.activeElement;
      const inside = focused instanceof HTMLElement && focused.matches("[data-message-id]") ? focused : null;
      if (focused !== list && !inside) return;
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        const all = [...list.querySelectorAll<HTMLElement>("[data-message-id]")];
        const from = inside ? all.indexOf(inside) : all.length;
        const next = all[from + (event.key === "ArrowUp" ? -1 : 1)];
        if (!next) return;
        event.preventDefault();
        next.focus({ preventScroll: true });
        next.scrollIntoView({ block: "nearest" });
      } else if (inside && (event.key === "Enter" || event.key === "ContextMenu")) {
        event.preventDefault();
        const box = inside.getBoundingClientRect();
        onMenu({ messageId: inside.dataset.messageId ?? "", x: box.left + box.width / 2, y: box.top + 24 });
      }
    },
    [onMenu],
  );
}
