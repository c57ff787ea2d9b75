import { ConfabError, NetworkError } from "@confab/sdk";
import type { TFunction } from "i18next";

/** What is said of a refusal in the reader's language: by its code where we know it, else by its kind. */
export function errorText(t: TFunction, error: unknown): string {
  if (error instanceof NetworkError)
    return error.code === "timeout" ? t("errors.timeout") : t("errors.offline");
  if (!(error instanceof ConfabError)) return t("errors.unknown");
  switch (error.code) {
    case "email_taken":
      return t("errors.emailTaken");
    case "username_taken":
      return t("errors.usernameTaken");
    case "empty_file":
      return t("errors.emptyFile");
    case "file_lost":
      return t("errors.fileLost");
    case "quota_exceeded":
      return t("errors.quota");
    case "storage_full":
      return t("errors.storageFull");
    case "too_many_pixels":
      return t("errors.tooManyPixels");
    case "unsupported_media":
    case "damaged_file":
      return t("errors.unsupportedMedia");
    case "too_large":
      return t("errors.fileTooLarge");
    case "last_owner":
      return t("errors.lastOwner");
  }
  if (error.status === 429 || error.code === "rate_limited") return rateText(t, error);
  if (error.status === 413) return t("errors.tooLarge");
  if (error.status === 404 || error.code === "not_found") return t("errors.notFound");
  if (error.status === 403 || error.code === "forbidden") return t("errors.forbidden");
  if (error.status >= 500) return t("errors.server");
  return error.message || t("errors.unknown");
}

function rateText(t: TFunction, error: ConfabError): string {
  if (error.retryAfter === undefined) return t("errors.rateLimited");
  return t("errors.rateLimitedFor", { count: Math.max(1, Math.ceil(error.retryAfter / 1000)) });
}
