import { type PointerEvent, useRef, useState } from "react";

/** Distance from the edges of the window, in CSS pixels. */
const margin = 12;

/** Below the header of a conversation, where it covers nothing that one reads or writes. */
const startTop = 76;

/** Lets something be moved about the window; it never leaves it. It starts at the upper right. */
export function useDrag(size: { width: number; height: number }) {
  const [offset, setOffset] = useState({ right: margin, top: startTop });
  const from = useRef<{ x: number; y: number; right: number; top: number }>(undefined);

  return {
    // CSS clamps, so that a window that gets smaller takes it along.
    style: {
      right: `clamp(${margin}px, ${offset.right}px, calc(100vw - ${size.width + margin}px))`,
      top: `clamp(${margin}px, ${offset.top}px, calc(100dvh - ${size.height + margin}px))`,
    },
    handlers: {
      onPointerDown(event: PointerEvent<HTMLElement>) {
        if (event.target instanceof Element && event.target.closest("button")) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, y: event.clientY, ...offset };
      },
      onPointerMove(event: PointerEvent<HTMLElement>) {
        const start = from.current;
        if (!start) return;
        const within = (value: number, max: number) =>
          Math.min(Math.max(margin, value), Math.max(margin, max));
        setOffset({
          right: within(start.right - (event.clientX - start.x), innerWidth - size.width - margin),
          top: within(start.top + event.clientY - start.y, innerHeight - size.height - margin),
        });
      },
      onPointerUp() {
        from.current = undefined;
      },
      onPointerCancel() {
        from.current = undefined;
      },
    },
  };
}
