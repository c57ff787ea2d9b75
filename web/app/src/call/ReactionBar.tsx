import { Popover } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { quickReactions } from "../conversation/emoji";
import { control } from "./actions";
import { ControlButton } from "./Controls";

/** Emoji to send flying; it stays open, since one claps more than once. */
export function ReactionBar() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <ControlButton icon="smile" label={t("call.react")} look={open ? "off" : "on"} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side="top"
          sideOffset={12}
          collisionPadding={8}
          data-theme="dark"
          aria-label={t("call.react")}
          className="z-50 flex animate-pop gap-1 rounded-full border border-line bg-raised p-1.5 shadow-high focus:outline-none"
        >
          {quickReactions.map((emoji) => (
            <button
              key={emoji}
              type="button"
              aria-label={t("message.reactWith", { emoji })}
              onClick={() => control(t, client.calls.react(emoji))}
              className="grid size-11 place-items-center rounded-full text-[24px] transition hover:scale-115 hover:bg-hover active:scale-95"
            >
              {emoji}
            </button>
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
