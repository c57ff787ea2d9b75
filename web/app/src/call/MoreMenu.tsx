import type { CallState, Chat, MediaDevice } from "@confab/sdk";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { Menu, MenuItem, MenuRadio, MenuSeparator } from "../ui/Menu";
import { control } from "./actions";
import { ControlButton, canShareScreen } from "./Controls";
import { canChooseSpeaker, setSpeaker, useSpeaker } from "./speaker";

type MoreMenuProps = { call: CallState; chat: Chat | undefined; compact: boolean; onPeople: () => void };

/** Devices to choose from, and what the bar has no room for. */
export function MoreMenu({ call, chat, compact, onPeople }: MoreMenuProps) {
  const { t } = useTranslation();
  const [devices, setDevices] = useState<readonly MediaDevice[]>([]);
  const speaker = useSpeaker();
  const { microphone, camera, screen } = call.local;
  const mayEnd = chat?.type === "group" && chat.myRole !== "member";

  function refresh(open: boolean) {
    if (open) client.calls.devices().then(setDevices, () => setDevices([]));
  }

  return (
    <Menu
      side="top"
      dark
      align="center"
      onOpenChange={refresh}
      trigger={<ControlButton icon="gear" label={t("call.devices")} look="on" />}
    >
      {compact && canShareScreen && (
        <MenuItem
          icon="screen"
          onSelect={() => control(t, screen.on ? client.calls.stopScreen() : client.calls.shareScreen())}
        >
          {screen.on ? t("call.stopShare") : t("call.share")}
        </MenuItem>
      )}
      {compact && (
        <>
          <MenuItem icon="people" onSelect={onPeople}>
            {t("call.people")}
          </MenuItem>
          <MenuItem icon="hand" onSelect={() => control(t, client.calls.raiseHand(!call.hand))}>
            {call.hand ? t("call.lowerHand") : t("call.raiseHand")}
          </MenuItem>
          <MenuSeparator />
        </>
      )}
      <DeviceChoice
        label={t("call.microphone")}
        devices={devices.filter((device) => device.kind === "microphone")}
        value={microphone.deviceId ?? ""}
        // biome-ignore lint/correctness/useHookAtTopLevel: not a hook; it makes the call use that device
        onChange={(id) => control(t, client.calls.useMicrophone(id))}
      />
      <DeviceChoice
        label={t("call.camera")}
        devices={devices.filter((device) => device.kind === "camera")}
        value={camera.deviceId ?? ""}
        // biome-ignore lint/correctness/useHookAtTopLevel: not a hook; it makes the call use that device
        onChange={(id) => control(t, client.calls.useCamera(id))}
      />
      {canChooseSpeaker && (
        <DeviceChoice
          label={t("call.speaker")}
          devices={devices.filter((device) => device.kind === "speaker")}
          value={speaker || "default"}
          onChange={setSpeaker}
        />
      )}
      {mayEnd && (
        <>
          <MenuSeparator />
          <MenuItem icon="hangUp" danger onSelect={() => control(t, client.calls.leave({ forAll: true }))}>
            {t("call.endForAll")}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}

function DeviceChoice({
  label,
  devices,
  value,
  onChange,
}: {
  label: string;
  devices: readonly MediaDevice[];
  value: string;
  onChange: (id: string) => void;
}) {
  const { t } = useTranslation();
  if (devices.length === 0) return null;
  const options = devices.map((device, index) => ({
    value: device.id,
    label: device.label || t("call.device", { number: String(index + 1) }),
  }));
  return <MenuRadio label={label} value={value} options={options} onChange={onChange} />;
}
