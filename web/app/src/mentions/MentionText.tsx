import type { Id } from "@confab/sdk";
import { useMe } from "../hooks";
import { cx } from "../ui/classes";
import { openPerson } from "./person";

/** A name in a message: opens the person. One's own stands out. */
export function MentionText({ text, userId }: { text: string; userId: Id }) {
  const me = useMe();
  const mine = userId === me.id;
  return (
    <button
      type="button"
      data-mention={mine ? "me" : "other"}
      onClick={() => openPerson(userId)}
      className={cx(
        "rounded-md font-medium [overflow-wrap:anywhere] hover:underline",
        mine ? "bg-accent px-1 text-on-accent" : "text-accent",
      )}
    >
      {text}
    </button>
  );
}
