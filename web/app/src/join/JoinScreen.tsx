import { ConfabError, type InvitationPreview } from "@confab/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { moment } from "../i18n/format";
import { keepInvitation, keptInvitation } from "../platform/invitation";
import { navigate } from "../platform/router";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { Spinner } from "../ui/Spinner";

/** Where an invitation's link leads: what the group is, who invites, and the way in. */
export function JoinScreen() {
  const { t } = useTranslation();
  const [token] = useState(keptInvitation);
  const { data, error, refetch } = useQuery({
    queryKey: ["invitation", token],
    queryFn: () => client.rest.previewInvitation(token ?? ""),
    enabled: token !== null,
    retry: (count, problem) => count < 1 && !isInvalid(problem),
    staleTime: 0,
    gcTime: 0, // the key is the token: it is not kept longer than needed
  });

  if (token === null || isInvalid(error)) return <Invalid />;
  if (error) {
    return (
      <Frame>
        <Empty icon="wifiOff" tone="error" title={t("join.failed")} text={errorText(t, error)}>
          <Button look="primary" icon="retry" onClick={() => void refetch()}>
            {t("common.retry")}
          </Button>
        </Empty>
      </Frame>
    );
  }
  if (!data) {
    return (
      <Frame>
        <p role="status" className="flex flex-col items-center gap-3 py-16 text-ink-3">
          <Spinner size={28} />
          {t("common.loading")}
        </p>
      </Frame>
    );
  }
  return <Preview token={token} preview={data} />;
}

function Preview({ token, preview }: { token: string; preview: InvitationPreview }) {
  const { t, i18n } = useTranslation();
  const { chat, invitedBy } = preview;
  const join = useMutation({
    mutationFn: () => client.messaging.acceptInvitation(token),
    onSuccess: (joined) => open(joined.id),
  });

  if (isInvalid(join.error)) return <Invalid />;
  return (
    <Frame>
      <div className="flex flex-col items-center px-6 pt-9 pb-7 text-center">
        <Avatar id={chat.name} name={chat.name} url={chat.avatarUrl} size={104} />
        <h1
          dir="auto"
          className="mt-5 text-2xl leading-tight font-semibold tracking-tight [overflow-wrap:anywhere]"
        >
          {chat.name}
        </h1>
        <p className="mt-1 text-ink-3">{t("chat.members", { count: chat.memberCount })}</p>
        {chat.description && (
          <p
            dir="auto"
            className="mt-4 max-h-40 w-full overflow-y-auto text-ink-2 whitespace-pre-wrap [overflow-wrap:anywhere]"
          >
            {chat.description}
          </p>
        )}
        <p className="mt-6 flex max-w-full items-center gap-2 rounded-full bg-sunken py-1 pr-3.5 pl-1 text-[14px] text-ink-2">
          <Avatar id={invitedBy.id} name={invitedBy.displayName} url={invitedBy.avatarUrl} size={28} />
          <span className="truncate">
            {t("join.invitedBy", { name: invitedBy.displayName || t("chats.deletedUser") })}
          </span>
        </p>
        {join.error && (
          <p role="alert" className="mt-5 text-danger">
            {errorText(t, join.error)}
          </p>
        )}
        <div className="mt-6 flex w-full flex-col gap-2">
          {preview.chatId ? (
            <>
              <p className="text-[14px] text-ink-3">{t("join.already")}</p>
              <Button
                look="primary"
                icon="chat"
                className="h-12 text-[16px]"
                onClick={() => open(preview.chatId ?? "")}
              >
                {t("join.open")}
              </Button>
            </>
          ) : (
            <>
              <Button
                look="primary"
                busy={join.isPending}
                className="h-12 text-[16px]"
                onClick={() => join.mutate()}
              >
                {t("join.join")}
              </Button>
              <Button look="ghost" onClick={giveUp}>
                {t("join.notNow")}
              </Button>
            </>
          )}
        </div>
        {preview.expiresAt && !preview.chatId && (
          <p className="mt-4 text-[13px] text-ink-3">
            {t("invite.until", { when: moment(t, i18n.language, preview.expiresAt) })}
          </p>
        )}
      </div>
    </Frame>
  );
}

function Invalid() {
  const { t } = useTranslation();
  useEffect(() => keepInvitation(null), []);
  return (
    <Frame>
      <Empty icon="link" tone="error" title={t("join.invalid")} text={t("join.invalidText")}>
        <Button look="primary" onClick={giveUp}>
          {t("message.toChats")}
        </Button>
      </Empty>
    </Frame>
  );
}

function Frame({ children }: { children: ReactNode }) {
  return (
    <main className="grid min-w-0 flex-1 overflow-y-auto p-4 pad-safe-bottom-4">
      <div className="m-auto w-full max-w-[26rem] animate-rise rounded-[28px] border border-line bg-surface shadow-mid">
        {children}
      </div>
    </main>
  );
}

/** Unknown, expired, revoked and used up look the same. */
function isInvalid(error: unknown): boolean {
  return error instanceof ConfabError && error.status === 404;
}

function open(chatId: string): void {
  keepInvitation(null);
  navigate({ name: "chat", chatId }, { replace: true });
}

function giveUp(): void {
  keepInvitation(null);
  navigate({ name: "home" }, { replace: true });
}
