import type { Chat } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { startCall } from "../call/actions";
import { client } from "../client";
import { useCurrentCall } from "../hooks";
import { Button } from "../ui/Button";
import { Icon } from "../ui/icons";

/** Under the header while the chat has a call that this device is not in. */
export function CallBar({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const current = useCurrentCall();
  const inIt = current?.chatId === chat.id && current.phase !== "ended";
  const running = chat.activeCall;
  if (!running || inIt || !client.calls.supported) return null;
  const count = running.participants?.length ?? 0;
  return (
    <section
      aria-label={t("chats.callRunning")}
      className="flex shrink-0 animate-fade items-center gap-3 border-b border-line bg-accent-soft px-4 py-2"
    >
      <span className="grid size-8 animate-pulse place-items-center rounded-full bg-ok text-surface max-sm:hidden">
        <Icon name="phone" size={16} />
      </span>
      <p className="min-w-0 flex-1 truncate font-medium">
        {count > 0 ? t("chat.joinCallCount", { count }) : t("chats.callRunning")}
      </p>
      <Button
        look="primary"
        className="h-9"
        icon="video"
        onClick={() => startCall(t, chat.id, { video: true }, running.id)}
      >
        {t("chat.joinCall")}
      </Button>
    </section>
  );
}
