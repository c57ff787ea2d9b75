/**
 * Addresses of files of this device, for showing them before the server has them. An address keeps its bytes in memory,
 * so the oldest are given back; what already shows them goes on doing so.
 */
const mostKept = 60;

const byBlob = new Map<Blob, string>();
/** What a message shows until its own pictures have loaded: addresses by clientId and place. */
const byMessage = new Map<string, string>();

export function previewUrl(blob: Blob): string {
  const known = byBlob.get(blob);
  if (known) return known;
  const url = URL.createObjectURL(blob);
  byBlob.set(blob, url);
  const [oldest] = byBlob;
  if (byBlob.size > mostKept && oldest) {
    byBlob.delete(oldest[0]);
    URL.revokeObjectURL(oldest[1]);
  }
  return url;
}

/** Notes what a message on its way out shows, so that nothing blinks when it becomes the server's. */
export function rememberPreview(clientId: string, at: number, url: string): void {
  byMessage.set(`${clientId}.${at}`, url);
  const [oldest] = byMessage.keys();
  if (byMessage.size > mostKept && oldest !== undefined) byMessage.delete(oldest);
}

export function rememberedPreview(clientId: string | null | undefined, at: number): string | undefined {
  return clientId ? byMessage.get(`${clientId}.${at}`) : undefined;
}
