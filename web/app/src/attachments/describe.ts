import type { Message } from "@confab/sdk";
import type { TFunction } from "i18next";
import { lookOf } from "./kinds";

/** What a message's files are called in one line. */
export function filesText(t: TFunction, { attachments }: Message): string {
  const [only] = attachments;
  if (!only) return t("message.attachment");
  const looks = attachments.map(lookOf);
  if (looks.every((look) => look === "picture")) return t("files.photos", { count: attachments.length });
  if (looks.every((look) => look === "video")) return t("files.videos", { count: attachments.length });
  return attachments.length === 1 ? only.name : t("files.count", { count: attachments.length });
}
