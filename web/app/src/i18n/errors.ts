import { ConfabError, type FieldError, NetworkError } from "@confab/sdk";
import type { TFunction } from "i18next";

/** What is said of each code that the server may refuse with and a person may meet. */
const said = {
  email_taken: "errors.emailTaken",
  username_taken: "errors.usernameTaken",
  last_owner: "errors.lastOwner",
  wrong_password: "errors.wrongPassword",
  wrong_code: "errors.wrongCode",
  totp_enabled: "errors.totpEnabled",
  totp_not_enabled: "errors.totpDisabled",
  totp_not_pending: "errors.totpNotPending",
  bad_credentials: "auth.wrong",
  changed_meanwhile: "errors.changedMeanwhile",
  blocked: "errors.blocked",
  too_many_blocks: "errors.tooManyBlocks",
  already_member: "members.already",
  chat_full: "errors.chatFull",
  direct_chat: "errors.directChat",
  invitation_invalid: "join.invalid",
  too_many_invitations: "errors.tooManyInvitations",
  too_many_pins: "errors.tooManyPins",
  too_many_reactions: "errors.tooManyReactions",
  message_deleted: "errors.messageDeleted",
  not_editable: "errors.notEditable",
  quota_exceeded: "errors.quota",
  too_large: "errors.fileTooLarge",
  empty_file: "errors.emptyFile",
  file_lost: "errors.fileLost",
  storage_full: "errors.storageFull",
  too_many_pixels: "errors.tooManyPixels",
  unsupported_media: "errors.unsupportedMedia",
  damaged_file: "errors.unsupportedMedia",
  unsupported_media_type: "errors.unsupportedType",
  second_device: "errors.secondDevice",
  answered: "errors.secondDevice",
  too_many_calls: "call.alreadyInCall",
  call_full: "errors.callFull",
  not_in_call: "errors.callOver",
  no_call: "errors.callOver",
  no_participant: "errors.notFound",
  bad_sdp: "errors.callFailed",
  no_offer: "errors.callFailed",
  shutting_down: "errors.restarting",
  draining: "errors.restarting",
  export_running: "errors.exportRunning",
} as const;

/** What is said of a field's code (internal/fault), whatever the field. */
const saidOfField = {
  length: "errors.fieldLength",
  characters: "errors.fieldCharacters",
  mixed_scripts: "errors.fieldScripts",
  edges: "errors.fieldEdges",
  email: "auth.emailInvalid",
  invisible: "errors.fieldInvisible",
  common: "errors.commonPassword",
  wrong: "errors.wrongPassword",
  taken: "errors.fieldTaken",
} as const;

/** What is said of a refusal in the reader's language: by its code where we know it, else by its kind. */
export function errorText(t: TFunction, error: unknown): string {
  if (error instanceof NetworkError)
    return error.code === "timeout" ? t("errors.timeout") : t("errors.offline");
  if (!(error instanceof ConfabError)) return t("errors.unknown");
  if (error.status === 429 || error.code === "rate_limited") return rateText(t, error);
  if (error.code in said) return t(said[error.code as keyof typeof said]);
  const field = error.fields.find(({ code }) => code !== undefined);
  if (field) return fieldText(t, field);
  if (error.status === 413) return t("errors.tooLarge");
  if (error.status === 415) return t("errors.unsupportedType");
  if (error.status === 404 || error.code === "not_found") return t("errors.notFound");
  if (error.status === 403 || error.code === "forbidden") return t("errors.forbidden");
  if (error.status >= 500 || error.code === "internal") return t("errors.server");
  if (error.fields.length > 0) return t("errors.fieldInvalid");
  return t("errors.unknown");
}

/** What is said of one field, undefined where nothing is. */
export function fieldError(t: TFunction, error: unknown, name: string): string | undefined {
  if (!(error instanceof ConfabError)) return undefined;
  const field = error.fields.find((each) => each.field === name);
  return field && fieldText(t, field);
}

function fieldText(t: TFunction, { code }: FieldError): string {
  return t(saidOfField[code as keyof typeof saidOfField] ?? "errors.fieldInvalid");
}

function rateText(t: TFunction, error: ConfabError): string {
  if (error.retryAfter === undefined) return t("errors.rateLimited");
  return t("errors.rateLimitedFor", { count: Math.max(1, Math.ceil(error.retryAfter / 1000)) });
}
