import type { Id } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { IconButton } from "../ui/Button";
import { RecordButton } from "./RecordButton";
import { useRecording } from "./recording";

/** Begins a voice message; once one is under way without a finger on the button, sends it. */
export function VoiceButton({ chatId, onSend }: { chatId: Id; onSend: () => void }) {
  const { t } = useTranslation();
  const recording = useRecording(chatId);
  const ready = recording && !recording.held && ["recording", "paused"].includes(recording.phase);
  if (!ready) return <RecordButton chatId={chatId} onSend={onSend} />;
  return (
    <IconButton
      icon="send"
      label={t("voice.send")}
      tip={false}
      onClick={onSend}
      className="!rounded-full !bg-accent !text-on-accent hover:!bg-accent-strong"
    />
  );
}
