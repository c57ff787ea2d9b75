import { type Crop, type Size, sideOf } from "./crop";

/** The side of a finished avatar in pixels: the largest one on any screen is 116 at triple density. */
const side = 512;

/** JPEG's quality: no artefacts that show at this size, and some 60 KB. */
const quality = 0.9;

/** A picture that was opened from a file. Close it to free the memory. */
export interface OpenPicture extends Size {
  image: HTMLImageElement;
  url: string;
  close: () => void;
}

/** Rejects when the browser cannot read it as a picture. */
export async function openPicture(file: Blob): Promise<OpenPicture> {
  const url = URL.createObjectURL(file);
  const close = () => URL.revokeObjectURL(url);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch (error) {
    close();
    throw error;
  }
  return { image, url, close, width: image.naturalWidth, height: image.naturalHeight };
}

/** The crop as a JPEG. What was transparent becomes white. */
export function cutOut(picture: OpenPicture, crop: Crop): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (!context) return Promise.reject(new Error("no canvas"));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.imageSmoothingQuality = "high";
  const from = sideOf(picture, crop.zoom);
  context.drawImage(picture.image, crop.x - from / 2, crop.y - from / 2, from, from, 0, 0, side, side);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be encoded"))),
      "image/jpeg",
      quality,
    );
  });
}
