import { useEffect, useRef } from "react";

const apple = /Mac|iPhone|iPad/.test(navigator.platform);

/** How the shortcut key is written on this machine. */
export const modifier = apple ? "⌘" : "Ctrl+";

export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

/** Calls the handler for each key press in the page. The latest handler counts; it need not be stable. */
export function useKeys(handler: (event: KeyboardEvent) => void): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => latest.current(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

export const withModifier = (event: KeyboardEvent) =>
  (apple ? event.metaKey : event.ctrlKey) && !event.altKey;
