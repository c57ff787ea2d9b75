import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../../client";
import { useModel } from "../../hooks";
import { errorText } from "../../i18n/errors";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { toast } from "../../ui/toasts";

/** Whom one blocks, latest first, and the way to lift it. */
export function BlockedPeople() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const known = useModel((state) => state.blocked);
  const { data, error, refetch } = useQuery({
    queryKey: ["blocked"],
    queryFn: () => client.rest.blockedUsers(),
    staleTime: 0,
  });
  // From here or from another device: the list follows what is known of it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the set asks anew
  useEffect(() => void queries.invalidateQueries({ queryKey: ["blocked"] }), [queries, known]);
  const lift = useMutation({
    mutationFn: (id: string) => client.messaging.block(id, false),
    onError: (problem) => toast(errorText(t, problem), "error"),
  });
  const people = (data?.items ?? []).filter((user) => known.has(user.id));

  if (error) {
    return (
      <div role="alert" className="flex flex-wrap items-center gap-3 text-ink-2">
        {errorText(t, error)}
        <Button icon="retry" onClick={() => void refetch()}>
          {t("common.retry")}
        </Button>
      </div>
    );
  }
  if (data && people.length === 0) return <p className="text-ink-3">{t("own.nobodyBlocked")}</p>;
  return (
    <ul aria-busy={!data} className="divide-y divide-line">
      {!data && <li className="skeleton h-10" />}
      {people.map((user) => (
        <li key={user.id} className="flex items-center gap-3 py-2.5 first:pt-0 last:pb-0">
          <Avatar id={user.id} name={user.displayName} url={user.avatarUrl} size={40} />
          <div className="min-w-0 flex-1">
            <p className="truncate font-medium">{user.displayName || t("chats.deletedUser")}</p>
            {user.username && <p className="truncate text-[13px] text-ink-3">@{user.username}</p>}
          </div>
          <Button busy={lift.isPending && lift.variables === user.id} onClick={() => lift.mutate(user.id)}>
            {t("own.unblock")}
          </Button>
        </li>
      ))}
    </ul>
  );
}
