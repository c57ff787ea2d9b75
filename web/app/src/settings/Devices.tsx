import type { DeviceSession } from "@confab/sdk";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { moment } from "../i18n/format";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toasts";
import { describeDevice } from "./userAgent";

/** Where one is signed in, and the way to end that. */
export function Devices() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<DeviceSession | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["sessions"],
    queryFn: () => client.rest.sessions(),
  });
  const revoke = useMutation({
    mutationFn: (id: string) => client.rest.revokeSession(id),
    onSuccess: () => toast(t("settings.revoked"), "ok"),
    onError: (problem) => toast(errorText(t, problem), "error"),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  const sessions = [...(data?.items ?? [])].sort((a, b) => Number(b.current) - Number(a.current));

  if (error) {
    return (
      <div role="alert" className="flex flex-wrap items-center gap-3 text-ink-2">
        {t("settings.devicesFailed")}
        <Button icon="retry" onClick={() => void refetch()}>
          {t("common.retry")}
        </Button>
      </div>
    );
  }
  return (
    <>
      <ul aria-busy={!data} className="divide-y divide-line">
        {!data && <li className="skeleton h-12" />}
        {sessions.map((session) => (
          <Device
            key={session.id}
            session={session}
            busy={revoke.isPending && revoke.variables === session.id}
            onRevoke={() => setAsking(session)}
          />
        ))}
      </ul>
      <Confirm
        open={asking !== null}
        onClose={() => setAsking(null)}
        onConfirm={() => asking && revoke.mutate(asking.id)}
        title={t("settings.revokeTitle")}
        text={t("settings.revokeText", { device: asking ? describeDevice(t, asking.userAgent).name : "" })}
        action={t("settings.revoke")}
      />
    </>
  );
}

function Device({
  session,
  busy,
  onRevoke,
}: {
  session: DeviceSession;
  busy: boolean;
  onRevoke: () => void;
}) {
  const { t, i18n } = useTranslation();
  const { name, mobile } = describeDevice(t, session.userAgent);
  return (
    <li className="flex items-center gap-4 py-3 first:pt-0 last:pb-0">
      <span className="grid size-10 shrink-0 place-items-center rounded-xl bg-sunken text-ink-2">
        <Icon name={mobile ? "mobile" : "device"} />
      </span>
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{name}</p>
        <p className="truncate text-[14px] text-ink-3">
          {session.current ? (
            <span className="font-medium text-ok">{t("settings.thisDevice")}</span>
          ) : (
            t("settings.lastUsed", { when: moment(t, i18n.language, session.lastUsedAt) })
          )}
          {session.address && ` · ${session.address}`}
        </p>
      </div>
      {!session.current && (
        <Button busy={busy} onClick={onRevoke}>
          {t("settings.revoke")}
        </Button>
      )}
    </li>
  );
}
