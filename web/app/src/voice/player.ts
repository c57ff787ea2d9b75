import { type Attachment, type Message, Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { freshUrl } from "../attachments/useLink";
import { client } from "../client";
import { readSetting, writeSetting } from "../platform/storage";
import { markHeard } from "./heard";
import { rateAfter, rates, voiceAfter } from "./order";

/** Something that can be heard. */
export type Track = {
  key: string;
  url: string;
  durationMs: number;
  /** Where it is from, if a message has it: voice messages go on with the next, and links that ended are renewed. */
  from?: { message: Message; attachment: Attachment };
};

type PlayerState = {
  track: Track | null;
  playing: boolean;
  /** The place in `track`, in ms. */
  position: number;
  failed: boolean;
};

const storedRate = Number(readSetting("voiceRate"));
const rate = new Subject<number>(rates.find((each) => each === storedRate) ?? 1);
const state = new Subject<PlayerState>({ track: null, playing: false, position: 0, failed: false });

/** Where each track was left, in ms. As many as people come back to. */
const places = new Map<string, number>();
const mostPlaces = 200;

/** The one element that plays: starting a track ends another. In the page, so that the browser shows it as its sound. */
const audio = document.createElement("audio");
audio.dataset.testid = "voice-player";
audio.hidden = true;
document.body.append(audio);

let frame = 0;
/** The link that was renewed last: once is enough. */
let renewed = "";

function tell(change: Partial<PlayerState>): void {
  state.update((before) => ({ ...before, ...change }));
}

function follow(): void {
  cancelAnimationFrame(frame);
  const step = () => {
    if (!audio.paused) {
      tell({ position: audio.currentTime * 1000 });
      frame = requestAnimationFrame(step);
    }
  };
  frame = requestAnimationFrame(step);
}

function leave(): void {
  const { track, position } = state.get();
  if (!track) return;
  places.delete(track.key);
  places.set(track.key, position);
  const [oldest] = places.keys();
  if (places.size > mostPlaces && oldest !== undefined) places.delete(oldest);
}

function begin(track: Track, position: number): void {
  tell({ track, position, playing: true, failed: false });
  audio.src = track.url;
  audio.playbackRate = rate.get();
  if (position > 0) audio.currentTime = position / 1000;
  start();
}

function start(): void {
  audio.play().catch((error: unknown) => {
    // Another track or a pause came between: that is no failure. What cannot be played at all is an "error" event.
    if (!(error instanceof DOMException && error.name === "AbortError")) tell({ playing: false });
  });
}

export function play(track: Track): void {
  const current = state.get().track;
  if (current?.key === track.key && audio.src && !state.get().failed) {
    start();
    return;
  }
  leave();
  begin(track, places.get(track.key) ?? 0);
}

export function pause(): void {
  audio.pause();
}

export function toggle(track: Track): void {
  const { playing, track: current } = state.get();
  if (playing && current?.key === track.key) pause();
  else play(track);
}

/** Goes to a place of a track, in ms, whether it plays or not. */
export function seek(track: Track, position: number): void {
  const place = Math.max(0, Math.min(track.durationMs - 50, position));
  if (state.get().track?.key === track.key) {
    audio.currentTime = place / 1000;
    tell({ position: place });
  } else {
    places.set(track.key, place);
    tell({});
  }
}

/** Ends what is played if it is this: what it played is gone. */
export function forget(key: string): void {
  places.delete(key);
  if (state.get().track?.key !== key) return;
  audio.pause();
  audio.removeAttribute("src");
  tell({ track: null, playing: false, position: 0 });
}

/** Ends what is played; its place is kept. */
export function stop(): void {
  leave();
  audio.pause();
  audio.removeAttribute("src");
  tell({ track: null, playing: false, position: 0 });
}

export function nextRate(): void {
  const next = rateAfter(rate.get());
  rate.set(next);
  audio.playbackRate = next;
  writeSetting("voiceRate", next === 1 ? null : String(next));
}

export function trackOf(message: Message, attachment: Attachment): Track {
  const { id, url, durationMs = 0 } = attachment;
  return { key: id, url, durationMs, from: { message, attachment } };
}

audio.addEventListener("play", () => {
  tell({ playing: true });
  follow();
});
audio.addEventListener("playing", () => {
  const message = state.get().track?.from?.message;
  if (message) markHeard(message);
});
audio.addEventListener("pause", () => {
  if (!audio.ended) tell({ playing: false, position: audio.currentTime * 1000 });
});
audio.addEventListener("ended", () => {
  const { track } = state.get();
  tell({ playing: false, position: 0 });
  if (!track) return;
  places.delete(track.key);
  if (track.from?.message.kind !== "audio") return;
  const { chatId, seq } = track.from.message;
  const next = voiceAfter(client.state.get().timelines[chatId]?.messages ?? [], seq);
  const [attachment] = next?.attachments ?? [];
  if (next && attachment) begin(trackOf(next, attachment), 0);
});
audio.addEventListener("error", () => {
  const { track, position } = state.get();
  if (!track || !audio.getAttribute("src")) return;
  if (!track.from || renewed === track.url) {
    tell({ playing: false, failed: true });
    return;
  }
  const { message, attachment } = track.from;
  void freshUrl(message, attachment).then((url) => {
    renewed = url;
    if (state.get().track === track) begin({ ...track, url }, position);
  });
});

// A call has the ears.
client.calls.state.subscribe(() => {
  const { current } = client.calls.state.get();
  if (current && current.phase !== "ended") pause();
});

// Nobody hears the messages of who has signed out.
client.session.subscribe(() => {
  const { track } = state.get();
  if (track && client.session.get().status === "signed-out") forget(track.key);
});

export const useRate = (): number => useSyncExternalStore(rate.subscribe, rate.get);
export const usePlaying = (key: string): boolean =>
  useSyncExternalStore(state.subscribe, () => state.get().playing && state.get().track?.key === key);
export const useFailed = (key: string): boolean =>
  useSyncExternalStore(state.subscribe, () => state.get().failed && state.get().track?.key === key);
/** Whether a track is the one that plays or was paused last. */
export const useCurrent = (key: string): boolean =>
  useSyncExternalStore(state.subscribe, () => state.get().track?.key === key);
export const usePosition = (key: string): number =>
  useSyncExternalStore(state.subscribe, () =>
    state.get().track?.key === key ? state.get().position : (places.get(key) ?? 0),
  );
export const useTrack = (): Track | null => useSyncExternalStore(state.subscribe, () => state.get().track);
