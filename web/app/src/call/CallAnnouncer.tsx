import type { CallParticipant, CallState } from "@confab/sdk";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "../ui/toasts";

/** Says who came, went or raised a hand: aloud to screen readers, in passing to everybody where it matters. */
export function CallAnnouncer({ call }: { call: CallState }) {
  const { t } = useTranslation();
  const before = useRef<readonly CallParticipant[]>(call.participants);
  const [said, setSaid] = useState("");

  useEffect(() => {
    const old = before.current;
    before.current = call.participants;
    const known = (id: string) => old.find((each) => each.id === id);
    const stays = new Set(call.participants.map((each) => each.id));
    const news: string[] = [];
    for (const each of call.participants) {
      if (!known(each.id)) news.push(t("call.joined", { name: each.displayName }));
      else if (each.hand && !known(each.id)?.hand) {
        news.push(t("call.raised", { name: each.displayName }));
        toast(t("call.raised", { name: each.displayName }));
      }
    }
    for (const each of old) if (!stays.has(each.id)) news.push(t("call.left", { name: each.displayName }));
    if (news.length > 0) setSaid(news.join(". "));
  }, [call.participants, t]);

  useEffect(() => {
    if (call.mutedByModerator) toast(t("call.mutedByModerator"));
  }, [call.mutedByModerator, t]);

  return (
    <p aria-live="polite" className="sr-only">
      {said}
    </p>
  );
}
