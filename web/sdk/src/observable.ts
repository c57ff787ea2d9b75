/** A value that changes over time and can be watched. Values are immutable: a change is a new value. */
export interface Observable<T> {
  /** The present value; the same object until it changes (fit for React's useSyncExternalStore). */
  readonly get: () => T;
  /** Calls `listener` after each change until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** An observable with its setter, for the one that owns the value. */
export class Subject<T> implements Observable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();
  #batches = 0;
  #told: T;

  constructor(initial: T) {
    this.#value = initial;
    this.#told = initial;
  }

  readonly get = (): T => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    // Wrapped, so that a listener that is subscribed twice is called twice and removed one at a time.
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  };

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.#tell();
  }

  update(change: (value: T) => T): void {
    this.set(change(this.#value));
  }

  /** Several changes that listeners hear of as one, so that nobody sees what lies between them. */
  batch(changes: () => void): void {
    this.#batches++;
    try {
      changes();
    } finally {
      this.#batches--;
      this.#tell();
    }
  }

  #tell(): void {
    if (this.#batches > 0 || Object.is(this.#told, this.#value)) return;
    this.#told = this.#value;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Things that happen rather than last: each listener is told, nothing is kept. */
export class Signal<T> {
  readonly #listeners = new Set<(value: T) => void>();

  readonly on = (listener: (value: T) => void): (() => void) => {
    const entry = (value: T) => listener(value);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  };

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}
