import type { Chat, Message } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { nameOf, previewText } from "../chats/preview";
import { client } from "../client";
import { openAt } from "../conversation/target";
import { memberOf, useMe, useTimeline } from "../hooks";
import { errorText } from "../i18n/errors";
import { moment } from "../i18n/format";
import { Avatar } from "../ui/Avatar";
import { IconButton } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { toast } from "../ui/toasts";

/** All pinned messages of a chat. `onShow` is called when one was gone to. */
export function PinsPanel({
  chat,
  onClose,
  onShow,
}: {
  chat: Chat;
  onClose: () => void;
  onShow: () => void;
}) {
  const { t } = useTranslation();
  const pins = useTimeline(chat.id)?.pins ?? [];
  return (
    <div className="flex h-full flex-col pad-safe-top-0">
      <header className="flex h-15 shrink-0 items-center gap-2 border-b border-line pr-2 pl-5">
        <h2 className="flex-1 truncate font-semibold">
          {t("pins.title")} <span className="font-normal text-ink-3 tabular">{pins.length || ""}</span>
        </h2>
        <IconButton icon="close" label={t("pins.close")} tip={false} onClick={onClose} />
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain pad-safe-bottom-0">
        {pins.length === 0 ? (
          <Empty icon="pin" title={t("pins.none")} text={t("pins.noneText")} />
        ) : (
          <ul className="p-2">
            {pins.map((pin) => (
              <Pin
                key={pin.id}
                chat={chat}
                pin={pin}
                onShow={() => {
                  openAt(chat.id, pin);
                  onShow();
                }}
              />
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

function Pin({ chat, pin, onShow }: { chat: Chat; pin: Message; onShow: () => void }) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const name = nameOf(t, chat, pin.userId, me.id);

  function unpin() {
    client.messaging.pin(pin.id, false).catch((error: unknown) => toast(errorText(t, error), "error"));
  }

  return (
    <li className="group/pin relative flex items-start rounded-2xl transition-colors hover:bg-hover">
      <button
        type="button"
        onClick={onShow}
        className="flex min-w-0 flex-1 gap-3 rounded-2xl px-3 py-2.5 text-left focus-visible:-outline-offset-2"
      >
        <Avatar
          id={pin.userId}
          name={name}
          url={memberOf(chat, pin.userId)?.avatarUrl ?? null}
          size={36}
          className="mt-0.5"
        />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className="truncate font-semibold">{name}</span>
            <time dateTime={pin.createdAt} className="shrink-0 text-[13px] text-ink-3">
              {moment(t, i18n.language, pin.createdAt)}
            </time>
          </span>
          <span className="line-clamp-3 text-[14px] text-ink-2 [overflow-wrap:anywhere]">
            {previewText(t, chat, pin, me.id)}
          </span>
          {pin.pinnedBy && (
            <span className="mt-0.5 block truncate text-[13px] text-ink-3">
              {pin.pinnedBy === me.id
                ? t("pins.byYou")
                : t("pins.by", { name: nameOf(t, chat, pin.pinnedBy, me.id) })}
            </span>
          )}
        </span>
      </button>
      <IconButton
        icon="close"
        size="sm"
        tip={false}
        label={t("pins.unpin")}
        onClick={unpin}
        className="m-2 ml-0"
      />
    </li>
  );
}
