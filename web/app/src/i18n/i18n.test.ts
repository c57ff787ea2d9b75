import i18next, { type i18n } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { detectLanguage } from ".";
import { en } from "./en";
import { ru } from "./ru";

const plural = /_(zero|one|two|few|many|other)$/;

function keysOf(catalog: Record<string, Record<string, string>>): string[] {
  return Object.entries(catalog).flatMap(([section, texts]) =>
    Object.keys(texts).map((key) => `${section}.${key}`),
  );
}

const baseKeys = (catalog: Record<string, Record<string, string>>) =>
  new Set(keysOf(catalog).map((key) => key.replace(plural, "")));

const textOf = (catalog: Record<string, Record<string, string>>, key: string) => {
  const [section = "", name = ""] = key.split(".");
  return catalog[section]?.[name] ?? "";
};

/** The source of every module of the app, by path. */
const sources = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.ts", "!./en.ts", "!./ru.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});

/** Every string literal that looks like a key, wherever it stands: some are passed on in variables. */
function usedKeys(): Map<string, string> {
  const sections = Object.keys(en).join("|");
  const literal = new RegExp(`["'\`]((?:${sections})\\.[A-Za-z]+)["'\`]`, "g");
  const used = new Map<string, string>();
  for (const [path, source] of Object.entries(sources)) {
    for (const match of source.matchAll(literal)) used.set(match[1] ?? "", path);
  }
  return used;
}

/** Keys that are put together: t(`message.${mark}`), t(`members.${role}`), t(`delivery.${status}`). */
const composed = [
  ...["sent", "delivered", "read"].flatMap((mark) => [`message.${mark}`, `delivery.${mark}`]),
  ...["owner", "admin", "member"].map((role) => `members.${role}`),
];

describe("catalogs", () => {
  it("have the same keys", () => {
    expect([...baseKeys(ru)].sort()).toEqual([...baseKeys(en)].sort());
  });

  it.each([
    ["en", en, ["one", "other"]],
    ["ru", ru, ["one", "few", "many", "other"]],
  ] as const)("%s has every plural form that the language has", (_, catalog, forms) => {
    const plurals = new Set(
      keysOf(catalog)
        .filter((key) => plural.test(key))
        .map((key) => key.replace(plural, "")),
    );
    expect(plurals.size).toBeGreaterThan(5);
    for (const key of plurals) {
      for (const form of forms) expect(keysOf(catalog), key).toContain(`${key}_${form}`);
    }
  });

  it("fill in the same values", () => {
    const values = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort();
    for (const key of keysOf(en)) {
      const russian = textOf(ru, key) || textOf(ru, `${key}_other`);
      expect(values(russian), key).toEqual(values(textOf(en, key)));
    }
  });

  it("leave nothing empty", () => {
    for (const catalog of [en, ru])
      for (const key of keysOf(catalog)) expect(textOf(catalog, key), key).not.toBe("");
  });

  it("have every key that is used", () => {
    const used = usedKeys();
    expect(used.size).toBeGreaterThan(150);
    const known = baseKeys(en);
    for (const [key, path] of used) expect(known.has(key), `${key} in ${path}`).toBe(true);
  });

  it("have no key that is not used", () => {
    const used = usedKeys();
    const unused = [...baseKeys(en)].filter((key) => !used.has(key) && !composed.includes(key));
    expect(unused).toEqual([]);
  });
});

describe("plurals", () => {
  let t: i18n["t"];
  beforeAll(async () => {
    await i18next.init({
      lng: "ru",
      resources: { ru: { translation: ru } },
      interpolation: { escapeValue: false },
    });
    t = i18next.t;
  });

  it.each([
    [1, "1 участник"],
    [3, "3 участника"],
    [5, "5 участников"],
    [11, "11 участников"],
    [21, "21 участник"],
    [112, "112 участников"],
  ])("%i in Russian", (count, text) => {
    expect(t("chat.members", { count })).toBe(text);
  });
});

describe("detectLanguage", () => {
  it.each([
    [null, ["ru-RU", "en"], "ru"],
    [null, ["de", "ru"], "ru"],
    [null, ["de-AT"], "en"],
    ["en", ["ru"], "en"],
    ["xx", ["ru"], "ru"],
  ] as const)("stored %s, browser %s", (stored, preferred, language) => {
    expect(detectLanguage(stored, preferred)).toBe(language);
  });
});
