import { MediaError } from "@confab/sdk";
import { type Loudness, levelOf } from "./waveform";
import { withDuration } from "./webm";

/** In order of preference: what the server takes and each browser makes (the third is Safari's). */
const types = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4;codecs=mp4a.40.2", "audio/mp4"];

/** Speech at this many bits a second cannot be told from the original; an hour of it is 14 MB. */
const bitsPerSecond = 32_000;

/** The loudness is measured this often, in ms. */
const measureEvery = 50;

/** One recording from the microphone. Time stands still while it is paused. */
export class Recorder {
  readonly #recorder: MediaRecorder;
  readonly #stream: MediaStream;
  readonly #context: AudioContext;
  readonly #chunks: Blob[] = [];
  readonly #measured: Loudness[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  /** ms recorded before the last pause, and when it went on since (performance.now). */
  #before = 0;
  #since: number | null = null;

  private constructor(stream: MediaStream, onMeasure: () => void) {
    this.#stream = stream;
    const type = types.find((each) => MediaRecorder.isTypeSupported(each));
    this.#recorder = new MediaRecorder(stream, {
      audioBitsPerSecond: bitsPerSecond,
      ...(type ? { mimeType: type } : {}),
    });
    this.#recorder.ondataavailable = ({ data }) => {
      if (data.size > 0) this.#chunks.push(data);
    };
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 2048;
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const block = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      if (this.#since === null) return;
      analyser.getFloatTimeDomainData(block);
      this.#measured.push({ at: this.elapsed, level: levelOf(block) });
      onMeasure();
    }, measureEvery);
    this.#recorder.start();
    this.#since = performance.now();
  }

  /** Opens the microphone and begins. Rejects with a MediaError. */
  static async start(onMeasure: () => void): Promise<Recorder> {
    if (!navigator.mediaDevices || typeof MediaRecorder === "undefined") {
      throw new MediaError("unsupported", "microphone");
    }
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
      });
    } catch (cause) {
      throw new MediaError(codeOf(cause), "microphone", cause);
    }
    try {
      return new Recorder(stream, onMeasure);
    } catch (cause) {
      for (const track of stream.getTracks()) track.stop();
      throw new MediaError("failed", "microphone", cause);
    }
  }

  /** How long it is, in ms. */
  get elapsed(): number {
    return this.#before + (this.#since === null ? 0 : performance.now() - this.#since);
  }

  get measured(): readonly Loudness[] {
    return this.#measured;
  }

  /** What the microphone was lost by: unplugged, or taken away in the browser. */
  onLost(listener: () => void): void {
    for (const track of this.#stream.getTracks()) track.addEventListener("ended", listener);
  }

  /** Stands still; resolves with what there is so far, to be listened to. */
  async pause(): Promise<Blob> {
    this.#stopClock();
    if (this.#recorder.state === "recording") this.#recorder.pause();
    if (this.#recorder.state === "inactive") return this.#whole();
    const flushed = this.#next("dataavailable");
    this.#recorder.requestData();
    await flushed;
    return this.#whole();
  }

  /** Goes on; false when it cannot, since the microphone was lost. */
  resume(): boolean {
    const live = this.#stream.getTracks().every((track) => track.readyState === "live");
    if (!live || this.#recorder.state !== "paused") return false;
    this.#recorder.resume();
    this.#since = performance.now();
    return true;
  }

  /** Ends it; resolves with all of it. The microphone is free again. */
  async stop(): Promise<Blob> {
    this.#stopClock();
    if (this.#recorder.state !== "inactive") {
      const stopped = this.#next("stop");
      this.#recorder.stop();
      await stopped;
    }
    this.release();
    return this.#whole();
  }

  /** Frees the microphone, whatever becomes of what was recorded. */
  release(): void {
    clearInterval(this.#timer);
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    for (const track of this.#stream.getTracks()) track.stop();
    void this.#context.close().catch(() => undefined);
  }

  #stopClock(): void {
    this.#before = this.elapsed;
    this.#since = null;
  }

  #whole(): Promise<Blob> {
    const type = (this.#recorder.mimeType || "audio/webm").split(";")[0] ?? "";
    return withDuration(new Blob(this.#chunks, { type }), this.elapsed);
  }

  #next(event: "dataavailable" | "stop"): Promise<void> {
    return new Promise((resolve) => this.#recorder.addEventListener(event, () => resolve(), { once: true }));
  }
}

function codeOf(cause: unknown): MediaError["code"] {
  switch (cause instanceof DOMException ? cause.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "permission_denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "no_device";
    case "NotReadableError":
    case "AbortError":
      return "in_use";
    default:
      return "failed";
  }
}
