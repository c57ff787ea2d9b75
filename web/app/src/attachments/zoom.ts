/** How a picture lies in the viewer: enlarged `scale` times, its middle moved by x and y (CSS pixels). */
export type View = { scale: number; x: number; y: number };

export const whole: View = { scale: 1, x: 0, y: 0 };
export const mostScale = 8;

/** Enlarges around a point, given from the middle of the viewer: what is under the point stays there. */
export function zoomAt(view: View, factor: number, point: { x: number; y: number }): View {
  const scale = Math.max(1, Math.min(mostScale, view.scale * factor));
  if (scale === 1) return whole;
  const by = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * by, y: point.y - (point.y - view.y) * by };
}

/** Moves an enlarged picture, but not out of the viewer: `spare` is how much wider and higher it is than that. */
export function moved(view: View, dx: number, dy: number, spare: { x: number; y: number }): View {
  const bound = (value: number, room: number) => Math.max(-room / 2, Math.min(room / 2, value));
  return {
    scale: view.scale,
    x: bound(view.x + dx, Math.max(0, spare.x)),
    y: bound(view.y + dy, Math.max(0, spare.y)),
  };
}

/** What a finger that has moved by dx, dy over a picture at its own size means, if anything. */
export function swipeOf(dx: number, dy: number): "next" | "previous" | "close" | null {
  const far = 60; // px: less than this is a tap that slipped
  if (Math.abs(dx) > far && Math.abs(dx) > 1.5 * Math.abs(dy)) return dx < 0 ? "next" : "previous";
  if (dy > far * 1.5 && dy > 1.5 * Math.abs(dx)) return "close";
  return null;
}
