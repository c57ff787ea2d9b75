import { type MouseEvent, useSyncExternalStore } from "react";
import { takeInvitation } from "./invitation";

/** The places of the app. They keep clear of the server's own paths (/auth, /users, /chats, …). */
export type Route =
  | { name: "home" }
  | { name: "login" }
  | { name: "register" }
  | { name: "settings" }
  | { name: "join" }
  | { name: "check" }
  | { name: "chat"; chatId: string };

export function parseRoute(path: string): Route {
  if (path === "/login") return { name: "login" };
  if (path === "/register") return { name: "register" };
  if (path === "/settings") return { name: "settings" };
  if (path === "/join") return { name: "join" };
  if (path === "/check") return { name: "check" };
  const chat = /^\/c\/([^/]+)\/?$/.exec(path);
  if (chat?.[1]) return { name: "chat", chatId: decodeURIComponent(chat[1]) };
  return { name: "home" };
}

export function pathOf(route: Route): string {
  switch (route.name) {
    case "home":
      return "/";
    case "chat":
      return `/c/${encodeURIComponent(route.chatId)}`;
    default:
      return `/${route.name}`;
  }
}

const listeners = new Set<() => void>();
let current = read();

function read(): Route {
  takeInvitation();
  return parseRoute(location.pathname);
}

function update(): void {
  current = read();
  for (const listener of [...listeners]) listener();
}

window.addEventListener("popstate", update);

/** What an entry of the history knows: the path of the one before it, if that is the app's too. */
type Entry = { from?: string } | null;

export function navigate(route: Route, options: { replace?: boolean } = {}): void {
  const path = pathOf(route);
  if (path === location.pathname) return;
  if (options.replace) history.replaceState(history.state, "", path);
  else history.pushState({ from: location.pathname } satisfies Entry, "", path);
  update();
}

/** Back to the list of chats, so that the browser's own back does not return to what was left. */
export function leaveToList(): void {
  const entry: Entry = history.state;
  if (entry?.from === pathOf({ name: "home" })) history.back();
  else navigate({ name: "home" }, { replace: true });
}

/** For `<a href>`: plain clicks stay in the page; with a modifier the browser does what it always does. */
export function followLink(event: MouseEvent<HTMLAnchorElement>, route: Route): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(route);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, () => current);
}
