import { writeFileSync } from "node:fs";

/** What makes one person's camera and microphone recognisable at the other end. */
export interface Signature {
  /** Chroma of the picture (BT.601, 0…255): what colour it is. */
  u: number;
  v: number;
  /** Pitch of the microphone in hertz. */
  hz: number;
}

const width = 640;
const height = 360;
const fps = 15;
const seconds = 2;

/**
 * How much the luma of a pixel strays. A picture without grain needs so few bits that a browser which once thought its path narrow
 * (this machine had no time for it, say) has nothing to find out with that it is not, and never sends all lines again.
 */
const grain = 2;

/** Writes a camera: a tinted, grainy picture in which a bright bar travels from left to right, as YUV4MPEG2. */
export function writeCamera(path: string, { u, v }: Signature): void {
  const frames: Buffer[] = [Buffer.from(`YUV4MPEG2 W${width} H${height} F${fps}:1 Ip A1:1 C420jpeg\n`)];
  const count = fps * seconds;
  let random = 1;
  const chroma = Buffer.concat([
    Buffer.alloc((width * height) / 4, u),
    Buffer.alloc((width * height) / 4, v),
  ]);
  for (let i = 0; i < count; i++) {
    const luma = Buffer.alloc(width * height, 80);
    const left = Math.floor((i * width) / count);
    for (let y = 0; y < height; y++)
      luma.fill(140, y * width + left, y * width + Math.min(width, left + 120));
    for (const [at, y] of luma.entries()) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' generator
      luma[at] = y + ((random >>> 24) % (2 * grain + 1)) - grain;
    }
    frames.push(Buffer.from("FRAME\n"), luma, chroma);
  }
  writeFileSync(path, Buffer.concat(frames));
}

/** Writes a microphone: a steady tone, as 16-bit mono WAV at 48 kHz. */
export function writeMicrophone(path: string, { hz }: Signature): void {
  const rate = 48_000;
  const samples = Buffer.alloc(rate * seconds * 2);
  for (let i = 0; i < rate * seconds; i++) {
    samples.writeInt16LE(Math.round(9_000 * Math.sin((2 * Math.PI * hz * i) / rate)), i * 2);
  }
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.length, 40);
  writeFileSync(path, Buffer.concat([header, samples]));
}
