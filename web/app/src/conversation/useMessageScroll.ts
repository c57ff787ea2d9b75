import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** This near to the bottom (px) counts as being there: new messages are followed. */
const nearBottom = 48;

/** The way back down is offered from this far away (px). */
const farFromBottom = 320;

/** Earlier messages are asked for when less than this much (px) is left above, and later ones when it is below. */
const nearEnd = 900;

/** A message within so many screens is scrolled to; one further away is simply shown. */
const smoothScreens = 2;

/** Space above the unread divider when the chat opens at it (px). */
const dividerMargin = 96;

type ScrollInput = {
  /** Changes when something is put before the first message. */
  firstKey: string | undefined;
  /** Changes with everything that is shown. */
  content: unknown;
  /** The newest is mine: go to it wherever one was. */
  lastMineKey: string | undefined;
  /** The list does not end with the newest: its end is no place to stay at. */
  hasNewer: boolean;
  onNearTop: () => void;
  onNearBottom: () => void;
  /** After every movement: what is visible may have changed. */
  onMove: () => void;
};

/**
 * Keeps the list where the reader is: at the bottom it follows what is new; further up nothing moves, not even when
 * earlier messages come in above. A message that was jumped to stays in the middle while what is around it is loaded,
 * until the reader moves. Scroll anchoring of the browser is off, since not all have it.
 */
export function useMessageScroll(scroller: RefObject<HTMLElement | null>, input: ScrollInput) {
  const latest = useRef(input);
  const following = useRef(true);
  const placed = useRef(false);
  const anchor = useRef<string | null>(null);
  const before = useRef<{ firstKey: string | undefined; height: number; lastMineKey: string | undefined }>(
    undefined,
  );
  const [far, setFar] = useState(false);

  const toBottom = useCallback(
    (smooth = false) => {
      const element = scroller.current;
      if (!element) return;
      following.current = true;
      anchor.current = null;
      element.scrollTo({ top: element.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    },
    [scroller],
  );

  const center = useCallback(
    (smooth: boolean) => {
      const element = scroller.current;
      if (!element || anchor.current === null) return false;
      const message = element.querySelector(`[data-message-id="${CSS.escape(anchor.current)}"]`);
      if (!message) return false;
      const box = message.getBoundingClientRect();
      const frame = element.getBoundingClientRect();
      // A message taller than the screen is read from its beginning.
      const room = Math.max(12, (frame.height - box.height) / 2);
      const way = box.top - frame.top - room;
      const near = Math.abs(way) < smoothScreens * frame.height;
      element.scrollTo({ top: element.scrollTop + way, behavior: smooth && near ? "smooth" : "instant" });
      return true;
    },
    [scroller],
  );
  const toAnchor = useCallback(() => void center(true), [center]);

  const measure = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    following.current = below <= nearBottom && !latest.current.hasNewer && anchor.current === null;
    setFar(below > farFromBottom);
    if (element.scrollTop < nearEnd) latest.current.onNearTop();
    if (below < nearEnd && latest.current.hasNewer) latest.current.onNearBottom();
    latest.current.onMove();
  }, [scroller]);

  /** The message to stay at, which may not be there yet. */
  const hold = useCallback((messageId: string) => {
    anchor.current = messageId;
    following.current = false;
  }, []);

  /** Lets go of a message, or of any; of one that another has taken the place of there is nothing to let go. */
  const letGo = useCallback(
    (messageId = anchor.current) => {
      if (anchor.current === null || anchor.current !== messageId) return;
      anchor.current = null;
      measure();
    },
    [measure],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when what is shown changed
  useLayoutEffect(() => {
    latest.current = input;
    const element = scroller.current;
    if (!element) return;
    const old = before.current;
    if (!placed.current && input.firstKey !== undefined) {
      placed.current = true;
      openAt(element);
    } else if (old && old.lastMineKey !== input.lastMineKey && input.lastMineKey !== undefined) {
      toBottom();
    } else if (center(false)) {
      // Whatever came in around it, the message that was jumped to stays.
    } else if (following.current) {
      toBottom();
    } else if (old && old.firstKey !== input.firstKey) {
      element.scrollTop += element.scrollHeight - old.height;
    }
    before.current = {
      firstKey: input.firstKey,
      height: element.scrollHeight,
      lastMineKey: input.lastMineKey,
    };
    measure();
  }, [input.firstKey, input.content, input.lastMineKey]);

  // The virtual keyboard, a taller composer, a picture that loads: whoever is at the bottom stays there.
  useEffect(() => {
    const element = scroller.current;
    const content = element?.firstElementChild;
    if (!element || !content) return;
    const observer = new ResizeObserver(() => {
      if (!center(false) && following.current) toBottom();
      if (before.current) before.current.height = element.scrollHeight;
      measure();
    });
    observer.observe(element);
    observer.observe(content);
    element.addEventListener("scroll", measure, { passive: true });
    const onMoved = () => letGo();
    for (const move of movements) element.addEventListener(move, onMoved, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
      for (const move of movements) element.removeEventListener(move, onMoved);
    };
  }, [scroller, toBottom, measure, center, letGo]);

  return { far, toBottom, hold, letGo, toAnchor };
}

/** How a reader moves the list. */
const movements = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

/** Where a chat opens: at the first unread message, else at the end. */
function openAt(element: HTMLElement): void {
  const divider = element.querySelector<HTMLElement>("[data-unread-divider]");
  element.scrollTop = element.scrollHeight;
  if (!divider) return;
  const top = divider.getBoundingClientRect().top - element.getBoundingClientRect().top;
  if (top < dividerMargin) element.scrollTop += top - dividerMargin;
}

/** The seq of the lowest message that is in sight, or 0. */
export function lastVisibleSeq(element: HTMLElement): number {
  const bottom = element.getBoundingClientRect().bottom;
  const messages = element.querySelectorAll<HTMLElement>("[data-seq]");
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message && message.getBoundingClientRect().top < bottom - 8) return Number(message.dataset.seq);
  }
  return 0;
}
