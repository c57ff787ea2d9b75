import { Fragment, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { linkify } from "./linkify";

/** A text longer than this many characters or lines is folded, so that one message does not fill ten screens. */
const foldChars = 1600;
const foldLines = 28;

/** The text of a message with its addresses as links. Plain React nodes throughout: nothing in it can be markup. */
export function RichText({ text }: { text: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const lines = text.split("\n");
  const folded = !open && (text.length > foldChars || lines.length > foldLines);
  const shown = folded ? `${lines.slice(0, foldLines).join("\n").slice(0, foldChars)}…` : text;
  const parts = useMemo(() => linkify(shown), [shown]);
  return (
    <>
      {parts.map((part, index) =>
        part.kind === "link" ? (
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
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
          <Fragment key={index}>{part.text}</Fragment>
        ),
      )}
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
