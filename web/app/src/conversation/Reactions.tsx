import type { Chat, Message } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { nameOf } from "../chats/preview";
import { useMe } from "../hooks";
import { Tip } from "../ui/Button";
import { cx } from "../ui/classes";
import { react } from "./reacting";

/** What people chose under a message; a click joins in or takes one's own back. */
export function Reactions({ message, chat, mine }: { message: Message; chat: Chat; mine: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  if (message.reactions.length === 0 || message.deletedAt) return null;
  return (
    <ul
      aria-label={t("message.reactions")}
      className={cx("relative z-[1] -mt-1 mb-1.5 flex flex-wrap gap-1 px-1.5", mine && "justify-end")}
    >
      {message.reactions.map(({ emoji, userIds }) => {
        const chosen = userIds.includes(me.id);
        const names = userIds.map((id) => nameOf(t, chat, id, me.id)).join(", ");
        return (
          <li key={emoji}>
            <Tip text={names} side="top">
              <button
                type="button"
                aria-pressed={chosen}
                onClick={() => react(t, message, emoji, !chosen)}
                className={cx(
                  "flex h-7 animate-pop items-center gap-1.5 rounded-full border px-2 text-[14px] shadow-low transition active:scale-95",
                  chosen
                    ? "border-accent bg-accent-soft font-medium text-accent"
                    : "border-line bg-raised text-ink-2 hover:border-line-strong",
                )}
              >
                <span>{emoji}</span>
                <span className="text-[13px] tabular">{userIds.length}</span>
                <span className="sr-only">{names}</span>
              </button>
            </Tip>
          </li>
        );
      })}
    </ul>
  );
}
