/** How many receiving m-lines a leg has of each kind. */
export interface SlotCount {
  audio: number;
  video: number;
}

/**
 * To begin with: enough for the calls that most people have, so that nobody's joining needs a negotiation. Four voices at
 * once is what ears can follow.
 */
export const initialSlots: SlotCount = { audio: 4, video: 6 };

/**
 * At most: the loudest pass through few audio slots however many people there are; and more than 24 moving pictures is
 * past what a screen shows and what a laptop decodes.
 */
export const mostSlots: SlotCount = { audio: 6, video: 24 };

/** How many slots to have when the server says how many would carry everything. Slots are never given back. */
export function slotsFor(present: SlotCount, wanted: SlotCount): SlotCount {
  return {
    audio: Math.max(present.audio, Math.min(wanted.audio, mostSlots.audio)),
    video: Math.max(present.video, Math.min(wanted.video, mostSlots.video)),
  };
}
