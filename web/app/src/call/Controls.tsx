import type { CallState, Chat } from "@confab/sdk";
import type { ButtonHTMLAttributes, Ref } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useMediaQuery } from "../platform/media";
import { Tip } from "../ui/Button";
import { cx } from "../ui/classes";
import { Icon, type IconName } from "../ui/icons";
import { Spinner } from "../ui/Spinner";
import { control } from "./actions";
import { MoreMenu } from "./MoreMenu";
import { ReactionBar } from "./ReactionBar";

export const canShareScreen = !!navigator.mediaDevices && "getDisplayMedia" in navigator.mediaDevices;

/** The bar of what one does in a call. On phones the rarer things are in the menu. */
export function Controls({
  call,
  chat,
  onPeople,
}: {
  call: CallState;
  chat: Chat | undefined;
  onPeople: () => void;
}) {
  const { t } = useTranslation();
  const roomy = useMediaQuery("(min-width: 560px)");
  const { microphone, camera, screen } = call.local;
  const group = chat?.type === "group";
  return (
    <footer className="shrink-0 pad-safe-bottom-0">
      <div
        role="toolbar"
        aria-label={t("call.controls")}
        aria-description={t("call.keys")}
        className="flex items-center justify-center gap-2 px-2 pt-2 pb-3 sm:gap-3 md:pb-5"
      >
        <ControlButton
          icon={microphone.on ? "mic" : "micOff"}
          label={microphone.on ? t("call.mute") : t("call.unmute")}
          hint="M"
          look={microphone.error ? "trouble" : microphone.on ? "on" : "off"}
          busy={microphone.busy}
          onClick={() => control(t, client.calls.setMicrophone(!microphone.on))}
        />
        <ControlButton
          icon={camera.on ? "video" : "videoOff"}
          label={camera.on ? t("call.cameraOff") : t("call.cameraOn")}
          hint="V"
          look={camera.error ? "trouble" : camera.on ? "on" : "off"}
          busy={camera.busy}
          onClick={() => control(t, client.calls.setCamera(!camera.on))}
        />
        {roomy && canShareScreen && (
          <ControlButton
            icon="screen"
            label={screen.on ? t("call.stopShare") : t("call.share")}
            look={screen.on ? "active" : "on"}
            busy={screen.busy}
            onClick={() => control(t, screen.on ? client.calls.stopScreen() : client.calls.shareScreen())}
          />
        )}
        <ReactionBar />
        {(roomy || group) && (
          <ControlButton
            icon="hand"
            label={call.hand ? t("call.lowerHand") : t("call.raiseHand")}
            hint="H"
            look={call.hand ? "active" : "on"}
            onClick={() => control(t, client.calls.raiseHand(!call.hand))}
          />
        )}
        <MoreMenu call={call} chat={chat} compact={!roomy} onPeople={onPeople} />
        <ControlButton
          icon="hangUp"
          label={group ? t("call.leave") : t("call.hangUp")}
          look="end"
          onClick={() => control(t, client.calls.leave())}
        />
      </div>
    </footer>
  );
}

const looks = {
  on: "bg-white/12 text-white hover:bg-white/20",
  off: "bg-white text-[#12191a] hover:bg-white/85",
  active: "bg-[#5cc3c7] text-[#03201f] hover:bg-[#7ad4d7]",
  trouble: "bg-[#4a2320] text-[#ffb4ab] hover:bg-[#5b2c28]",
  end: "bg-[#e5484d] text-white hover:bg-[#d13c41] sm:w-17",
} as const;

type ControlButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  icon: IconName;
  label: string;
  hint?: string;
  look: keyof typeof looks;
  busy?: boolean;
  ref?: Ref<HTMLButtonElement>;
};

export function ControlButton({ icon, label, hint, look, busy, className, ...rest }: ControlButtonProps) {
  return (
    <Tip text={hint ? `${label} (${hint})` : label} side="top">
      <button
        type="button"
        aria-label={label}
        aria-keyshortcuts={hint}
        aria-busy={busy || undefined}
        className={cx(
          "grid h-12 w-12 shrink-0 place-items-center rounded-full transition active:scale-95 sm:h-13 sm:w-13",
          looks[look],
          className,
        )}
        {...rest}
      >
        {busy ? <Spinner size={22} /> : <Icon name={icon} size={23} />}
      </button>
    </Tip>
  );
}
