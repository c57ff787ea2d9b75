/** What a search asks for, as the server reads it: words in any form, "phrases", beginnings*. */
type Term = { phrase: string[] } | { word: string; beginning: boolean; exact: boolean };

/** A part of a text, found or not. */
export type Piece = { text: string; found: boolean };

type Token = { start: number; end: number; word: string };

/** A single letter begins a large part of all words: it is not taken as a beginning. */
const minBeginning = 2;

const fold = (text: string) => text.normalize("NFKC").toLowerCase().replaceAll("ё", "е");

function tokens(text: string): Token[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    word: fold(match[0]),
  }));
}

function parseTerms(query: string): Term[] {
  const terms: Term[] = [];
  const parts = query.replace(/[“”„«»]/g, '"').split('"');
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 1) {
      const phrase = tokens(part).map((token) => token.word);
      if (phrase.length > 0) terms.push({ phrase });
      continue;
    }
    for (const field of part.split(/\s+/)) {
      const words = tokens(field).map((token) => token.word);
      for (const [at, word] of words.entries()) {
        const starred = field.endsWith("*") && at === words.length - 1 && word.length >= minBeginning;
        terms.push({ word, beginning: starred, exact: starred });
      }
    }
  }
  // The last word may still be in the middle of being typed.
  const last = terms.at(-1);
  if (last && "word" in last && last.word.length >= minBeginning) last.beginning = true;
  return terms;
}

/** Cuts a text where a search finds something in it. Joined again, the pieces are the text. */
export function findPieces(text: string, query: string): Piece[] {
  const terms = parseTerms(query);
  if (terms.length === 0) return [{ text, found: false }];
  const words = tokens(text);
  const hits = words.map(() => false);
  for (const term of terms) {
    if ("phrase" in term) {
      for (let at = 0; at + term.phrase.length <= words.length; at++) {
        if (term.phrase.every((word, i) => words[at + i]?.word === word)) {
          hits.fill(true, at, at + term.phrase.length);
        }
      }
    } else {
      for (const [at, { word }] of words.entries()) if (meets(word, term)) hits[at] = true;
    }
  }
  const pieces: Piece[] = [];
  let end = 0;
  for (const [at, token] of words.entries()) {
    if (!hits[at]) continue;
    const before = text.slice(end, token.start);
    const joins = hits[at - 1] && /^\s*$/.test(before);
    const last = pieces.at(-1);
    if (joins && last) last.text += before + text.slice(token.start, token.end);
    else {
      if (before) pieces.push({ text: before, found: false });
      pieces.push({ text: text.slice(token.start, token.end), found: true });
    }
    end = token.end;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), found: false });
  return pieces;
}

function meets(word: string, term: { word: string; beginning: boolean; exact: boolean }): boolean {
  if (word === term.word) return true;
  if (term.beginning && word.startsWith(term.word)) return true;
  return !term.exact && stem(word) === stem(term.word);
}

/**
 * A rough stem, for marking only: the server decides what is found, by better rules. Endings of Russian and English
 * words, the longest first.
 */
const endings =
  /(?:иями|ями|ами|иях|ого|его|ому|ему|ыми|ими|ешь|ете|ить|ать|ять|еть|ала|ило|ила|али|или|ась|ись|ая|яя|ое|ее|ые|ие|ой|ей|ий|ый|ую|юю|ов|ев|ам|ям|ах|ях|ом|ем|ия|ии|ию|ет|ит|ут|ют|ат|ят|ал|ил|ла|ло|ли|а|я|о|е|ы|и|у|ю|ь|й|ations?|ings?|edly|ed|ies|es|ly|s|e|y)$/;

function stem(word: string): string {
  if (word.length < 4) return word;
  const short = word.replace(endings, "");
  // run, running
  const single = /([bdfgmnprt])\1$/.test(short) && short !== word ? short.slice(0, -1) : short;
  return single.length >= 3 ? single : word;
}

/** Of several texts the first in which a search finds something, or none. */
export function foundIn(texts: readonly string[], query: string): string | undefined {
  return texts.find((text) => findPieces(text, query).some((piece) => piece.found));
}

/** So many characters before the first hit make its sentence understood in one line. */
const lead = 28;

/** A line of a message around what was found in it, cut into pieces. */
export function snippet(text: string, query: string, length = 140): Piece[] {
  const line = text.replace(/\s+/g, " ").trim();
  const pieces = findPieces(line, query);
  const first = pieces.findIndex((piece) => piece.found);
  const before = pieces.slice(0, Math.max(0, first)).reduce((sum, piece) => sum + piece.text.length, 0);
  if (before <= lead) return shorten(pieces, length);
  const from = line.indexOf(" ", before - lead);
  const start = from < 0 || from >= before ? before : from + 1;
  return shorten(findPieces(`…${line.slice(start)}`, query), length);
}

function shorten(pieces: Piece[], length: number): Piece[] {
  const short: Piece[] = [];
  let left = length;
  for (const piece of pieces) {
    if (left <= 0) break;
    const characters = [...piece.text];
    const text = characters.length > left ? `${characters.slice(0, left).join("")}…` : piece.text;
    short.push({ ...piece, text });
    left -= characters.length;
  }
  return short;
}
