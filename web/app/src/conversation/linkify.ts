export type Part = { kind: "text"; text: string } | { kind: "link"; text: string; href: string };

/**
 * Addresses in running text: http(s) URLs, bare www. names, e-mail addresses. Nothing else becomes a link, so that
 * no other scheme (javascript:, data:) can.
 */
const address =
  /\b(?:https?:\/\/|www\.)[^\s<>"“”«»]+|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/giu;

/** Punctuation that ends the sentence rather than the address. */
const trailing = /[.,:;!?'"»”…*_~]+$/u;

export function linkify(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(address)) {
    const link = trim(match[0]);
    const href = hrefOf(link);
    if (!href) continue;
    if (match.index > end) parts.push({ kind: "text", text: text.slice(end, match.index) });
    parts.push({ kind: "link", text: link, href });
    end = match.index + link.length;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}

/** Takes away what belongs to the sentence: final punctuation, and a closing bracket that was opened outside. */
function trim(found: string): string {
  let link = found;
  for (;;) {
    const shorter = link.replace(trailing, "");
    const last = shorter.at(-1);
    const open = last === ")" ? "(" : last === "]" ? "[" : undefined;
    const stray = open !== undefined && count(shorter, open) < count(shorter, last ?? "");
    const next = stray ? shorter.slice(0, -1) : shorter;
    if (next === link) return link;
    link = next;
  }
}

const count = (text: string, character: string) => text.split(character).length - 1;

function hrefOf(link: string): string | undefined {
  const href = /^https?:\/\//i.test(link)
    ? link
    : /^www\./i.test(link)
      ? `https://${link}`
      : `mailto:${link}`;
  return URL.canParse(href) ? href : undefined;
}

/** One to three emoji and nothing else: shown large. */
export function isEmojiOnly(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > 40) return false;
  if (!/^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s)+$/u.test(trimmed)) return false;
  if (!/\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(trimmed)) return false;
  const graphemes = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(trimmed)];
  return graphemes.filter(({ segment }) => segment.trim() !== "").length <= 3;
}
