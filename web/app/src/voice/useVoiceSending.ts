import type { Id } from "@confab/sdk";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { toast } from "../ui/toasts";
import { finishRecording, pauseRecording } from "./recording";

/** Sends what is being recorded for a chat. Leaving the chat keeps it there, paused. */
export function useVoiceSending(chatId: Id, replyTo: Id | undefined, onSent: () => void): () => void {
  const { t } = useTranslation();
  useEffect(() => () => void pauseRecording(), []);
  return () => {
    void finishRecording()
      .then(async (voice) => {
        if (!voice) return;
        onSent();
        await client.messaging.send({
          ...{ chatId, content: "", voice },
          ...(replyTo === undefined ? {} : { replyTo }),
        });
      })
      .catch((error: unknown) => toast(errorText(t, error), "error"));
  };
}
