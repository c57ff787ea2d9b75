import { type CallMedia, type Id, MediaError } from "@confab/sdk";
import type { TFunction } from "i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { toast } from "../ui/toasts";
import { openCall } from "./view";

/**
 * Starts or joins the call of a chat and shows it. A device has at most one call at a time. `only` is the call that was
 * to be joined: where it is over by then, no other is started.
 */
export function startCall(t: TFunction, chatId: Id, media: CallMedia, only?: Id): void {
  const current = client.calls.state.get().current;
  if (current && current.phase !== "ended") {
    if (current.chatId !== chatId) toast(t("call.alreadyInCall"), "error");
    openCall();
    return;
  }
  openCall();
  client.calls
    .join(chatId, media, only)
    .catch((error: unknown) => toast(`${t("call.startFailed")}. ${errorText(t, error)}`, "error"));
}

/** Runs a control of the call. What a device refuses is told by the call's own state; the rest is said here. */
export function control(t: TFunction, work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    if (!(error instanceof MediaError)) toast(errorText(t, error), "error");
    else if (error.source === "screen" && error.code !== "permission_denied")
      toast(t("call.shareDenied"), "error");
  });
}
