import { MediaError, type MediaErrorCode, type MediaSource } from "../errors.ts";
import type { WebRTCPlatform } from "../platform.ts";
import type { LocalMediaState, LocalSource } from "./state.ts";

const off: LocalSource = { on: false, busy: false, deviceId: null, error: null };

export const noLocalMedia: LocalMediaState = {
  microphone: off,
  camera: off,
  screen: off,
  cameraStream: null,
  screenStream: null,
};

/** 720p is what a large tile shows; the smaller layers are made from it. */
const cameraSize = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

type Device = "microphone" | "camera";

interface LocalMediaOptions {
  webrtc: WebRTCPlatform;
  changed: (state: LocalMediaState) => void;
  /** A track ended by itself: unplugged, taken away, or "stop sharing" in the browser's own bar. */
  ended: (source: MediaSource) => void;
}

/** This device's microphone, camera and screen: opening, closing, and what the user is to know of them. */
export class LocalMedia {
  readonly #options: LocalMediaOptions;
  readonly #tracks = new Map<MediaSource | "screen-audio", MediaStreamTrack>();
  #state: LocalMediaState = noLocalMedia;

  constructor(options: LocalMediaOptions) {
    this.#options = options;
  }

  get state(): LocalMediaState {
    return this.#state;
  }

  track(source: MediaSource | "screen-audio"): MediaStreamTrack | null {
    return this.#tracks.get(source) ?? null;
  }

  /**
   * Opens what a call starts with. One question to the user for both; where that fails, each alone, so that a missing
   * camera does not cost the microphone. What fails is told in the state, not thrown.
   */
  async openBoth(wish: { audio: boolean; video: boolean }): Promise<void> {
    const { microphone, camera } = this.#state;
    const sources: Device[] = [];
    if (wish.audio) sources.push("microphone");
    if (wish.video) sources.push("camera");
    if (sources.length === 2) {
      try {
        const stream = await this.#options.webrtc.getUserMedia({
          audio: audioOf(microphone.deviceId),
          video: videoOf(camera.deviceId),
        });
        for (const track of stream.getTracks())
          this.#keep(track.kind === "audio" ? "microphone" : "camera", track);
        return;
      } catch {
        // Which of the two it was, the single attempts tell.
      }
    }
    for (const source of sources) await this.open(source).catch(() => {});
  }

  /** The device to open the next time. */
  prefer(source: Device, deviceId: string): void {
    this.#patch(source, { deviceId });
  }

  /** Opens a device (the named one, or the preferred one, or any) in place of the present one. */
  async open(source: Device, deviceId = this.#state[source].deviceId): Promise<MediaStreamTrack> {
    this.#patch(source, { busy: true });
    try {
      const track = await this.#getDevice(source, deviceId).catch((cause: unknown) => {
        // Phones open one camera at a time: the present one has to go first.
        if (mediaError(source, cause).code !== "in_use" || !this.#tracks.has(source)) throw cause;
        this.#release(source);
        return this.#getDevice(source, deviceId);
      });
      this.#keep(source, track);
      return track;
    } catch (cause) {
      const error = mediaError(source, cause);
      this.#patch(source, { busy: false, error });
      throw error;
    }
  }

  /** Asks the user for a screen, with its sound where that can be had. */
  async openScreen(): Promise<void> {
    const { webrtc } = this.#options;
    this.#patch("screen", { busy: true });
    try {
      if (!webrtc.getDisplayMedia) throw new MediaError("unsupported", "screen");
      const stream = await webrtc.getDisplayMedia({
        video: { frameRate: { ideal: 15, max: 30 } },
        audio: true,
      });
      for (const track of stream.getTracks()) {
        if (track.kind === "video" && "contentHint" in track) track.contentHint = "detail";
        this.#keep(track.kind === "video" ? "screen" : "screen-audio", track);
      }
    } catch (cause) {
      const error = mediaError("screen", cause);
      this.#patch("screen", { busy: false, error });
      throw error;
    }
  }

  /** The microphone stays open while muted: unmuting is then immediate, and the browser's indicator tells the truth. */
  setMicrophoneEnabled(on: boolean): void {
    const track = this.track("microphone");
    if (track) track.enabled = on;
    this.#patch("microphone", { on: on && track !== null });
  }

  close(source: MediaSource): void {
    this.#release(source);
    if (source === "screen") this.#release("screen-audio");
    this.#patch(source, { on: false, busy: false });
  }

  closeAll(): void {
    for (const source of ["microphone", "camera", "screen"] as const) this.close(source);
  }

  async #getDevice(source: Device, deviceId: string | null): Promise<MediaStreamTrack> {
    const constraints = source === "microphone" ? { audio: audioOf(deviceId) } : { video: videoOf(deviceId) };
    const stream = await this.#options.webrtc.getUserMedia(constraints);
    const track = stream.getTracks()[0];
    if (!track) throw new MediaError("no_device", source);
    return track;
  }

  #keep(source: MediaSource | "screen-audio", track: MediaStreamTrack): void {
    this.#release(source);
    this.#tracks.set(source, track);
    track.onended = () => {
      if (this.#tracks.get(source) !== track) return;
      if (source === "screen-audio") this.#release(source);
      else this.#options.ended(source);
    };
    if (source !== "screen-audio") {
      this.#patch(source, {
        on: true,
        busy: false,
        deviceId: track.getSettings().deviceId ?? null,
        error: null,
      });
    }
  }

  #release(source: MediaSource | "screen-audio"): void {
    const track = this.#tracks.get(source);
    if (!track) return;
    this.#tracks.delete(source);
    track.onended = null;
    track.stop();
  }

  #patch(source: MediaSource, change: Partial<LocalSource>): void {
    this.#state = {
      ...this.#state,
      [source]: { ...this.#state[source], ...change },
      cameraStream: this.#preview("camera", this.#state.cameraStream),
      screenStream: this.#preview("screen", this.#state.screenStream),
    };
    this.#options.changed(this.#state);
  }

  /** A stream for the preview, the same one while the track is the same. */
  #preview(source: "camera" | "screen", present: MediaStream | null): MediaStream | null {
    const track = this.track(source);
    if (!track) return null;
    return present?.getTracks().includes(track) ? present : this.#options.webrtc.createStream([track]);
  }
}

/** Preferred, not demanded: a device that is gone shall not cost the call its sound. */
function audioOf(deviceId: string | null): MediaTrackConstraints {
  const cleaned = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return deviceId ? { ...cleaned, deviceId: { ideal: deviceId } } : cleaned;
}

function videoOf(deviceId: string | null): MediaTrackConstraints {
  return deviceId ? { ...cameraSize, deviceId: { ideal: deviceId } } : { ...cameraSize, facingMode: "user" };
}

const codes: Readonly<Record<string, MediaErrorCode>> = {
  NotAllowedError: "permission_denied",
  SecurityError: "permission_denied",
  NotFoundError: "no_device",
  OverconstrainedError: "no_device",
  NotReadableError: "in_use",
  AbortError: "in_use",
  NotSupportedError: "unsupported",
  TypeError: "unsupported",
};

/** What getUserMedia and getDisplayMedia throw (Media Capture and Streams, section 10.2), as a MediaError. */
export function mediaError(source: MediaSource, cause: unknown): MediaError {
  if (cause instanceof MediaError) return cause;
  const name = typeof cause === "object" && cause !== null && "name" in cause ? String(cause.name) : "";
  return new MediaError(codes[name] ?? "failed", source, cause);
}
