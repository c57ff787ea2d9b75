import type { Chat, Delivery, Message } from "@confab/sdk";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { moment } from "../i18n/format";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Empty } from "../ui/Empty";
import { Icon, type IconName } from "../ui/icons";
import { PersonLine } from "./PersonLine";

const sections = [
  { status: "read", icon: "eye" },
  { status: "delivered", icon: "checks" },
  { status: "sent", icon: "clock" },
] as const satisfies { status: Delivery["status"]; icon: IconName }[];

/** Who of a group has a message, and who has read it. */
export function DeliveryDialog({
  chat,
  message,
  onClose,
}: {
  chat: Chat;
  message: Message;
  onClose: () => void;
}) {
  const { t, i18n } = useTranslation();
  // Keyed by the watermarks: when somebody reads, the list is asked for again.
  const marks = chat.members.map((member) => `${member.deliveredSeq}/${member.readSeq}`).join();
  const { data, error, refetch } = useQuery({
    queryKey: ["deliveries", message.id, marks],
    queryFn: () => client.rest.deliveries(message.id),
    placeholderData: (previous) => previous,
  });
  return (
    <Dialog open onClose={onClose} title={t("delivery.title")}>
      <p className="mb-3 line-clamp-3 rounded-2xl bg-own px-3.5 py-2 whitespace-pre-wrap">
        {message.content}
      </p>
      {error ? (
        <Empty icon="alert" tone="error" title={t("delivery.failed")}>
          <Button icon="retry" onClick={() => void refetch()}>
            {t("common.retry")}
          </Button>
        </Empty>
      ) : (
        <div className="min-h-40 space-y-4" aria-busy={!data}>
          {sections.map(({ status, icon }) => {
            const people = data?.items.filter((entry) => entry.status === status) ?? [];
            if (!data || (people.length === 0 && status !== "read")) return null;
            return (
              <section key={status} aria-label={t(`delivery.${status}`)}>
                <h3 className="mb-1 flex items-center gap-2 text-[14px] font-medium text-ink-2">
                  <Icon name={icon} size={16} className={status === "read" ? "text-accent" : ""} />
                  {t(`delivery.${status}`)}
                  <span className="text-ink-3 tabular">{people.length}</span>
                </h3>
                {people.length === 0 && <p className="py-1 text-ink-3">{t("delivery.nobody")}</p>}
                <ul>
                  {people.map((entry) => {
                    const at = entry.readAt ?? entry.deliveredAt;
                    return (
                      <PersonLine key={entry.userId} chat={chat} userId={entry.userId}>
                        {at && (
                          <time className="text-[13px] text-ink-3 tabular">
                            {moment(t, i18n.language, at)}
                          </time>
                        )}
                      </PersonLine>
                    );
                  })}
                </ul>
              </section>
            );
          })}
        </div>
      )}
    </Dialog>
  );
}
