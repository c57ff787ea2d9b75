import { type CallState, type Chat, otherMember } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { useMe } from "../hooks";
import { Avatar } from "../ui/Avatar";
import { cx } from "../ui/classes";

/** In the middle of the stage while one is alone: who is being called and how far it has come. */
export function Waiting({ call, chat, title }: { call: CallState; chat: Chat | undefined; title: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const other = chat && otherMember(chat, me.id);
  const status =
    call.phase === "connecting"
      ? t("call.connecting")
      : call.phase === "reconnecting"
        ? t("call.reconnecting")
        : call.phase === "ringing"
          ? t("call.ringing")
          : t("call.waiting");
  return (
    <div className="pointer-events-none absolute inset-0 grid place-items-center">
      <div className="flex animate-fade flex-col items-center px-6 text-center">
        <span className={cx("rounded-full", call.phase === "ringing" && "animate-ring")}>
          <Avatar
            id={other?.userId ?? call.chatId}
            name={title}
            url={other?.avatarUrl ?? chat?.avatarUrl ?? null}
            size={116}
          />
        </span>
        <p className="mt-6 text-2xl font-semibold text-white">{title}</p>
        <p role="status" className="mt-1.5 text-[16px] text-white/75">
          {status}
        </p>
      </div>
    </div>
  );
}
