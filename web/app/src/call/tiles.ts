import type { CallState, Id, LinkQuality, Profile } from "@confab/sdk";

/** One picture of the call. `participantId` is null for one's own. */
export type CallTile = {
  key: string;
  participantId: Id | null;
  userId: Id;
  name: string;
  source: "camera" | "screen";
  /** The picture; null where there is none to show now. */
  stream: MediaStream | null;
  microphoneOn: boolean;
  speaking: boolean;
  hand: boolean;
  connection: LinkQuality;
};

/** Everybody's pictures: shared screens first, then the others in the order of joining, oneself last. */
export function tilesOf(call: CallState, me: Profile): CallTile[] {
  const screens: CallTile[] = [];
  const cameras: CallTile[] = [];
  for (const participant of call.participants) {
    const common = {
      participantId: participant.id,
      userId: participant.userId,
      name: participant.displayName,
      microphoneOn: participant.microphoneOn,
      hand: participant.hand,
      connection: participant.connection,
    };
    if (participant.screenOn) {
      screens.push({
        ...common,
        key: `${participant.id}/screen`,
        source: "screen",
        stream: participant.screen,
        speaking: false,
      });
    }
    cameras.push({
      ...common,
      key: `${participant.id}/camera`,
      source: "camera",
      stream: participant.cameraOn ? participant.camera : null,
      speaking: participant.speaking,
    });
  }
  const own = {
    participantId: null,
    userId: me.id,
    name: me.displayName,
    microphoneOn: call.local.microphone.on,
    speaking: false,
    hand: call.hand,
    connection: call.connection,
  };
  if (call.local.screenStream) {
    screens.push({ ...own, key: "self/screen", source: "screen", stream: call.local.screenStream });
  }
  return [
    ...screens,
    ...cameras,
    { ...own, key: "self/camera", source: "camera", stream: call.local.cameraStream },
  ];
}
