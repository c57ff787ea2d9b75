import { type CallState, type Chat, otherMember } from "@confab/sdk";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useMe } from "../hooks";
import { errorText } from "../i18n/errors";
import { duration } from "../i18n/format";
import { navigate } from "../platform/router";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { startCall } from "./actions";

/** How long the end of a call stays on the screen by itself, in ms. */
const stay = 3000;

/** The last word of a call. What went wrong waits to be read; an ordinary end goes away by itself. */
export function CallEnded({
  call,
  title,
  chat,
  since,
}: {
  call: CallState;
  title: string;
  chat: Chat | undefined;
  since: number | null;
}) {
  const { t } = useTranslation();
  const me = useMe();
  const [endedAt] = useState(() => Date.now());
  const other = chat && otherMember(chat, me.id);
  const trouble = call.endReason === "failed" || call.endReason === "connection-lost";

  useEffect(() => {
    if (trouble) return;
    const timer = setTimeout(() => client.calls.dismiss(), stay);
    return () => clearTimeout(timer);
  }, [trouble]);

  return (
    <div className="grid min-h-0 flex-1 place-items-center">
      <div className="flex animate-rise flex-col items-center px-6 pb-16 text-center">
        <Avatar
          id={other?.userId ?? call.chatId}
          name={title}
          url={other?.avatarUrl ?? chat?.avatarUrl ?? null}
          size={96}
        />
        <p className="mt-5 text-2xl font-semibold text-white">{title}</p>
        <p role="status" className="mt-1.5 text-[16px] text-white/75">
          {useReason(call, since === null ? null : (endedAt - since) / 1000)}
        </p>
        {call.error && <p className="mt-2 max-w-sm text-[#ffb4ab]">{errorText(t, call.error)}</p>}
        <div className="mt-8 flex flex-wrap justify-center gap-3">
          <Button onClick={() => client.calls.dismiss()}>{t("common.close")}</Button>
          {trouble && (
            <Button
              look="primary"
              icon="retry"
              onClick={() => startCall(t, call.chatId, { audio: true, video: call.local.camera.on })}
            >
              {t("common.retry")}
            </Button>
          )}
        </div>
        {trouble && (
          <button
            type="button"
            className="mt-5 rounded-md text-white/75 underline decoration-white/40 underline-offset-4 hover:text-white"
            onClick={() => {
              client.calls.dismiss();
              navigate({ name: "check" });
            }}
          >
            {t("check.trouble")}
          </button>
        )}
      </div>
    </div>
  );
}

function useReason(call: CallState, seconds: number | null): string {
  const { t } = useTranslation();
  switch (call.endReason) {
    case "declined":
      return t("call.endedDeclined");
    case "missed":
    case "timeout":
      return t("call.endedMissed");
    case "joined-elsewhere":
      return t("call.endedElsewhere");
    case "removed":
      return t("call.endedRemoved");
    case "failed":
      return seconds !== null ? t("call.endedFailed") : t("call.startFailed");
    case "connection-lost":
      return t("call.endedFailed");
    default:
      return seconds !== null ? t("call.endedDuration", { duration: duration(seconds) }) : t("call.ended");
  }
}
