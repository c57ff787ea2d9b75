/** Between attempts at a sender that refuses: doubling from the first to the longest. Milliseconds. */
const waits = { first: 100, longest: 2000 };

/** How one layer is made from the picture. */
export type LayerSize = Pick<RTCRtpEncodingParameters, "scaleResolutionDownBy" | "maxBitrate">;

/**
 * Which simulcast layers of one sender are on, and how large they are. The server chooses among the layers that it has
 * asked for, so its last wish is tried until the sender takes it. Parameters are read, changed and written (WebRTC,
 * section 5.2), so there is one change at a time.
 */
export class SentLayers {
  readonly #sender: RTCRtpSender;
  /** Null: as they are. */
  #wanted: readonly string[] | null = null;
  #sizes: (count: number) => readonly LayerSize[] = () => [];
  /** Something was asked for since the parameters were read last. */
  #due = false;
  #writing = false;
  #closed = false;
  #wait = waits.first;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sender: RTCRtpSender) {
    this.#sender = sender;
  }

  /** Sends the layers of these rids from now on, and no others. */
  want(rids: readonly string[]): void {
    this.#wanted = rids;
    this.apply();
  }

  /** Makes the layers so large from now on, the smallest first; how many there are is fixed. */
  resize(sizes: (count: number) => readonly LayerSize[]): void {
    this.#sizes = sizes;
    this.apply();
  }

  /** Sees to it that the last wish is in force, after something that may have reset the parameters. */
  apply(): void {
    clearTimeout(this.#timer);
    this.#wait = waits.first;
    this.#due = true;
    void this.#write();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    let taken = true;
    while (this.#due && !this.#closed) {
      this.#due = false;
      taken = await this.#writeOnce();
    }
    this.#writing = false;
    if (!taken && !this.#closed) this.#tryLater();
  }

  #tryLater(): void {
    this.#timer = setTimeout(() => {
      this.#due = true;
      void this.#write();
    }, this.#wait);
    this.#wait = Math.min(waits.longest, this.#wait * 2);
  }

  /** False: the sender refused, as it may while a track is being replaced or a description is being set. */
  async #writeOnce(): Promise<boolean> {
    try {
      const parameters = this.#sender.getParameters();
      if (this.#correct(parameters.encodings)) await this.#sender.setParameters(parameters);
      return true;
    } catch {
      return false;
    }
  }

  /** Whether anything had to be changed. */
  #correct(encodings: RTCRtpEncodingParameters[]): boolean {
    const sizes = this.#sizes(encodings.length);
    let corrected = false;
    for (const [i, encoding] of encodings.entries()) {
      const { rid = "", active = true } = encoding;
      const right = { active: this.#wanted?.includes(rid) ?? active, ...sizes[i] };
      const present: RTCRtpEncodingParameters = { ...encoding, active };
      const keys = Object.keys(right) as (keyof typeof right)[];
      if (keys.every((key) => present[key] === right[key])) continue;
      Object.assign(encoding, right);
      corrected = true;
    }
    return corrected;
  }
}
