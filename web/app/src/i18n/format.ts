import type { Timestamp } from "@confab/sdk";
import type { TFunction } from "i18next";

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making an Intl format is slow and lists need hundreds: there are as many as languages times styles. */
function format(language: string, style: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${style}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(language, options);
    formats.set(key, found);
  }
  return found;
}

const dayMs = 86_400_000;

/** Whole local days from `time` to `now`: 0 is today, 1 yesterday. Rounded, since a day may have 23 or 25 hours. */
export function daysBetween(time: Date, now: Date): number {
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(now) - midnight(time)) / dayMs);
}

export function timeOfDay(language: string, at: Timestamp): string {
  return format(language, "time", { timeStyle: "short" }).format(new Date(at));
}

/** The heading of a day in a conversation. */
export function dayLabel(t: TFunction, language: string, at: Timestamp, now = new Date()): string {
  const time = new Date(at);
  const days = daysBetween(time, now);
  if (days === 0) return t("chats.today");
  if (days === 1) return t("chats.yesterday");
  if (days > 1 && days < 7) return capital(format(language, "weekday", { weekday: "long" }).format(time));
  return time.getFullYear() === now.getFullYear()
    ? format(language, "day", { day: "numeric", month: "long" }).format(time)
    : format(language, "date", { day: "numeric", month: "long", year: "numeric" }).format(time);
}

/** The short time in the list of chats: the hour today, then the weekday, then the date. */
export function shortTime(t: TFunction, language: string, at: Timestamp, now = new Date()): string {
  const time = new Date(at);
  const days = daysBetween(time, now);
  if (days <= 0) return timeOfDay(language, at);
  if (days === 1) return t("chats.yesterday");
  if (days < 7) return format(language, "weekday-short", { weekday: "short" }).format(time);
  return format(language, "numeric", { day: "2-digit", month: "2-digit", year: "2-digit" }).format(time);
}

/** Day and hour, for "last seen" and tooltips. */
export function moment(t: TFunction, language: string, at: Timestamp, now = new Date()): string {
  const time = new Date(at);
  const days = daysBetween(time, now);
  if (days === 0) return timeOfDay(language, at);
  if (days === 1) return `${t("chats.yesterday").toLocaleLowerCase(language)}, ${timeOfDay(language, at)}`;
  const sameYear = time.getFullYear() === now.getFullYear();
  return format(language, sameYear ? "moment" : "moment-year", {
    day: "numeric",
    month: "short",
    hour: "numeric",
    minute: "2-digit",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(time);
}

/** Seconds as 0:07, 3:05 or 1:02:03. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
