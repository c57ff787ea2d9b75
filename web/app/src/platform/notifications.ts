import { Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "./storage";

/** Whether this device shows notifications: `off` until the person turns them on, `blocked` in the browser's settings. */
export type NotificationState = "on" | "off" | "blocked" | "unsupported";

type Notice = {
  /** One that is shown gives way to the next of the same tag. */
  tag: string;
  title: string;
  body: string;
  /** The window has the focus by then. */
  onClick: () => void;
};

const key = "notifications";
const state = new Subject<NotificationState>(stateFor(readSetting(key) === "on"));

function stateFor(wanted: boolean): NotificationState {
  // Without HTTPS a browser has them in name only.
  if (!("Notification" in window) || !window.isSecureContext) return "unsupported";
  if (Notification.permission === "denied") return "blocked";
  return wanted && Notification.permission === "granted" ? "on" : "off";
}

/** Call it from a click: turning them on asks for the permission. */
export async function setNotifications(on: boolean): Promise<void> {
  if (on) await Notification.requestPermission();
  state.set(stateFor(on));
  writeSetting(key, state.get() === "on" ? "on" : null);
}

export const useNotificationState = (): NotificationState => useSyncExternalStore(state.subscribe, state.get);

/** Shows a notice where notifications are on. Returns what takes it back. */
export function notify({ tag, title, body, onClick }: Notice): () => void {
  if (state.get() !== "on") return () => {};
  try {
    const notification = new Notification(title, { tag, body, icon: "/icon-192.png" });
    notification.onclick = () => {
      window.focus();
      notification.close();
      onClick();
    };
    return () => notification.close();
  } catch {
    // Chrome on Android has them for service workers only, and says so here.
    state.set("unsupported");
    return () => {};
  }
}
