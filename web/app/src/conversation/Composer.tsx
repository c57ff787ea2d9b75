import type { Chat, Message } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { AttachButton } from "../attachments/AttachButton";
import { TrayStrip } from "../attachments/TrayStrip";
import { takeFiles, useTray } from "../attachments/tray";
import { client } from "../client";
import { useMe } from "../hooks";
import { errorText } from "../i18n/errors";
import { messageLimit } from "../limits";
import { useMentionPicker } from "../mentions/useMentionPicker";
import { draftOf, keepDraft } from "../platform/drafts";
import { useTwoPanes } from "../platform/media";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/classes";
import { toast } from "../ui/toasts";
import { RecordingBar, RecordingTrouble } from "../voice/RecordingBar";
import { useRecordingPhase } from "../voice/recording";
import { useVoiceSending } from "../voice/useVoiceSending";
import { VoiceButton } from "../voice/VoiceButton";
import { ComposerBanner } from "./ComposerBanner";
import { EmojiPicker } from "./EmojiPicker";
import { isEditable } from "./said";
import { useAutosize } from "./useAutosize";

/** What is being written: something new, an answer, or a change of what was said. */
export type ComposerMode =
  | { kind: "new" }
  | { kind: "reply"; message: Message }
  | { kind: "edit"; message: Message };

/** From this many characters left on they are counted. */
const warnFrom = 200;

type ComposerProps = {
  chat: Chat;
  mode: ComposerMode;
  onMode: (mode: ComposerMode) => void;
  onDone: () => void;
};

