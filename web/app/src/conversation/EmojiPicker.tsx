import { Popover } from "radix-ui";
import type { KeyboardEvent, ReactNode } from "react";
import { useState } from "react";
import { commonEmoji } from "./emoji";

const columns = 8;

/** A small grid of emoji in a popover; the arrows walk through it. */
export function EmojiPicker({
  trigger,
  label,
  onPick,
}: {
  trigger: ReactNode;
  label: string;
  onPick: (emoji: string) => void;
}) {
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side="top"
          align="start"
          sideOffset={8}
          collisionPadding={8}
          aria-label={label}
          className="z-50 animate-pop rounded-2xl border border-line bg-raised p-2 shadow-mid focus:outline-none"
        >
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrows only move between the buttons inside */}
          <div className="grid grid-cols-8" onKeyDown={walk}>
            {commonEmoji.map((emoji) => (
              <button
                key={emoji}
                type="button"
                onClick={() => {
                  onPick(emoji);
                  setOpen(false);
                }}
                className="grid size-9 place-items-center rounded-lg text-[20px] hover:bg-hover focus-visible:-outline-offset-2"
              >
                {emoji}
              </button>
            ))}
          </div>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function walk(event: KeyboardEvent<HTMLDivElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
  if (!step) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + step]?.focus();
}
