import { ConfabError, NetworkError } from "@confab/sdk";
import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { errorText, fieldError } from "./errors";
import { ru } from "./ru";

// What the server said is English; whoever reads Russian must never meet it.

let t: TFunction;
beforeAll(async () => {
  await i18next.init({
    lng: "ru",
    resources: { ru: { translation: ru } },
    interpolation: { escapeValue: false },
  });
  t = i18next.t;
});

const refusal = (status: number, code: string, fields: ConfabError["fields"] = []) =>
  new ConfabError({ status, code, message: "said in English", fields });

const latin = /[A-Za-z]{3}/;

/** Every code in the server's Go sources, and where it stands. */
const sources = import.meta.glob<string>(
  ["../../../../{api,signaling,internal}/**/*.go", "!../../../../**/*_test.go"],
  {
    query: "?raw",
    import: "default",
    eager: true,
  },
);

function codesIn(pattern: RegExp): [string, string][] {
  return Object.entries(sources).flatMap(([path, source]) =>
    [...source.matchAll(pattern)].map((match): [string, string] => [match[1] ?? match[2] ?? "", path]),
  );
}

describe("refusals in Russian", () => {
  const refused = codesIn(
    /fault\.(?:New\(fault\.\w+, |Error\{Kind: fault\.\w+, Code: )"(\w+)"|Code\w+\s+= "(\w+)"/g,
  );

  it("knows where the server keeps its codes", () => {
    expect(refused.length).toBeGreaterThan(30);
  });

  it.each(refused)("%s", (code) => {
    for (const status of [0, 400, 401, 403, 404, 409, 413, 422, 503]) {
      const text = errorText(t, refusal(status, code));
      expect(text).not.toBe("");
      expect(text.replace("Caps Lock", "")).not.toMatch(latin); // a key, which is called so everywhere
    }
  });

  it("what nobody has foreseen is Russian too", () => {
    for (const error of [refusal(418, "teapot"), refusal(0, "new_code"), new NetworkError("offline", "x"), 5])
      expect(errorText(t, error)).not.toMatch(latin);
  });
});

describe("fields in Russian", () => {
  const codes = codesIn(/Field\w+\s+= "(\w+)"/g).filter(([, path]) => path.endsWith("fault/fault.go"));

  it("knows the codes of fields", () => {
    expect(codes.length).toBeGreaterThan(7);
  });

  it.each(codes)("%s", (code) => {
    const error = refusal(422, "invalid", [{ field: "password", message: "said in English", code }]);
    expect(fieldError(t, error, "password")).not.toMatch(latin);
    expect(fieldError(t, error, "password")).not.toBe(ru.errors.fieldInvalid);
    expect(errorText(t, error)).toBe(fieldError(t, error, "password"));
    expect(fieldError(t, error, "email")).toBeUndefined();
  });

  it("one without a code is refused in general words", () => {
    const error = refusal(422, "invalid", [{ field: "x", message: "expected length <= 5" }]);
    expect(fieldError(t, error, "x")).toBe(ru.errors.fieldInvalid);
  });
});
