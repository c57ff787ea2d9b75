/** A size in any unit. */
export type Size = { width: number; height: number };

/** The widest that a picture gets in a bubble, and the tallest, in CSS pixels. */
const mostWidth = 360;
const mostHeight = 420;
/** Narrower than this the time and the buttons over a picture find no room. */
const leastWidth = 132;

/** Very long or very tall pictures are cut to these shapes (width by height); the viewer shows them whole. */
const tallest = 0.5;
const longest = 2.6;

/** The box of a single picture: its width in CSS pixels and its shape. It is known before anything is loaded. */
export function boxOf({ width, height }: Size): { width: number; ratio: number } {
  const ratio = clamp(width / height, tallest, longest);
  const widest = Math.min(mostWidth, mostHeight * ratio);
  return { width: Math.round(clamp(Math.min(width, widest), leastWidth, mostWidth)), ratio };
}

/** One row of an album. */
export type AlbumRow = {
  /** As a part of the album's width. */
  height: number;
  /** Which pictures, and how much of the row's width each takes. */
  cells: { index: number; part: number }[];
};

/** In a row, pictures are cut to shapes between these. */
const cellShapes = { tallest: 0.6, longest: 1.9 };

/** What a row should be high, and all rows together at most, as parts of the width. */
const rowHeight = 0.5;
const albumHeight = 1.3;
const mostInRow = 4;

/** Lays pictures out in rows of even height, in their order; of all ways to break the rows the best one. */
export function albumRows(sizes: readonly Size[]): AlbumRow[] {
  const shapes = sizes.map(({ width, height }) =>
    clamp(width > 0 && height > 0 ? width / height : 1, cellShapes.tallest, cellShapes.longest),
  );
  let best: AlbumRow[] = [];
  let bestCost = Number.POSITIVE_INFINITY;
  // Each bit says whether a row ends after that picture. With ten pictures these are 512 ways.
  for (let breaks = 0; breaks < 1 << Math.max(0, shapes.length - 1); breaks++) {
    const rows = rowsOf(shapes, breaks);
    const cost = costOf(rows);
    if (cost < bestCost) {
      best = rows;
      bestCost = cost;
    }
  }
  return best;
}

function rowsOf(shapes: readonly number[], breaks: number): AlbumRow[] {
  const rows: number[][] = [[]];
  shapes.forEach((_, index) => {
    rows.at(-1)?.push(index);
    if (index < shapes.length - 1 && breaks & (1 << index)) rows.push([]);
  });
  return rows.map((indexes) => {
    const sum = indexes.reduce((total, index) => total + (shapes[index] ?? 1), 0);
    return { height: 1 / sum, cells: indexes.map((index) => ({ index, part: (shapes[index] ?? 1) / sum })) };
  });
}

function costOf(rows: readonly AlbumRow[]): number {
  const whole = rows.reduce((sum, row) => sum + row.height, 0);
  const uneven = rows.reduce((sum, row) => sum + Math.log(row.height / rowHeight) ** 2, 0) / rows.length;
  const crowded = rows.some((row) => row.cells.length > mostInRow) ? 100 : 0;
  return uneven + crowded + Math.max(0, whole - albumHeight) * 8;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
