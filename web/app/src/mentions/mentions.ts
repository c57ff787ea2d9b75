import type { Chat, Id, Member } from "@confab/sdk";

/** Somebody is named in a text from `start` to `end`. */
export type Mention = { start: number; end: number; userId: Id };

/** Members by the folded username. */
export type Named = ReadonlyMap<string, Id>;

/** More suggestions than this are not looked through. */
const mostSuggestions = 8;

const inName = /[\p{L}\p{N}\p{M}]/u;

/** The members of a chat by username: all of them, or those who are named. */
export function membersByName(chat: Chat, only?: readonly Id[]): Named {
  const members = only ? chat.members.filter((member) => only.includes(member.userId)) : chat.members;
  return new Map(members.map((member) => [member.username.toLowerCase(), member.userId]));
}

/**
 * Where a text names one of these people: an @ that does not stand inside a word or an address, and a username after it,
 * without the punctuation that ends a sentence. The server reads mentions by the same rule.
 */
export function findMentions(text: string, named: Named): Mention[] {
  if (named.size === 0) return [];
  const found: Mention[] = [];
  for (const match of text.matchAll(/@([\p{L}\p{N}\p{M}._-]+)(@?)/gu)) {
    const name = (match[1] ?? "").replace(/[._-]+$/, "");
    const userId = named.get(name.toLowerCase());
    if (userId === undefined || match[2] || inWord(text.slice(0, match.index))) continue;
    found.push({ start: match.index, end: match.index + 1 + name.length, userId });
  }
  return found;
}

/** Whether an @ after this text would stand inside a word or an address. */
function inWord(before: string): boolean {
  const last = [...before.replace(/[._+%-]+$/, "")].at(-1) ?? "";
  return last === "/" || inName.test(last);
}

/** The beginning of a mention that is being typed at the caret: where its @ is, and what follows it. */
export function mentionAt(text: string, caret: number): { start: number; query: string } | null {
  const before = text.slice(0, caret);
  const match = /@([\p{L}\p{N}\p{M}._-]{0,32})$/u.exec(before);
  if (!match || inWord(before.slice(0, match.index))) return null;
  return { start: match.index, query: match[1] ?? "" };
}

/** The text with the mention at `start` completed, and where the caret is then. */
export function complete(text: string, start: number, caret: number, username: string) {
  const inserted = `@${username} `;
  const after = text.slice(caret).replace(/^ /, "");
  return { text: text.slice(0, start) + inserted + after, caret: start + inserted.length };
}

/** Who may be meant by what was typed after the @: by the beginning of the username, of a name, then by any part. */
export function suggest(members: readonly Member[], query: string, me: Id): Member[] {
  const wanted = query.toLowerCase();
  const rank = (member: Member) => {
    const name = member.displayName.toLowerCase();
    const username = member.username.toLowerCase();
    if (username.startsWith(wanted)) return 0;
    if (name.split(/\s+/).some((word) => word.startsWith(wanted))) return 1;
    return username.includes(wanted) || name.includes(wanted) ? 2 : 3;
  };
  return members
    .filter((member) => member.userId !== me && !member.deleted && member.username !== "")
    .map((member) => ({ member, rank: rank(member) }))
    .filter((entry) => entry.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.member.displayName.localeCompare(b.member.displayName))
    .slice(0, mostSuggestions)
    .map((entry) => entry.member);
}
