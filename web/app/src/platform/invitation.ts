/**
 * The invitation that this tab was opened with. Its token is as good as a key, so it leaves the address at once: neither
 * the history, nor a look over the shoulder, nor a copied address gives it away. It stays with the tab while somebody signs in.
 */
const key = "confab.invitation";

/** Takes the token out of an address like /join/<token>, before anything else reads it. */
export function takeInvitation(): void {
  const token = /^\/join\/([^/]+)\/?$/.exec(location.pathname)?.[1];
  if (!token) return;
  keepInvitation(decodeURIComponent(token));
  history.replaceState(null, "", "/join");
}

export function keptInvitation(): string | null {
  try {
    return sessionStorage.getItem(key) ?? inMemory;
  } catch {
    return inMemory;
  }
}

/** Null forgets it: it was used, or led nowhere. */
export function keepInvitation(token: string | null): void {
  inMemory = token;
  try {
    if (token === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, token);
  } catch {
    // Storage is blocked: then it lasts as long as the page.
  }
}

let inMemory: string | null = null;
