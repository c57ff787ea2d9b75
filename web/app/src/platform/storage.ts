/** Local settings of this device. Storage may be blocked or full: then a setting lives as long as the page. */
export function readSetting(key: string): string | null {
  try {
    return localStorage.getItem(`confab.${key}`);
  } catch {
    return null;
  }
}

/** All settings whose key begins so, by the rest of their key. */
export function readSettings(prefix: string): [rest: string, value: string][] {
  try {
    const whole = `confab.${prefix}`;
    return Object.entries(localStorage)
      .filter(([key]) => key.startsWith(whole))
      .map(([key, value]) => [key.slice(whole.length), value]);
  } catch {
    return [];
  }
}

export function writeSetting(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`confab.${key}`);
    else localStorage.setItem(`confab.${key}`, value);
  } catch {
    // Nothing to do: the choice holds until the page is closed.
  }
}
