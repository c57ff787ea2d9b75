/** How a file is shown. */
export type Look = "picture" | "video" | "audio" | "file";

/** Types that every browser of today shows in place; the server lets no others be shown inline. */
const pictures = new Set(["image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"]);
const videos = new Set(["video/mp4", "video/webm", "video/quicktime"]);
const sounds = new Set(["audio/ogg", "audio/webm", "audio/mp4", "audio/mpeg", "audio/wav", "audio/flac"]);

type Shape = { mime: string; width?: number | undefined; height?: number | undefined };

/** A picture whose size the server could not tell is one that it could not read: a file like any other. */
export function lookOf({ mime, width, height }: Shape): Look {
  if (pictures.has(mime) && width && height) return "picture";
  if (videos.has(mime)) return "video";
  return sounds.has(mime) ? "audio" : "file";
}

/** The same for a file of this device, by the type that the browser gives it. */
export function looksLike(type: string): Look {
  return lookOf({ mime: type.split(";")[0] ?? "", width: 1, height: 1 });
}

/** What a file card says in its corner: the ending, or nothing when it is none. */
export function endingOf(name: string): string {
  const ending = /\.([\p{L}\p{N}]{1,5})$/u.exec(name)?.[1] ?? "";
  return ending.toUpperCase();
}

const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A size as people read it: 20 MB, 1.4 kB. Steps of 1024, as limits are told in. */
export function fileSize(language: string, bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: units[unit] ?? "byte",
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}
