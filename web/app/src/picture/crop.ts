/** A square cut out of a picture. All lengths are pixels of the picture. */

export interface Size {
  width: number;
  height: number;
}

export interface Crop {
  /** The square's middle. */
  x: number;
  y: number;
  /** 1: the largest square that fits; 2: half its side. */
  zoom: number;
}

/** Beyond this the picture is nothing but its pixels. */
export const mostZoom = 4;

export function sideOf(picture: Size, zoom: number): number {
  return Math.min(picture.width, picture.height) / zoom;
}

/** The largest square in the middle. */
export function wholeOf(picture: Size): Crop {
  return { x: picture.width / 2, y: picture.height / 2, zoom: 1 };
}

/** The nearest crop that lies within the picture. */
export function within(picture: Size, crop: Crop): Crop {
  const zoom = clamp(crop.zoom, 1, mostZoom);
  const half = sideOf(picture, zoom) / 2;
  return {
    x: clamp(crop.x, half, picture.width - half),
    y: clamp(crop.y, half, picture.height - half),
    zoom,
  };
}

/** Follows a drag of so many pixels of a stage whose side shows the crop: the picture moves with the finger. */
export function dragged(picture: Size, crop: Crop, by: { x: number; y: number }, stage: number): Crop {
  const scale = sideOf(picture, crop.zoom) / stage;
  return within(picture, { ...crop, x: crop.x - by.x * scale, y: crop.y - by.y * scale });
}

export function zoomed(picture: Size, crop: Crop, zoom: number): Crop {
  return within(picture, { ...crop, zoom });
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
