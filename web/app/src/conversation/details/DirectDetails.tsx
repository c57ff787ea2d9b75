import type { Chat, Member } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { useLastSeen, useOnline } from "../../hooks";
import { moment } from "../../i18n/format";
import { Icon } from "../../ui/icons";
import { OwnRows } from "../own/OwnRows";

export function DirectDetails({ chat, other }: { chat: Chat; other: Member | undefined }) {
  const { t, i18n } = useTranslation();
  const online = useOnline(other?.userId);
  const lastSeen = useLastSeen(other?.userId);
  if (!other) return <OwnRows chat={chat} />;
  const seen = lastSeen
    ? t("chat.lastSeen", { when: moment(t, i18n.language, lastSeen) })
    : t("chat.offline");
  return (
    <>
      <dl className="mx-4 mb-4 divide-y divide-line rounded-2xl border border-line px-4">
        <div className="flex items-center gap-3 py-3">
          <Icon name="person" className="text-ink-3" />
          <div>
            <dt className="text-[13px] text-ink-3">{t("members.username")}</dt>
            <dd>@{other.username}</dd>
          </div>
        </div>
        <div className="flex items-center gap-3 py-3">
          <Icon name="clock" className="text-ink-3" />
          <div>
            <dt className="sr-only">{t("chat.online")}</dt>
            <dd>{online ? t("chat.online") : seen}</dd>
          </div>
        </div>
      </dl>
      <OwnRows chat={chat} />
    </>
  );
}
