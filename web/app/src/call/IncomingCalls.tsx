import type { IncomingCall } from "@confab/sdk";
import { type CSSProperties, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { nameOf, titleOf } from "../chats/preview";
import { client } from "../client";
import { memberOf, useChat, useMe } from "../hooks";
import { useAttention } from "../platform/media";
import { notify } from "../platform/notifications";
import { navigate } from "../platform/router";
import { Avatar } from "../ui/Avatar";
import { Tip } from "../ui/Button";
import { cx } from "../ui/classes";
import { Icon, type IconName } from "../ui/icons";
import { control, startCall } from "./actions";

/** What rings here. During a call others ring silently and can be put off, not taken. */
export function IncomingCalls({ calls, busy }: { calls: readonly IncomingCall[]; busy: boolean }) {
  if (calls.length === 0) return null;
  return (
    <div className="pointer-events-none fixed inset-x-0 bottom-0 z-[65] flex flex-col items-center gap-3 px-3 pad-safe-bottom-3 md:top-4 md:bottom-auto">
      {calls.map((call) => (
        <Incoming key={call.callId} call={call} busy={busy} />
      ))}
    </div>
  );
}

function Incoming({ call, busy }: { call: IncomingCall; busy: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  const chat = useChat(call.chatId);
  const card = useRef<HTMLDivElement>(null);
  const id = useId();
  const caller = chat && memberOf(chat, call.callerId);
  const name = chat ? nameOf(t, chat, call.callerId, me.id) : t("call.incomingAudio");
  const video = call.media.video;
  const kind =
    chat?.type === "group"
      ? t("call.incomingGroup", { name, chat: titleOf(t, chat, me.id) })
      : video
        ? t("call.incomingVideo")
        : t("call.incomingAudio");

  // The focus comes here unless somebody is writing: a stray Enter must not take a call.
  useEffect(() => {
    const active = document.activeElement;
    if (!(active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement)) card.current?.focus();
  }, []);

  const attention = useAttention();
  const { callId, chatId } = call;
  useEffect(() => {
    if (attention) return;
    const onClick = () => navigate({ name: "chat", chatId });
    return notify({ tag: callId, title: name, body: kind, onClick });
  }, [attention, callId, chatId, name, kind]);

  function accept(withVideo: boolean) {
    navigate({ name: "chat", chatId: call.chatId });
    startCall(t, call.chatId, { audio: true, video: withVideo });
  }

  return (
    <div
      ref={card}
      data-testid="incoming-call"
      data-theme="dark"
      role="alertdialog"
      aria-labelledby={`${id}-name`}
      aria-describedby={`${id}-kind`}
      tabIndex={-1}
      className="pointer-events-auto w-full max-w-[25rem] animate-sheet rounded-[28px] bg-[#152021]/95 p-5 text-ink shadow-high ring-1 ring-white/10 backdrop-blur-xl focus-visible:outline-none"
    >
      <div className="flex items-center gap-5">
        <span className="animate-ring rounded-full">
          <Avatar id={call.callerId} name={name} url={caller?.avatarUrl ?? null} size={60} />
        </span>
        <div className="min-w-0">
          <p id={`${id}-name`} className="truncate text-[19px] font-semibold">
            {name}
          </p>
          <p id={`${id}-kind`} aria-live="assertive" className="flex items-center gap-1.5 text-ink-2">
            <Icon name={video ? "video" : "phone"} size={17} className="shrink-0" />
            <span className="line-clamp-2">{kind}</span>
          </p>
        </div>
      </div>
      <div className="mt-5 grid grid-flow-col gap-2.5" style={{ gridAutoColumns: "1fr" } as CSSProperties}>
        <Answer
          icon="hangUp"
          label={t("call.decline")}
          className="bg-[#e5484d] text-white hover:bg-[#d13c41]"
          onClick={() => control(t, client.calls.decline(call.chatId))}
        />
        {!busy && (
          <>
            <Answer
              icon="phone"
              label={video ? t("call.acceptAudio") : t("call.accept")}
              className={
                video
                  ? "bg-white/12 text-white hover:bg-white/20"
                  : "bg-[#2a9d5c] text-white hover:bg-[#248850]"
              }
              onClick={() => accept(false)}
            />
            <Answer
              icon="video"
              label={t("call.acceptVideo")}
              className={
                video
                  ? "bg-[#2a9d5c] text-white hover:bg-[#248850]"
                  : "bg-white/12 text-white hover:bg-white/20"
              }
              onClick={() => accept(true)}
            />
          </>
        )}
      </div>
    </div>
  );
}

function Answer({
  icon,
  label,
  className,
  onClick,
}: {
  icon: IconName;
  label: string;
  className: string;
  onClick: () => void;
}) {
  return (
    <Tip text={label} side="bottom">
      <button
        type="button"
        aria-label={label}
        onClick={onClick}
        className={cx("grid h-13 place-items-center rounded-2xl transition active:scale-[0.97]", className)}
      >
        <Icon name={icon} size={24} />
      </button>
    </Tip>
  );
}
