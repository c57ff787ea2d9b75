import type { Chat, Message } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { Dialog } from "../ui/Dialog";
import { PersonLine } from "./PersonLine";

/** Who chose which emoji under a message: without a mouse nothing else tells. */
export function ReactionsDialog({
  chat,
  message,
  onClose,
}: {
  chat: Chat;
  message: Message;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Dialog open onClose={onClose} title={t("message.reactions")}>
      <div className="space-y-4">
        {message.reactions.map(({ emoji, userIds }) => (
          <section key={emoji} aria-label={emoji}>
            <h3 className="mb-1 flex items-center gap-2 font-medium">
              <span className="text-[20px]">{emoji}</span>
              <span className="text-[14px] text-ink-3 tabular">{userIds.length}</span>
            </h3>
            <ul>
              {userIds.map((userId) => (
                <PersonLine key={userId} chat={chat} userId={userId} />
              ))}
            </ul>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
