import type { Id, Message } from "@confab/sdk";
import { useCallback, useEffect, useState } from "react";
import { client } from "../client";
import { draftOf, keepDraft } from "../platform/drafts";
import type { ComposerMode } from "./Composer";

const writing: ComposerMode = { kind: "new" };

/** What is being written in a chat. An answer stays one over reloads, as its text does. */
export function useComposerMode(chatId: Id) {
  const [mode, setMode] = useState<ComposerMode>(writing);

  const reply = useCallback(
    (message: Message) => {
      keepDraft(chatId, { replyTo: message.id });
      setMode({ kind: "reply", message });
    },
    [chatId],
  );
  const edit = useCallback((message: Message) => setMode({ kind: "edit", message }), []);

  function done() {
    if (mode.kind === "reply") keepDraft(chatId, { replyTo: null });
    setMode(writing);
  }

  // Back from a reload, from another chat or from an edit: the draft's answer is taken up.
  useEffect(() => {
    const { replyTo } = draftOf(chatId);
    if (mode.kind !== "new" || replyTo === undefined) return;
    let current = true;
    client.rest.message(replyTo).then(
      (message) => {
        if (!current) return;
        if (message.deletedAt) keepDraft(chatId, { replyTo: null });
        else setMode((now) => (now.kind === "new" ? { kind: "reply", message } : now));
      },
      () => {}, // out of reach: what is written goes out without it
    );
    return () => {
      current = false;
    };
  }, [chatId, mode.kind]);

  return { mode, setMode, reply, edit, done };
}
