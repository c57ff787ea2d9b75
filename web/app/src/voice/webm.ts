/** The Duration element of a WebM's header with the value that Chromium writes while it does not know it: one tick. */
const unknown = [0x44, 0x89, 0x84, 0x3f, 0x80, 0x00, 0x00];

/** The header ends within so many bytes. */
const headerSize = 512;

/**
 * A recording that was paused and listened to says in its header that it is one millisecond long, and players believe
 * it: they refuse to go anywhere in it. This writes what is known by now. Anything else is returned as it is.
 */
export async function withDuration(recording: Blob, durationMs: number): Promise<Blob> {
  const header = new Uint8Array(await recording.slice(0, headerSize).arrayBuffer());
  const at = header.findIndex((_, i) => unknown.every((byte, j) => header[i + j] === byte));
  if (at < 0) return recording;
  new DataView(header.buffer).setFloat32(at + 3, durationMs); // ticks of Chromium's files are milliseconds
  return new Blob([header, recording.slice(headerSize)], { type: recording.type });
}
