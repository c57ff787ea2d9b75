import type { Signature } from "./media.ts";

// Three people who cannot be mistaken for each other, by colour or by voice.
export const amber: Signature = { u: 70, v: 180, hz: 440 };
export const teal: Signature = { u: 150, v: 60, hz: 880 };
export const violet: Signature = { u: 190, v: 160, hz: 1320 };
