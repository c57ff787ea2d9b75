import type { CSSProperties } from "react";
import { useBrokenUrl } from "../hooks";
import { initialsOf, tintOf } from "../platform/tints";
import { cx } from "./classes";

type AvatarProps = {
  id: string;
  name: string;
  url?: string | null;
  /** Pixels. */
  size?: number;
  online?: boolean;
  className?: string;
};

/** A picture, or initials on the colour of the id. Decoration: the name stands beside it. */
export function Avatar({ id, name, url, size = 44, online, className }: AvatarProps) {
  const [broken, setBroken] = useBrokenUrl();
  const dot = Math.max(10, Math.round(size * 0.27));
  return (
    <span
      aria-hidden="true"
      className={cx("relative inline-block shrink-0 select-none", className)}
      style={{ width: size, height: size, "--tint": tintOf(id) } as CSSProperties}
    >
      {url && broken !== url ? (
        <img
          src={url}
          alt=""
          draggable={false}
          onError={() => setBroken(url)}
          className="size-full rounded-full object-cover"
        />
      ) : (
        <span
          // Written by CSS, so that no name of a button has the initials in it.
          data-initials={initialsOf(name)}
          className="tint grid size-full place-items-center rounded-full font-semibold tracking-wide text-white before:content-[attr(data-initials)]"
          style={{ fontSize: Math.round(size * 0.37) }}
        />
      )}
      {online && (
        <span
          className="absolute right-0 bottom-0 rounded-full bg-[#2fb56a] ring-2 ring-surface"
          style={{ width: dot, height: dot }}
        />
      )}
    </span>
  );
}
