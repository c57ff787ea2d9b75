import { Fragment, useMemo } from "react";
import { findPieces, type Piece } from "./terms";

/** A text with what a search found in it. */
export function Highlighted({ text, query }: { text: string; query: string }) {
  const pieces = useMemo(() => findPieces(text, query), [text, query]);
  return <Pieces pieces={pieces} />;
}

export function Pieces({ pieces }: { pieces: readonly Piece[] }) {
  return pieces.map((piece, index) =>
    piece.found ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no identity but their place
      <mark key={index} className="rounded-[3px] bg-[#ffd54a] text-[#1c1600]">
        {piece.text}
      </mark>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no identity but their place
      <Fragment key={index}>{piece.text}</Fragment>
    ),
  );
}
