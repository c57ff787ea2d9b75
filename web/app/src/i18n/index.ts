import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { readSetting, writeSetting } from "../platform/storage";
import { en } from "./en";
import { ru } from "./ru";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

export const languages = [
  { code: "en", name: "English" },
  { code: "ru", name: "Русский" },
] as const;

export type Language = (typeof languages)[number]["code"];

/** The stored choice, else the first language of the browser that there is a catalog for, else English. */
export function detectLanguage(stored: string | null, preferred: readonly string[]): Language {
  const known = (code: string) => languages.find((language) => language.code === code)?.code;
  for (const candidate of stored ? [stored, ...preferred] : preferred) {
    const code = known(candidate.toLowerCase().split("-")[0] ?? "");
    if (code) return code;
  }
  return "en";
}

export function startI18n(): void {
  void i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, ru: { translation: ru } },
    lng: detectLanguage(readSetting("language"), navigator.languages),
    fallbackLng: "en",
    interpolation: { escapeValue: false }, // React escapes
    initAsync: false,
  });
  document.documentElement.lang = i18next.language;
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
}

export function setLanguage(language: Language): void {
  writeSetting("language", language);
  void i18next.changeLanguage(language);
}
