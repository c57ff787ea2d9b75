import type { Chat, Invitation } from "@confab/sdk";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../../client";
import { errorText } from "../../i18n/errors";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Dialog } from "../../ui/Dialog";
import { Empty } from "../../ui/Empty";
import { toast } from "../../ui/toasts";
import { InvitationItem } from "./InvitationItem";
import { NewInvitation } from "./NewInvitation";

/** The links by which people may join a group: those that there are, and new ones. */
export function InviteDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const key = ["invitations", chat.id];
  const [making, setMaking] = useState(false);
  const [asking, setAsking] = useState<Invitation | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () => client.rest.invitations(chat.id),
    staleTime: 0,
  });
  const revoke = useMutation({
    mutationFn: (invitation: Invitation) => client.rest.revokeInvitation(chat.id, invitation.id),
    onSuccess: () => toast(t("invite.revoked"), "ok"),
    onError: (problem) => toast(errorText(t, problem), "error"),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });

  function made() {
    setMaking(false);
    void queries.invalidateQueries({ queryKey: key });
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={t("invite.title")}
      description={t("invite.text", { name: chat.name })}
      width="md"
    >
      <div className="space-y-4 pt-2">
        {making ? (
          <NewInvitation chat={chat} onMade={made} onCancel={() => setMaking(false)} />
        ) : (
          <Button look="primary" icon="plus" className="w-full" onClick={() => setMaking(true)}>
            {t("invite.create")}
          </Button>
        )}
        {error ? (
          <Empty icon="alert" tone="error" title={t("invite.failed")} text={errorText(t, error)}>
            <Button icon="retry" onClick={() => void refetch()}>
              {t("common.retry")}
            </Button>
          </Empty>
        ) : data?.items.length === 0 ? (
          <p className="py-3 text-center text-ink-3">{t("invite.none")}</p>
        ) : (
          <ul
            aria-label={t("invite.list")}
            aria-busy={!data}
            className="divide-y divide-line rounded-2xl border border-line"
          >
            {!data && <li className="skeleton m-3 h-10" />}
            {data?.items.map((invitation) => (
              <InvitationItem
                key={invitation.id}
                chat={chat}
                invitation={invitation}
                busy={revoke.isPending && revoke.variables.id === invitation.id}
                onRevoke={() => setAsking(invitation)}
              />
            ))}
          </ul>
        )}
      </div>
      <Confirm
        open={asking !== null}
        onClose={() => setAsking(null)}
        onConfirm={() => asking && revoke.mutate(asking)}
        title={t("invite.revokeTitle")}
        text={t("invite.revokeText")}
        action={t("invite.revoke")}
      />
    </Dialog>
  );
}
