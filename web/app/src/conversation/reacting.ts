import type { Message } from "@confab/sdk";
import type { TFunction } from "i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { toast } from "../ui/toasts";

/** Adds or takes back one's own reaction. */
export function react(t: TFunction, message: Message, emoji: string, on: boolean): void {
  client.messaging
    .react(message.id, emoji, on)
    .catch((error: unknown) => toast(errorText(t, error), "error"));
}
