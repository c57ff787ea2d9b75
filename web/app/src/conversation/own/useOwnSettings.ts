import { type Chat, isArchived, isMuted, otherMember } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { client } from "../../client";
import { useMe, useModel } from "../../hooks";
import { errorText } from "../../i18n/errors";
import { moment } from "../../i18n/format";
import { toast } from "../../ui/toasts";
import { isMutedForGood, type MuteSpan, mutedUntil } from "./mute";

/** One's own settings of a chat, and the ways to change them. */
export function useOwnSettings(chat: Chat) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const other = otherMember(chat, me.id);
  const blocked = useModel((state) => other !== undefined && state.blocked.has(other.userId));
  const now = Date.now();
  const muted = isMuted(chat, now);
  const archived = isArchived(chat, now);

  const run = (work: Promise<unknown>, said?: string) =>
    void work.then(
      () => said && toast(said, "ok"),
      (error: unknown) => toast(errorText(t, error), "error"),
    );

  return {
    other: other?.deleted ? undefined : other,
    blocked,
    muted,
    archived,
    /** "Muted until 14:00"; empty while the chat is heard. */
    muteText: !muted
      ? ""
      : isMutedForGood(chat)
        ? t("own.mutedForGood")
        : t("own.mutedUntil", { when: moment(t, i18n.language, chat.mutedUntil ?? "") }),
    mute: (span: MuteSpan) => run(client.messaging.mute(chat.id, mutedUntil(span, Date.now()))),
    unmute: () => run(client.messaging.mute(chat.id, null)),
    archive: (on: boolean) =>
      run(client.messaging.archive(chat.id, on), on ? t("own.wasArchived") : t("own.wasUnarchived")),
    block: (on: boolean) => {
      if (other) run(client.messaging.block(other.userId, on));
    },
  };
}

export type OwnSettings = ReturnType<typeof useOwnSettings>;
