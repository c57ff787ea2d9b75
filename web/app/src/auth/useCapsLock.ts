import { type KeyboardEvent, useState } from "react";

/** Notices Caps Lock while somebody types a password: half of all wrong ones. */
export function useCapsLock() {
  const [on, setOn] = useState(false);
  const watch = (event: KeyboardEvent<HTMLInputElement>) => setOn(event.getModifierState("CapsLock"));
  return { on, handlers: { onKeyDown: watch, onKeyUp: watch, onBlur: () => setOn(false) } };
}
