import type { PendingMessage } from "@confab/sdk";
import type { ReactNode } from "react";
import { previewUrl } from "../attachments/previews";
import { Player } from "./Player";

const none: readonly number[] = [];

/** A recording on its way out. */
export function PendingVoice({ pending, ring }: { pending: PendingMessage; ring: ReactNode }) {
  const blob = pending.files?.[0]?.file?.blob;
  const { durationMs = 0, waveform = none } = pending.voice ?? {};
  return (
    <Player
      track={{ key: pending.clientId, url: blob ? previewUrl(blob) : "", durationMs }}
      inMessage
      waveform={waveform}
      lead={ring}
    />
  );
}
