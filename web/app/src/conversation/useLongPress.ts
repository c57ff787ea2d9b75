import { type PointerEvent, useRef } from "react";

/** How long a finger rests before it means more than a tap, in ms. */
const delay = 450;

/** A finger that moves this far (px) scrolls instead. */
const slack = 10;

/** A long press by touch opens what a right click opens with a mouse: not every phone turns one into the other. */
export function useLongPress(open: (x: number, y: number) => void) {
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number }>(undefined);

  function cancel() {
    clearTimeout(press.current?.timer);
    press.current = undefined;
  }

  return {
    onPointerDown(event: PointerEvent) {
      cancel();
      if (event.pointerType !== "touch") return;
      const { clientX: x, clientY: y } = event;
      press.current = { x, y, timer: setTimeout(() => open(x, y), delay) };
    },
    onPointerMove(event: PointerEvent) {
      const at = press.current;
      if (at && Math.hypot(event.clientX - at.x, event.clientY - at.y) > slack) cancel();
    },
    onPointerUp: cancel,
    onPointerCancel: cancel,
  };
}