export function Composer({ chat, mode, onMode, onDone }: ComposerProps) {
  const { t } = useTranslation();
  const me = useMe();
  const editing = mode.kind === "edit";
  const [text, setText] = useState(() => (editing ? mode.message.content : draftOf(chat.id).text));
  const area = useRef<HTMLTextAreaElement>(null);
  const twoPanes = useTwoPanes();
  useAutosize(area, text);

  // Ready to type: at once where there is a keyboard, on phones only after "reply" or "edit" (it would cover the chat).
  const wantsFocus = twoPanes || mode.kind !== "new";
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new mode wants the focus anew
  useEffect(() => {
    if (wantsFocus) area.current?.focus({ preventScroll: true });
  }, [wantsFocus, mode]);

  const mentions = useMentionPicker({ area, chat, text, onChange: change });
  const left = messageLimit - [...text].length;
  const content = text.trim();
  const files = useTray(chat.id).length > 0 && !editing;
  // Beside files there may be no words.
  const captions = editing && mode.message.attachments.length > 0;
  const save = useMutation({
    mutationFn: (message: Message) => client.messaging.edit(message.id, content),
    networkMode: "always", // without a network it fails, and says so
    onError: (error) => toast(errorText(t, error), "error"),
  });
  const sendable = (content !== "" || files || captions) && left >= 0 && !save.isPending;
  const recordingPhase = useRecordingPhase(chat.id);
  const recording = recordingPhase !== null && recordingPhase !== "failed" && !editing;
  const sendVoice = useVoiceSending(chat.id, mode.kind === "reply" ? mode.message.id : undefined, onDone);

  function change(next: string) {
    setText(next);
    if (editing) return;
    keepDraft(chat.id, { text: next });
    if (next.trim()) client.messaging.typing(chat.id);
    else client.messaging.stopTyping(chat.id);
  }

  function submit() {
    if (!sendable) return;
    if (mode.kind === "edit") {
      // What fails stays here, to be tried again.
      if (content !== mode.message.content) save.mutate(mode.message, { onSuccess: onDone });
      else onDone();
      return;
    }
    const replyTo = mode.kind === "reply" ? { replyTo: mode.message.id } : {};
    // What fails stays in the list of messages, with its error and a way to try again.
    const withFiles = files ? { files: takeFiles(chat.id) } : {};
    client.messaging.send({ chatId: chat.id, content, ...replyTo, ...withFiles }).catch(() => undefined);
    setText("");
    keepDraft(chat.id, { text: "" });
    onDone();
    area.current?.focus();
  }

  function editLast() {
    const timeline = client.state.get().timelines[chat.id];
    const messages = timeline && !timeline.hasNewer ? timeline.messages : [];
    const last = messages.findLast((each) => isEditable(each, me.id));
    if (last) onMode({ kind: "edit", message: last });
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.nativeEvent.isComposing || mentions.onKeyDown(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && mode.kind !== "new") {
      event.preventDefault();
      onDone();
    } else if (event.key === "ArrowUp" && text === "" && mode.kind === "new") {
      event.preventDefault();
      editLast();
    }
  }

  function insert(emoji: string) {
    const element = area.current;
    const start = element?.selectionStart ?? text.length;
    const end = element?.selectionEnd ?? text.length;
    change(text.slice(0, start) + emoji + text.slice(end));
    requestAnimationFrame(() => {
      element?.focus();
      element?.setSelectionRange(start + emoji.length, start + emoji.length);
    });
  }

  return (
    <div className="shrink-0 px-2 pt-1 pad-safe-bottom-2 md:px-4 md:pad-safe-bottom-4">
      <div className="relative mx-auto max-w-[46rem] rounded-[22px] border border-line bg-surface shadow-low transition focus-within:border-accent/60 focus-within:ring-3 focus-within:ring-accent/12">
        {mentions.list}
        <ComposerBanner chat={chat} mode={mode} onCancel={onDone} />
        {!editing && <RecordingTrouble chatId={chat.id} />}
        {!editing && <TrayStrip chatId={chat.id} />}
        <div className={cx("flex gap-1 p-1", recording ? "items-center" : "items-end")}>
          {recording && <RecordingBar chatId={chat.id} />}
          {!recording && (
            <>
              {!editing && <AttachButton chatId={chat.id} onAdded={() => area.current?.focus()} />}
              <EmojiPicker
                label={t("composer.emoji")}
                onPick={insert}
                trigger={
                  <IconButton
                    icon="smile"
                    iconSize={22}
                    label={t("composer.emoji")}
                    tip={false}
                    className="rounded-full"
                  />
                }
              />
              <textarea
                ref={area}
                data-testid="composer"
                aria-label={t("composer.label")}
                aria-describedby="composer-left"
                placeholder={t("composer.placeholder")}
                rows={1}
                value={text}
                readOnly={save.isPending}
                enterKeyHint="send"
                autoComplete="off"
                {...mentions.aria}
                onChange={(event) => {
                  change(event.target.value);
                  mentions.onCaret();
                }}
                onSelect={mentions.onCaret}
                onKeyDown={onKeyDown}
                className="max-h-[40dvh] min-h-10 flex-1 resize-none self-center bg-transparent px-1 py-2 leading-6 placeholder:text-ink-3 focus:outline-none"
              />
            </>
          )}
          {editing || (!recording && (content !== "" || files)) ? (
            <IconButton
              icon={editing ? "check" : "send"}
              label={editing ? t("composer.saveEdit") : t("composer.send")}
              tip={false}
              disabled={!sendable}
              onClick={submit}
              className={cx(
                "!rounded-full transition-all",
                sendable
                  ? "!bg-accent !text-on-accent hover:!bg-accent-strong"
                  : "bg-sunken !opacity-100 text-ink-3",
              )}
            />
          ) : (
            <VoiceButton chatId={chat.id} onSend={sendVoice} />
          )}
        </div>
        <p
          id="composer-left"
          role="status"
          className={cx(
            "px-4 text-right text-[13px] tabular",
            left < 0 ? "text-danger" : "text-ink-3",
            left < warnFrom && "pb-2",
          )}
        >
          {left < 0
            ? t("composer.over", { count: -left })
            : left < warnFrom
              ? t("composer.left", { count: left })
              : ""}
        </p>
      </div>
    </div>
  );
}
