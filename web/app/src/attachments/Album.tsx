import type { ReactNode } from "react";
import { albumRows, boxOf, type Size } from "./album";

/** Above this an album is as wide as bubbles get, in CSS pixels. */
const albumWidth = 380;

/**
 * Pictures and videos in boxes of their right size before anything is loaded, so that the list never jumps: one alone in
 * its own shape, several as a grid.
 */
export function Album({
  sizes,
  children,
}: {
  sizes: readonly Size[];
  children: (index: number) => ReactNode;
}) {
  const [only] = sizes;
  if (sizes.length === 1 && only) {
    const box = boxOf(only);
    return (
      <div
        className="relative max-w-full overflow-hidden rounded-[15px]"
        style={{ width: box.width, aspectRatio: box.ratio }}
      >
        {children(0)}
      </div>
    );
  }
  const rows = albumRows(sizes);
  const height = rows.reduce((sum, row) => sum + row.height, 0);
  return (
    <div
      className="flex max-w-full flex-col gap-0.5 overflow-hidden rounded-[15px]"
      style={{ width: albumWidth, aspectRatio: 1 / height }}
    >
      {rows.map((row) => (
        <div
          key={row.cells[0]?.index}
          className="flex min-h-0 gap-0.5"
          style={{ flexGrow: 100 * row.height, flexBasis: 0 }}
        >
          {row.cells.map((cell) => (
            <div
              key={cell.index}
              className="relative min-w-0 overflow-hidden"
              style={{ flexGrow: 100 * cell.part, flexBasis: 0 }}
            >
              {children(cell.index)}
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
