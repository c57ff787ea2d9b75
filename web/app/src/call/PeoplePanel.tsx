import type { CallParticipant, CallState, Chat } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useMe } from "../hooks";
import { Avatar } from "../ui/Avatar";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/classes";
import { Icon } from "../ui/icons";
import { control } from "./actions";
import { Signal } from "./Signal";

type PanelProps = { call: CallState; chat: Chat | undefined; onClose: () => void };

/** Who is in the call: raised hands first. Owners and admins of a group may mute and remove. */
export function PeoplePanel({ call, chat, onClose }: PanelProps) {
  const { t } = useTranslation();
  const me = useMe();
  const moderates = chat?.type === "group" && chat.myRole !== "member";
  const others = [...call.participants].sort((a, b) => Number(b.hand) - Number(a.hand));
  return (
    <aside
      aria-label={t("call.people")}
      className="flex animate-fade flex-col bg-[#12191a] max-md:absolute max-md:inset-x-2 max-md:bottom-20 max-md:z-20 max-md:max-h-[60%] max-md:rounded-3xl max-md:shadow-high md:mr-4 md:mb-1 md:w-80 md:rounded-[20px]"
    >
      <header className="flex items-center pt-3 pr-2 pb-1 pl-5">
        <h2 className="flex-1 font-semibold text-white">
          {t("call.peopleCount", { count: others.length + 1 })}
        </h2>
        <IconButton icon="close" label={t("common.close")} tip={false} onClick={onClose} />
      </header>
      <ul className="min-h-0 flex-1 overflow-y-auto px-2 pb-3">
        <Person id={me.id} name={me.displayName} hand={call.hand} microphoneOn={call.local.microphone.on} />
        {others.map((person) => (
          <Person
            key={person.id}
            id={person.userId}
            name={person.displayName}
            hand={person.hand}
            microphoneOn={person.microphoneOn}
            other={person}
            moderates={moderates}
          />
        ))}
      </ul>
    </aside>
  );
}

function Person({
  id,
  name,
  hand,
  microphoneOn,
  other,
  moderates,
}: {
  id: string;
  name: string;
  hand: boolean;
  microphoneOn: boolean;
  other?: CallParticipant;
  moderates?: boolean;
}) {
  const { t } = useTranslation();
  return (
    <li className="flex items-center gap-3 rounded-xl px-3 py-1.5">
      <Avatar id={id} name={name} size={36} />
      <span className="min-w-0 flex-1 truncate">{other ? name : t("call.tileYou", { name })}</span>
      {hand && (
        <span className="text-[#ffd08a]">
          <Icon name="hand" size={18} />
          <span className="sr-only">{t("call.handRaised")}</span>
        </span>
      )}
      {other && other.connection !== "good" && <Signal connection={other.connection} size={16} />}
      {other && moderates && microphoneOn ? (
        <IconButton
          icon="mic"
          size="sm"
          tip="left"
          label={t("call.muteThem", { name })}
          onClick={() => control(t, client.calls.muteParticipant(other.id))}
        />
      ) : (
        <span
          className={cx("grid size-8 place-items-center", microphoneOn ? "text-ink-3" : "text-[#ff8a80]")}
        >
          <Icon name={microphoneOn ? "mic" : "micOff"} size={18} />
          {!microphoneOn && <span className="sr-only">{t("call.muted")}</span>}
        </span>
      )}
      {other && moderates && (
        <IconButton
          icon="close"
          size="sm"
          tip="left"
          label={t("call.removeThem", { name })}
          className="hover:text-danger"
          onClick={() => control(t, client.calls.removeParticipant(other.id))}
        />
      )}
    </li>
  );
}
