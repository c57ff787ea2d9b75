import { encode } from "uqr";

/** Modules of white around the code, as ISO/IEC 18004 wants. */
const quiet = 4;

/** A QR code as one path: dark on white in both themes, since some scanners read nothing else. */
export function QrCode({ text, label, size }: { text: string; label: string; size: number }) {
  const { data } = encode(text, { ecc: "M", border: 0 });
  const side = data.length + 2 * quiet;
  const path = data
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + quiet} ${y + quiet}h1v1h-1z` : "")))
    .join("");
  return (
    <svg
      role="img"
      aria-label={label}
      width={size}
      height={size}
      viewBox={`0 0 ${side} ${side}`}
      shapeRendering="crispEdges"
      className="rounded-2xl bg-white"
    >
      <path d={path} fill="#000" />
    </svg>
  );
}
