import type { Chat, Message } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useTimeline } from "../hooks";
import type { Selection } from "../selection/useSelection";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { LoadedMessages } from "./LoadedMessages";
import { MessagesSkeleton } from "./Older";

type ListProps = {
  chat: Chat;
  onReply: (message: Message) => void;
  onEdit: (message: Message) => void;
  selection: Selection;
};

/** The messages of a chat, or why there are none yet. */
export function MessageList(props: ListProps) {
  const { t } = useTranslation();
  const { chat } = props;
  const timeline = useTimeline(chat.id);
  if (timeline?.loaded) return <LoadedMessages {...props} timeline={timeline} />;
  if (!timeline?.error) return <MessagesSkeleton />;
  return (
    <div className="grid min-h-0 flex-1 place-items-center">
      <Empty icon="alert" tone="error" title={t("message.failed")} text={t("chats.failedText")}>
        <Button
          look="primary"
          icon="retry"
          onClick={() => void client.messaging.open(chat.id).catch(() => undefined)}
        >
          {t("common.retry")}
        </Button>
      </Empty>
    </div>
  );
}
