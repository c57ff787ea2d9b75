import type { Chat, Invitation } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { nameOf } from "../../chats/preview";
import { useMe } from "../../hooks";
import { moment } from "../../i18n/format";
import { copyText } from "../../platform/clipboard";
import { Button, IconButton } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { toast } from "../../ui/toasts";
import { useLink } from "./links";

type InvitationItemProps = { chat: Chat; invitation: Invitation; busy: boolean; onRevoke: () => void };

/** One link: who made it, how often it was used, until when it works. The link itself while this page knows it. */
export function InvitationItem({ chat, invitation, busy, onRevoke }: InvitationItemProps) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const url = useLink(invitation.id);
  const uses = invitation.maxUses
    ? t("invite.usesOf", { uses: String(invitation.uses), most: String(invitation.maxUses) })
    : t("invite.uses", { count: invitation.uses });
  const life = invitation.expiresAt
    ? t("invite.until", { when: moment(t, i18n.language, invitation.expiresAt) })
    : t("invite.noEnd");
  const by = t("invite.madeBy", {
    name: nameOf(t, chat, invitation.createdBy, me.id),
    when: moment(t, i18n.language, invitation.createdAt),
  });
  return (
    <li className="px-3.5 py-3">
      <div className="flex items-center gap-3">
        <span className="grid size-10 shrink-0 place-items-center rounded-xl bg-sunken text-ink-2">
          <Icon name="link" />
        </span>
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium">{life}</p>
          <p className="text-[13px] text-ink-3">
            {uses} · {by}
          </p>
        </div>
        <Button look="danger" busy={busy} onClick={onRevoke}>
          {t("invite.revoke")}
        </Button>
      </div>
      {url && <Link url={url} name={chat.name} />}
    </li>
  );
}

function Link({ url, name }: { url: string; name: string }) {
  const { t } = useTranslation();
  const copy = () =>
    copyText(url).then(
      () => toast(t("invite.copied"), "ok"),
      () => toast(t("errors.copyFailed"), "error"),
    );
  return (
    <div className="mt-2.5 flex items-center gap-1 rounded-xl bg-sunken py-1 pr-1 pl-3">
      <input
        readOnly
        value={url}
        aria-label={t("invite.link")}
        data-testid="invite-link"
        onFocus={(event) => event.target.select()}
        className="min-w-0 flex-1 truncate bg-transparent text-[14px] text-ink-2 focus:outline-none"
      />
      <IconButton icon="copy" label={t("invite.copy")} tip="top" onClick={() => void copy()} />
      {"share" in navigator && (
        <IconButton
          icon="share"
          label={t("invite.share")}
          tip="top"
          // A share that is given up is no failure.
          onClick={() => void navigator.share({ title: name, url }).catch(() => undefined)}
        />
      )}
    </div>
  );
}
