/** Where a tile lies on the stage, in CSS pixels. */
export type Rect = { x: number; y: number; width: number; height: number };

export type Size = { width: number; height: number };

/** The space between tiles, in CSS pixels. */
const gap = 10;

/** Tiles narrower or lower than this (CSS pixels) show nobody: the rest is counted instead. */
const minTile = { width: 132, height: 96 };

/** A tile may be wider or taller than a camera's 16:9 by this much before it is trimmed. */
const widest = 16 / 9;
const tallest = 3 / 4;

/** How many tiles of a useful size a stage holds. */
export function capacity(stage: Size): number {
  const columns = Math.max(1, Math.floor((stage.width + gap) / (minTile.width + gap)));
  const rows = Math.max(1, Math.floor((stage.height + gap) / (minTile.height + gap)));
  return columns * rows;
}

/** The grid with the largest tiles: every number of columns is tried, which for a screenful of people is a handful. */
export function grid(count: number, stage: Size): Rect[] {
  let best = { area: -1, columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const cell = {
      width: (stage.width - gap * (columns - 1)) / columns,
      height: (stage.height - gap * (rows - 1)) / rows,
    };
    const width = Math.max(0, Math.min(cell.width, cell.height * widest));
    const height = Math.max(0, Math.min(cell.height, cell.width / tallest));
    const area = width * height;
    if (area > best.area) best = { area, columns, width, height };
  }
  const { columns, width, height } = best;
  const rows = Math.ceil(count / columns);
  const top = (stage.height - rows * height - (rows - 1) * gap) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = (stage.width - inRow * width - (inRow - 1) * gap) / 2;
    return {
      x: left + (index - row * columns) * (width + gap),
      y: top + row * (height + gap),
      width,
      height,
    };
  });
}

/** One tile large, the others in a strip: at the side of a wide stage, below on a tall one. As many as fit. */
export function focused(count: number, stage: Size): { main: Rect; strip: Rect[] } {
  const whole = { x: 0, y: 0, width: stage.width, height: stage.height };
  if (count === 0) return { main: whole, strip: [] };
  const aside = stage.width > stage.height * 1.1;
  if (aside) {
    const width = Math.min(232, stage.width * 0.22);
    const height = width / widest;
    const fit = Math.max(1, Math.floor((stage.height + gap) / (height + gap)));
    const shown = Math.min(count, fit);
    const top = (stage.height - shown * height - (shown - 1) * gap) / 2;
    return {
      main: { ...whole, width: stage.width - width - gap },
      strip: Array.from({ length: shown }, (_, index) => ({
        x: stage.width - width,
        y: top + index * (height + gap),
        width,
        height,
      })),
    };
  }
  const height = Math.min(120, stage.height * 0.2);
  const width = Math.min(height * widest, (stage.width - gap) / 2);
  const fit = Math.max(1, Math.floor((stage.width + gap) / (width + gap)));
  const shown = Math.min(count, fit);
  const left = (stage.width - shown * width - (shown - 1) * gap) / 2;
  return {
    main: { ...whole, height: stage.height - height - gap },
    strip: Array.from({ length: shown }, (_, index) => ({
      x: left + index * (width + gap),
      y: stage.height - height,
      width,
      height,
    })),
  };
}

/** One's own picture in the corner of a call of two. */
export function corner(stage: Size): Rect {
  const upright = stage.height > stage.width;
  const width = upright ? Math.min(112, stage.width * 0.3) : Math.min(240, stage.width * 0.24);
  const height = upright ? width / tallest : width / widest;
  return { x: stage.width - width - 12, y: stage.height - height - 12, width, height };
}
