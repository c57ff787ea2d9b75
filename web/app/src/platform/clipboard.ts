/** Copies a text. Rejects where the browser gives no clipboard, as on pages without HTTPS. */
export function copyText(text: string): Promise<void> {
  return navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
}

/** Offers a text as a file to keep. */
export function downloadText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by the next turn; until then it reads from here.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
