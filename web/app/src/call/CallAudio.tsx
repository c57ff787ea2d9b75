import type { CallState } from "@confab/sdk";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { useSpeaker } from "./speaker";

/** Plays what is to be heard. Where the browser wants a click first, asks for one. */
export function CallAudio({ streams }: { streams: CallState["audioStreams"] }) {
  const { t } = useTranslation();
  const [blocked, setBlocked] = useState(false);
  const [attempt, setAttempt] = useState(0);
  return (
    <>
      {streams.map(({ id, stream }) => (
        <Heard key={id} stream={stream} attempt={attempt} onBlocked={() => setBlocked(true)} />
      ))}
      {blocked && (
        <div className="fixed inset-x-0 top-4 z-[75] flex justify-center">
          <Button
            look="primary"
            icon="speaker"
            onClick={() => {
              setBlocked(false);
              setAttempt(attempt + 1);
            }}
          >
            {t("call.playBlocked")}
          </Button>
        </div>
      )}
    </>
  );
}

function Heard({
  stream,
  attempt,
  onBlocked,
}: {
  stream: MediaStream;
  attempt: number;
  onBlocked: () => void;
}) {
  const element = useRef<HTMLAudioElement>(null);
  const speaker = useSpeaker();
  const blocked = useRef(onBlocked);
  blocked.current = onBlocked;

  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt plays anew
  useEffect(() => {
    const audio = element.current;
    if (!audio) return;
    if (audio.srcObject !== stream) audio.srcObject = stream;
    audio.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") blocked.current();
    });
  }, [stream, attempt]);

  useEffect(() => {
    const audio = element.current;
    if (!audio || !("setSinkId" in audio)) return;
    // A loudspeaker that is gone: the default goes on playing.
    audio.setSinkId(speaker).catch(() => undefined);
  }, [speaker]);

  // biome-ignore lint/a11y/useMediaCaption: people talking, live
  return <audio ref={element} autoPlay className="hidden" />;
}
