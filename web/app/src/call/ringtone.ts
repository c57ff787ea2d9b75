/**
 * The sounds of ringing, made with oscillators: no file to load, no format to support. Browsers keep an AudioContext
 * silent until the page was touched; then a ring is only seen, which is all that can be done.
 */

type Note = {
  /** Hz */ frequency: number /** Seconds from the start of the phrase. */;
  at: number /** Seconds. */;
  length: number;
};

/** A rising broken chord (E, G sharp, B), twice: noticeable, not alarming. */
const incoming: Note[] = [0, 0.9].flatMap((start) => [
  { frequency: 659.25, at: start, length: 0.5 },
  { frequency: 830.61, at: start + 0.16, length: 0.5 },
  { frequency: 987.77, at: start + 0.32, length: 0.7 },
]);

/** The calm tone of a telephone line. */
const outgoing: Note[] = [{ frequency: 425, at: 0, length: 1.1 }];

const phrases = {
  incoming: { notes: incoming, every: 3, volume: 0.12 },
  outgoing: { notes: outgoing, every: 4, volume: 0.05 },
} as const;

let context: AudioContext | undefined;

/** Rings until the returned function is called. */
export function ring(kind: keyof typeof phrases): () => void {
  const { notes, every, volume } = phrases[kind];
  let out: GainNode | undefined;

  const phrase = () => {
    if (typeof AudioContext === "undefined" || navigator.userActivation?.hasBeenActive === false) return;
    context ??= new AudioContext();
    void context.resume().catch(() => undefined);
    if (!out) {
      out = context.createGain();
      out.gain.value = volume;
      out.connect(context.destination);
    }
    for (const note of notes) play(context, out, note);
  };
  phrase();
  const timer = setInterval(phrase, every * 1000);
  return () => {
    clearInterval(timer);
    out?.disconnect();
  };
}

/** A sine with an octave above it that dies away like a struck bar. */
function play(audio: AudioContext, out: AudioNode, note: Note): void {
  const start = audio.currentTime + note.at;
  for (const [overtone, share] of [
    [1, 1],
    [2, 0.25],
  ] as const) {
    const oscillator = audio.createOscillator();
    const envelope = audio.createGain();
    oscillator.frequency.value = note.frequency * overtone;
    envelope.gain.setValueAtTime(0, start);
    envelope.gain.linearRampToValueAtTime(share, start + 0.02);
    envelope.gain.exponentialRampToValueAtTime(0.001, start + note.length);
    oscillator.connect(envelope).connect(out);
    oscillator.start(start);
    oscillator.stop(start + note.length + 0.05);
  }
}
