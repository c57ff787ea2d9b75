/** How many colours `--tint-*` index.css defines. */
const tints = 8;

/** The colour of a person or chat: the same on every device, since it comes from the id alone (FNV-1a, 32 bits). */
export function tintOf(id: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) {
    hash ^= id.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  // Ids of the same instant differ in few places: the finish of MurmurHash3 (fmix32) spreads that over all bits.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return `var(--tint-${((hash ^ (hash >>> 16)) >>> 0) % tints})`;
}

/** Up to two initials of a name. Whole grapheme clusters, so that an emoji or a combined letter is not cut in half. */
export function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/[\s._()"«»-]+/u)
    .filter(Boolean);
  const first = (word: string | undefined) => {
    if (!word) return "";
    const segment = new Intl.Segmenter(undefined, { granularity: "grapheme" })
      .segment(word)
      [Symbol.iterator]()
      .next();
    return segment.done ? "" : segment.value.segment.toLocaleUpperCase();
  };
  const last = words.length > 1 ? words.at(-1) : undefined;
  return first(words[0]) + first(last) || "?";
}
