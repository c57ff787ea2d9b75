import type { TFunction } from "i18next";

/** The order matters: Edge and Opera also call themselves Chrome, and Chrome calls itself Safari. */
const browsers: [RegExp, string][] = [
  [/Edg(?:e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/YaBrowser\//, "Yandex Browser"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];

const systems: [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPod/, "iPhone"],
  [/iPad/, "iPad"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** "Firefox on Linux", from what the browser said of itself when it signed in. */
export function describeDevice(t: TFunction, userAgent: string): { name: string; mobile: boolean } {
  const find = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(userAgent))?.[1];
  const browser = find(browsers);
  const system = find(systems);
  const mobile = /Android|iPhone|iPod|iPad|Mobile/.test(userAgent);
  if (browser && system) return { name: t("settings.deviceOn", { browser, system }), mobile };
  return { name: browser ?? system ?? (userAgent.slice(0, 60) || t("settings.unknownDevice")), mobile };
}
