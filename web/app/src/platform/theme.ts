import { Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "./storage";

export type ThemeChoice = "system" | "light" | "dark";

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const stored = readSetting("theme");
const choice = new Subject<ThemeChoice>(stored === "light" || stored === "dark" ? stored : "system");

function apply(): void {
  const chosen = choice.get();
  const dark = chosen === "dark" || (chosen === "system" && systemDark.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const meta = document.querySelector<HTMLMetaElement>('meta[name="theme-color"]');
  if (meta) meta.content = dark ? "#12191a" : "#ffffff";
}

/** Keeps the page in the chosen theme and follows the system where that is the choice. Call it once. */
export function startTheme(): void {
  systemDark.addEventListener("change", apply);
  apply();
}

export function setTheme(next: ThemeChoice): void {
  writeSetting("theme", next === "system" ? null : next);
  choice.set(next);
  apply();
}

export function useTheme(): ThemeChoice {
  return useSyncExternalStore(choice.subscribe, choice.get);
}
