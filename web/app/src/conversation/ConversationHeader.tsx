import { type Chat, otherMember } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { startCall } from "../call/actions";
import { nameOf, titleOf } from "../chats/preview";
import { client } from "../client";
import { useCurrentCall, useLastSeen, useMe, useModel, useOnline, useTyping } from "../hooks";
import { moment } from "../i18n/format";
import { useTwoPanes } from "../platform/media";
import { leaveToList } from "../platform/router";
import { Avatar } from "../ui/Avatar";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/classes";
import { ChatMenu } from "./own/ChatMenu";
import { TypingDots } from "./TypingDots";

type HeaderProps = {
  chat: Chat;
  detailsOpen: boolean;
  onDetails: () => void;
  onSearch: () => void;
};

export function ConversationHeader({ chat, detailsOpen, onDetails, onSearch }: HeaderProps) {
  const { t } = useTranslation();
  const me = useMe();
  const twoPanes = useTwoPanes();
  const other = otherMember(chat, me.id);
  const online = useOnline(other?.userId);
  const title = titleOf(t, chat, me.id);
  // Below the chats' own heading where that is on the screen too.
  const Heading = twoPanes ? "h2" : "h1";
  const inCall = useCurrentCall()?.chatId === chat.id;
  const blocked = useModel((state) => other !== undefined && state.blocked.has(other.userId));
  const callable =
    client.calls.supported && !inCall && !chat.activeCall && !blocked && chat.members.length > 1;

  return (
    <header className="z-10 shrink-0 border-b border-line bg-surface pad-safe-top-0">
      <Heading className="sr-only">{title}</Heading>
      <div className="flex h-15 items-center gap-1 px-2 md:px-3">
        {!twoPanes && <IconButton icon="back" label={t("common.back")} onClick={leaveToList} />}
        <button
          type="button"
          onClick={onDetails}
          aria-expanded={detailsOpen}
          className="flex min-w-0 flex-1 items-center gap-3 rounded-xl py-1 pr-2 pl-1 text-left transition-colors hover:bg-hover"
        >
          <Avatar
            id={other?.userId ?? chat.id}
            name={title}
            url={other?.avatarUrl ?? chat.avatarUrl}
            size={40}
            online={online}
          />
          <span className="min-w-0">
            <span className="block truncate leading-tight font-semibold">{title}</span>
            <Subtitle chat={chat} />
            <span className="sr-only">{t("chat.details")}</span>
          </span>
        </button>
        <IconButton
          icon="search"
          label={t("search.inChat")}
          onClick={onSearch}
          aria-keyshortcuts="Control+F Meta+F"
          className="max-sm:hidden" // in the menu there, for the name's sake
        />
        {callable && (
          <>
            <IconButton
              icon="phone"
              label={t("chat.audioCall")}
              onClick={() => startCall(t, chat.id, { video: false })}
            />
            <IconButton
              icon="video"
              iconSize={22}
              label={t("chat.videoCall")}
              onClick={() => startCall(t, chat.id, { video: true })}
            />
          </>
        )}
        <IconButton
          icon="info"
          label={detailsOpen ? t("chat.closeDetails") : t("chat.details")}
          onClick={onDetails}
          aria-pressed={detailsOpen}
          className={cx("max-sm:hidden", detailsOpen && "bg-accent-soft text-accent")}
        />
        <ChatMenu chat={chat} onDetails={onDetails} onSearch={onSearch} />
      </div>
    </header>
  );
}

/** Who types, or who is here. */
function Subtitle({ chat }: { chat: Chat }) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const other = otherMember(chat, me.id);
  const online = useOnline(other?.userId);
  const lastSeen = useLastSeen(other?.userId);
  const typing = useTyping(chat.id);
  const present = useModel(
    (state) =>
      chat.members.filter((member) => member.userId === me.id || state.online.has(member.userId)).length,
  );
  const line = "block truncate text-[13.5px] leading-snug";

  if (typing.length > 0) {
    const names = typing.map((id) => nameOf(t, chat, id, me.id));
    return (
      <span className={cx(line, "flex items-center gap-1.5 text-accent")}>
        <TypingDots />
        <span className="truncate">{typingText(t, chat, names)}</span>
      </span>
    );
  }
  if (chat.type === "group") {
    const members = t("chat.members", { count: chat.members.length });
    return (
      <span className={cx(line, "text-ink-3")}>
        {present > 1 ? t("chat.membersOnline", { members, online: String(present) }) : members}
      </span>
    );
  }
  if (online) return <span className={cx(line, "text-ok")}>{t("chat.online")}</span>;
  return (
    <span className={cx(line, "text-ink-3")}>
      {lastSeen ? t("chat.lastSeen", { when: moment(t, i18n.language, lastSeen) }) : t("chat.offline")}
    </span>
  );
}

type T = ReturnType<typeof useTranslation>["t"];

function typingText(t: T, chat: Chat, names: string[]): string {
  const [first = "", second = ""] = names;
  if (chat.type === "direct") return t("chat.typing");
  if (names.length === 1) return t("chat.typingOne", { name: first });
  if (names.length === 2) return t("chat.typingTwo", { first, second });
  return t("chat.typingMany", { count: names.length });
}
