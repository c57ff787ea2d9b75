import { useCallback, useSyncExternalStore } from "react";

/** Whether a media query holds, kept up to date. */
export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** Two panes side by side from here on; below, one at a time. Must agree with Tailwind's `md`. */
export const useTwoPanes = () => useMediaQuery("(min-width: 768px)");

/** Room for the details as a third pane. Must agree with Tailwind's `xl`. */
export const useThreePanes = () => useMediaQuery("(min-width: 1280px)");

function subscribeAttention(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  window.addEventListener("focus", listener);
  window.addEventListener("blur", listener);
  return () => {
    document.removeEventListener("visibilitychange", listener);
    window.removeEventListener("focus", listener);
    window.removeEventListener("blur", listener);
  };
}

/** True while the page is visible and has the focus: only then has anybody read anything. */
export function useAttention(): boolean {
  return useSyncExternalStore(
    subscribeAttention,
    () => document.visibilityState === "visible" && document.hasFocus(),
  );
}
