import { useContext, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { MentionText } from "../mentions/MentionText";
import { findMentions, type Named } from "../mentions/mentions";
import { Highlighted } from "../search/Highlighted";
import { SearchedFor } from "../search/SearchedFor";
import { linkify, type Part } from "./linkify";

/** A text longer than this many characters or lines is folded, so that one message does not fill ten screens. */
const foldChars = 1600;
const foldLines = 28;

type RichPart = Part | { kind: "mention"; text: string; userId: string };

const nobody: Named = new Map();

/**
 * The text of a message with its addresses as links, the people it names, and in a search what was found. Plain React
 * nodes throughout: nothing in it can be markup.
 */
export function RichText({ text, named = nobody }: { text: string; named?: Named }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const query = useContext(SearchedFor);
  const lines = text.split("\n");
  const folded = !open && (text.length > foldChars || lines.length > foldLines);
  const shown = folded ? `${lines.slice(0, foldLines).join("\n").slice(0, foldChars)}…` : text;
  const parts = useMemo(
    () => linkify(shown).flatMap((part) => (part.kind === "text" ? withMentions(part.text, named) : [part])),
    [shown, named],
  );
  return (
    <>
      {parts.map((part, index) => {
        switch (part.kind) {
          case "link":
            return (
              <a
                // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
                key={index}
                href={part.href}
                target="_blank"
                rel="noopener noreferrer nofollow"
                className="text-accent underline decoration-accent/40 underline-offset-2 [overflow-wrap:anywhere] hover:decoration-accent"
              >
                {part.text}
              </a>
            );
          case "mention":
            // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
            return <MentionText key={index} text={part.text} userId={part.userId} />;
          default:
            // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
            return <Highlighted key={index} text={part.text} query={query} />;
        }
      })}
      {folded && (
        <button
          type="button"
          onClick={() => setOpen(true)}
          className="mt-1 block rounded-md font-medium text-accent hover:underline"
        >
          {t("message.showMore")}
        </button>
      )}
    </>
  );
}

function withMentions(text: string, named: Named): RichPart[] {
  const parts: RichPart[] = [];
  let end = 0;
  for (const mention of findMentions(text, named)) {
    if (mention.start > end) parts.push({ kind: "text", text: text.slice(end, mention.start) });
    parts.push({ kind: "mention", text: text.slice(mention.start, mention.end), userId: mention.userId });
    end = mention.end;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}
