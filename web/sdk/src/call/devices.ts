import type { MediaSource } from "../errors.ts";
import type { MediaWish, TrackSource } from "../events.ts";
import type { WebRTCPlatform } from "../platform.ts";
import type { Leg } from "./leg.ts";
import { LocalMedia } from "./media.ts";
import type { CallSignal } from "./signal.ts";
import type { LocalMediaState } from "./state.ts";

/** What a call starts with; both default to true. Missing devices are no error: see `CallState.local`. */
export interface CallMedia {
  audio?: boolean;
  video?: boolean;
  /** The devices to prefer, as `Calls.devices` names them. */
  microphoneId?: string;
  cameraId?: string;
}

interface CallDevicesOptions {
  webrtc: WebRTCPlatform;
  signal: CallSignal;
  /** The present leg; null while there is none. */
  leg: () => Leg | null;
  /** The call has ended: nothing may stay open. */
  over: () => boolean;
  changed: (local: LocalMediaState) => void;
}

/**
 * What this device sends into a call: opening and closing its devices, publishing their tracks on the leg, and telling
 * the others what is muted. Changes run one after the other, so that quick clicks end where the last one meant.
 */
export class CallDevices {
  readonly #options: CallDevicesOptions;
  readonly #media: LocalMedia;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: CallDevicesOptions) {
    this.#options = options;
    this.#media = new LocalMedia({
      webrtc: options.webrtc,
      changed: options.changed,
      ended: (source) => void this.#sourceEnded(source),
    });
  }

  get state(): LocalMediaState {
    return this.#media.state;
  }

  /** Opens what the call starts with. What cannot be opened is told in the state. */
  async open({ audio = true, video = true, microphoneId, cameraId }: CallMedia): Promise<void> {
    if (microphoneId) this.#media.prefer("microphone", microphoneId);
    if (cameraId) this.#media.prefer("camera", cameraId);
    await this.#media.openBoth({ audio, video });
    if (this.#options.over()) this.#media.closeAll();
  }

  close(): void {
    this.#media.closeAll();
  }

  /** Puts everything that is open on a new leg. */
  async join(leg: Leg): Promise<void> {
    await leg.join(this.#media.track("microphone"), this.#media.track("camera"));
    if (this.#media.track("screen")) await this.#publishScreen();
  }

  /** What is being sent, as the ring shows it. */
  get wish(): MediaWish {
    return { audio: this.state.microphone.on, video: this.state.camera.on };
  }

  /** Tells the server what is muted; a new leg counts everything as on. */
  tellMutes(): void {
    this.#tellMute("microphone", !this.state.microphone.on);
    this.#tellMute("camera", this.#media.track("camera") === null);
  }

  setMicrophone(on: boolean): Promise<void> {
    return this.#change(async () => {
      if (on && !this.#media.track("microphone")) {
        await this.#options.leg()?.publish(["microphone", await this.#media.open("microphone")]);
      }
      this.#media.setMicrophoneEnabled(on);
      this.#tellMute("microphone", !on);
    });
  }

  setCamera(on: boolean): Promise<void> {
    return this.#change(async () => {
      if (on === (this.#media.track("camera") !== null)) return;
      const track = on ? await this.#media.open("camera") : null;
      await this.#options.leg()?.publish(["camera", track]);
      if (!on) this.#media.close("camera");
      this.#tellMute("camera", !on);
    });
  }

  shareScreen(): Promise<void> {
    return this.#change(async () => {
      if (this.#media.track("screen")) return;
      await this.#media.openScreen();
      await this.#publishScreen();
      this.#tellMute("screen", false);
      this.#tellMute("screen-audio", this.#media.track("screen-audio") === null);
    });
  }

  stopScreen(): Promise<void> {
    return this.#change(async () => {
      if (!this.#media.track("screen")) return;
      this.#media.close("screen");
      this.#tellMute("screen", true);
      this.#tellMute("screen-audio", true);
      await this.#publishScreen();
    });
  }

  /** Goes over to another microphone or camera; one that is off is used the next time. */
  use(source: "microphone" | "camera", deviceId: string): Promise<void> {
    return this.#change(async () => {
      if (!this.#media.track(source)) return this.#media.prefer(source, deviceId);
      await this.#replace(source, deviceId);
    });
  }

  /** An owner or admin muted this device; the server has it already. */
  muted(source: TrackSource): void {
    if (source === "microphone") this.#media.setMicrophoneEnabled(false);
    else if (source === "camera") void this.setCamera(false);
    else void this.stopScreen();
  }

  async #replace(source: "microphone" | "camera", deviceId: string | null): Promise<void> {
    const { on } = this.state[source];
    const track = await this.#media.open(source, deviceId);
    // Muted before it is published, so that not a word slips out.
    if (source === "microphone") this.#media.setMicrophoneEnabled(on);
    await this.#options.leg()?.publish([source, track]);
  }

  /** Sends what is shared of the screen now, or nothing. */
  async #publishScreen(): Promise<void> {
    const track = (source: "screen" | "screen-audio") => this.#media.track(source);
    await this.#options.leg()?.publish(["screen", track("screen")], ["screen-audio", track("screen-audio")]);
  }

  /** A device went away by itself. The microphone goes over to whichever is there now. */
  async #sourceEnded(source: MediaSource): Promise<void> {
    if (source === "screen") return this.stopScreen();
    if (source === "camera") return this.setCamera(false);
    await this.#change(() => this.#replace("microphone", null)).catch(() => {
      this.#media.close("microphone");
      this.#tellMute("microphone", true);
    });
  }

  #change(change: () => Promise<void>): Promise<void> {
    const run = this.#changes.then(async () => {
      if (this.#options.over()) return;
      await change();
      // Hung up while the user was being asked.
      if (this.#options.over()) this.#media.closeAll();
    });
    this.#changes = run.catch(() => {});
    return run;
  }

  #tellMute(source: TrackSource, muted: boolean): void {
    // Asked for with an ack, so that a refusal (nothing is published yet) raises no `error` event.
    this.#options.signal.request("call:mute", { source, muted }).catch(() => {});
  }
}
