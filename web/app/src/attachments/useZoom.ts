import { type PointerEvent, useCallback, useEffect, useRef, useState } from "react";
import { moved, swipeOf, type View, whole, zoomAt } from "./zoom";

/** One step of the buttons and keys. */
const step = 1.5;
/** What a double click enlarges to. */
const closer = 2.5;

/** Fingers and mouse over the viewer: wheel, pinch and double click enlarge, dragging moves, swiping turns over. */
export function useZoom(onSwipe: (meaning: "next" | "previous" | "close") => void) {
  const stage = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const [view, setView] = useState<View>(whole);
  const [swiping, setSwiping] = useState({ x: 0, y: 0 });
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const start = useRef({ x: 0, y: 0 });

  const fromMiddle = useCallback((x: number, y: number) => {
    const box = stage.current?.getBoundingClientRect();
    return box ? { x: x - box.left - box.width / 2, y: y - box.top - box.height / 2 } : { x: 0, y: 0 };
  }, []);

  const enlarge = useCallback((factor: number, at = { x: 0, y: 0 }) => {
    setView((before) => zoomAt(before, factor, at));
  }, []);

  useEffect(() => {
    const element = stage.current;
    if (!element) return;
    // React's own listener is passive: it could not keep the page from zooming.
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      enlarge(
        Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)),
        fromMiddle(event.clientX, event.clientY),
      );
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [enlarge, fromMiddle]);

  function spare(scale: number) {
    const [box, image] = [stage.current, picture.current];
    if (!box || !image) return { x: 0, y: 0 };
    return {
      x: image.offsetWidth * scale - box.clientWidth,
      y: image.offsetHeight * scale - box.clientHeight,
    };
  }

  function onPointerDown(event: PointerEvent) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.current.size === 1) start.current = { x: event.clientX, y: event.clientY };
    else setSwiping({ x: 0, y: 0 });
  }

  function onPointerMove(event: PointerEvent) {
    const before = pointers.current.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    pointers.current.set(event.pointerId, now);
    if (other) {
      const apart = (point: { x: number; y: number }) => Math.hypot(point.x - other.x, point.y - other.y);
      enlarge(
        apart(now) / Math.max(1, apart(before)),
        fromMiddle((now.x + other.x) / 2, (now.y + other.y) / 2),
      );
    } else if (view.scale > 1) {
      setView((old) => moved(old, now.x - before.x, now.y - before.y, spare(old.scale)));
    } else if (event.pointerType !== "mouse") {
      setSwiping({ x: now.x - start.current.x, y: Math.max(0, now.y - start.current.y) });
    }
  }

  function onPointerUp(event: PointerEvent) {
    if (!pointers.current.delete(event.pointerId)) return;
    setSwiping({ x: 0, y: 0 });
    if (view.scale > 1 || pointers.current.size > 0 || event.pointerType === "mouse") return;
    const meaning = swipeOf(event.clientX - start.current.x, event.clientY - start.current.y);
    if (meaning) onSwipe(meaning);
  }

  function onDoubleClick(event: { clientX: number; clientY: number }) {
    if (view.scale > 1) setView(whole);
    else enlarge(closer, fromMiddle(event.clientX, event.clientY));
  }

  return {
    stage,
    picture,
    view,
    swiping,
    zoomIn: () => enlarge(step),
    zoomOut: () => enlarge(1 / step),
    handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp, onDoubleClick },
  };
}
