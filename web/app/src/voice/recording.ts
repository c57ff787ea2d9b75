import { type Id, localFile, MediaError, Subject, type VoiceDraft } from "@confab/sdk";
import { useSyncExternalStore } from "react";
import { client } from "../client";
import { forget, pause as pausePlayer } from "./player";
import { Recorder } from "./recorder";
import { waveformOf } from "./waveform";

/** The recording of this device; there is one microphone and so at most one. */
export type Recording = {
  chatId: Id;
  /** `opening`: the browser asks for the microphone. `paused`: it can be listened to. `failed`: see `error`. */
  phase: "opening" | "recording" | "paused" | "failed";
  /** A finger is on the button: letting go sends. */
  held: boolean;
  elapsed: number;
  /** The loudness lately, 0 to 1, oldest first. */
  lately: readonly number[];
  /** While it is paused: what there is. */
  draft: { url: string; waveform: readonly number[] } | null;
  error: MediaError | null;
};

/** As many bars as the widest composer shows. */
const shownLevels = 120;

/** An hour: past that somebody has forgotten to stop. */
const mostLength = 3_600_000;

/** The key of the recording in the player. */
export const draftKey = "recording";

const state = new Subject<Recording | null>(null);
let recorder: Recorder | null = null;
/** Counts recordings, so that a microphone that opens too late is closed again. */
let run = 0;

export const useRecording = (chatId: Id): Recording | null =>
  useSyncExternalStore(state.subscribe, () => (state.get()?.chatId === chatId ? state.get() : null));

/** The phase alone, for those who need not follow each beat. */
export const useRecordingPhase = (chatId: Id): Recording["phase"] | null =>
  useSyncExternalStore(state.subscribe, () => {
    const now = state.get();
    return now?.chatId === chatId ? now.phase : null;
  });

function tell(change: Partial<Recording>): void {
  state.update((before) => before && { ...before, ...change });
}

/** Whether another chat has a recording, which a new one would throw away. */
export function isRecordingElsewhere(chatId: Id): boolean {
  const kept = state.get();
  return kept !== null && kept.chatId !== chatId && kept.phase !== "failed";
}

export async function startRecording(chatId: Id): Promise<void> {
  cancelRecording();
  pausePlayer();
  const mine = ++run;
  state.set({
    ...{ chatId, phase: "opening", held: true, elapsed: 0 },
    lately: [],
    draft: null,
    error: null,
  });
  try {
    const opened = await Recorder.start(onMeasure);
    if (mine !== run) {
      opened.release();
      return;
    }
    recorder = opened;
    opened.onLost(() => mine === run && void pauseRecording());
    tell({ phase: "recording" });
  } catch (error) {
    if (mine !== run) return;
    const told = error instanceof MediaError ? error : new MediaError("failed", "microphone", error);
    tell({ phase: "failed", error: told, held: false });
  }
}

function onMeasure(): void {
  if (!recorder) return;
  const { elapsed, measured } = recorder;
  tell({ elapsed, lately: measured.slice(-shownLevels).map(({ level }) => level) });
  if (elapsed > mostLength) void pauseRecording();
}

/** The finger is off the button and the recording goes on. */
export function lockRecording(): void {
  tell({ held: false });
}

export async function pauseRecording(): Promise<void> {
  const paused = recorder;
  if (!paused || state.get()?.phase !== "recording") return;
  tell({ phase: "paused", held: false });
  const blob = await paused.pause();
  if (recorder !== paused || state.get()?.phase !== "paused") return;
  tell({
    elapsed: paused.elapsed,
    draft: { url: URL.createObjectURL(blob), waveform: waveformOf(paused.measured, paused.elapsed) },
  });
}

/** Goes on with what was paused; false when the microphone is gone: what there is stays, and can be sent. */
export function resumeRecording(): boolean {
  if (state.get()?.phase !== "paused" || !recorder?.resume()) return false;
  dropDraft();
  tell({ phase: "recording", draft: null });
  return true;
}

/** Throws the recording away. */
export function cancelRecording(): void {
  run++;
  dropDraft();
  recorder?.release();
  recorder = null;
  state.set(null);
}

/** Ends the recording for sending it. */
export async function finishRecording(): Promise<VoiceDraft | null> {
  const done = recorder;
  if (!done) return null;
  recorder = null;
  run++;
  dropDraft();
  state.set(null);
  const blob = await done.stop();
  const durationMs = Math.round(done.elapsed);
  return {
    file: localFile(blob, `voice.${endings[blob.type] ?? "webm"}`),
    durationMs,
    waveform: waveformOf(done.measured, durationMs),
  };
}

const endings: Record<string, string> = { "audio/ogg": "ogg", "audio/mp4": "m4a" };

function dropDraft(): void {
  const { draft } = state.get() ?? {};
  if (!draft) return;
  forget(draftKey);
  URL.revokeObjectURL(draft.url);
}

// A call needs the microphone and the attention: what was being said waits.
client.calls.state.subscribe(() => {
  const { current } = client.calls.state.get();
  if (current && current.phase !== "ended") void pauseRecording();
});

client.session.subscribe(() => {
  if (client.session.get().status === "signed-out") cancelRecording();
});
