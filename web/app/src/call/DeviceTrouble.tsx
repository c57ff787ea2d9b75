import type { CallState, MediaError } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/icons";

/** Over the stage: why a microphone or camera is not running, and what helps. */
export function DeviceTrouble({ call }: { call: CallState }) {
  const { t } = useTranslation();
  const [hidden, setHidden] = useState<MediaError | null>(null);
  const { microphone, camera } = call.local;
  const error = microphone.error ?? camera.error;
  if (!error || error === hidden) return null;
  const { title, text } = explain(t, error);
  return (
    <div
      role="alert"
      className="absolute inset-x-3 top-2 z-20 mx-auto flex max-w-lg animate-rise gap-3 rounded-2xl bg-[#3a2a10]/95 py-3 pr-2 pl-4 text-[#fbe3b5] shadow-high backdrop-blur"
    >
      <Icon name={error.source === "camera" ? "videoOff" : "micOff"} className="mt-0.5 shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{title}</p>
        <p className="text-[14px] text-[#f0d9a8]">{text}</p>
      </div>
      <IconButton
        icon="close"
        size="sm"
        tip={false}
        label={t("common.dismiss")}
        className="text-inherit hover:bg-white/10 hover:text-inherit"
        onClick={() => setHidden(error)}
      />
    </div>
  );
}

type T = ReturnType<typeof useTranslation>["t"];

function explain(t: T, error: MediaError): { title: string; text: string } {
  const camera = error.source === "camera";
  switch (error.code) {
    case "permission_denied":
      return { title: camera ? t("call.camDenied") : t("call.micDenied"), text: t("call.deniedText") };
    case "no_device":
      return { title: camera ? t("call.noCam") : t("call.noMic"), text: t("call.deviceText") };
    case "in_use":
      return { title: camera ? t("call.inUseCam") : t("call.inUseMic"), text: t("call.inUseText") };
    case "unsupported":
      return { title: t("call.deviceFailed"), text: t("call.insecure") };
    default:
      return { title: t("call.deviceFailed"), text: t("call.deviceText") };
  }
}
