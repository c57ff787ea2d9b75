/** Between attempts at a sender that refuses: doubling from the first to the longest. Milliseconds. */
const waits = { first: 100, longest: 2000 };

/**
 * Which simulcast layers of one sender are on. The server chooses among the layers that it has asked for, so its last
 * wish is tried until the sender takes it. Parameters are read, changed and written (WebRTC, section 5.2), so there is
 * one change at a time.
 */
export class SentLayers {
  readonly #sender: RTCRtpSender;
  #wanted: readonly string[] = [];
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
      const wrong = parameters.encodings.filter(
        ({ rid, active = true }) => active !== this.#wanted.includes(rid ?? ""),
      );
      if (wrong.length === 0) return true;
      for (const encoding of wrong) encoding.active = !(encoding.active ?? true);
      await this.#sender.setParameters(parameters);
      return true;
    } catch {
      return false;
    }
  }
}
