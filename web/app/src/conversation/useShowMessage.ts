import type { Id } from "@confab/sdk";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { toast } from "../ui/toasts";
import type { Place } from "./target";
import { followToMessage } from "./useListKeys";

/** How long a message that was jumped to stands out, in ms. */
const highlightFor = 2200;

type Anchor = { hold: (messageId: Id) => void; letGo: (messageId: Id) => void; toAnchor: () => void };

/** Goes to a message, loading what is around it if need be, and lets it stand out for a moment. */
export function useShowMessage(chatId: Id, { hold, letGo, toAnchor }: Anchor) {
  const { t } = useTranslation();
  const [highlighted, setHighlighted] = useState<{ id: Id } | null>(null);

  useEffect(() => {
    if (!highlighted) return;
    toAnchor();
    followToMessage(highlighted.id);
    const timer = setTimeout(() => {
      letGo(highlighted.id); // the next one may be on its way already
      setHighlighted(null);
    }, highlightFor);
    return () => clearTimeout(timer);
  }, [highlighted, letGo, toAnchor]);

  const show = useCallback(
    async ({ id, seq }: Place) => {
      hold(id);
      try {
        await client.messaging.goTo(chatId, seq === undefined ? id : { seq });
        setHighlighted({ id });
      } catch (error) {
        letGo(id);
        toast(errorText(t, error), "error");
      }
    },
    [chatId, hold, letGo, t],
  );

  return { show, highlighted: highlighted?.id };
}
