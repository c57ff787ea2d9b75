import type { PublicUser } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { Avatar } from "../ui/Avatar";
import { Icon } from "../ui/icons";

/** Who has been picked so far, each to be taken away again. */
export function ChosenPeople({
  people,
  onRemove,
}: {
  people: readonly PublicUser[];
  onRemove: (person: PublicUser) => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <p role="status" className="sr-only">
        {people.length > 0 && t("people.selected", { count: people.length })}
      </p>
      {people.length > 0 && (
        <ul className="mt-3 flex flex-wrap gap-1.5">
          {people.map((person) => (
            <li key={person.id}>
              <button
                type="button"
                aria-label={t("people.unselect", { name: person.displayName })}
                onClick={() => onRemove(person)}
                className="flex max-w-48 animate-pop items-center gap-2 rounded-full bg-accent-soft py-1 pr-2 pl-1 text-[14px] hover:brightness-95"
              >
                <Avatar id={person.id} name={person.displayName} url={person.avatarUrl} size={24} />
                <span className="truncate">{person.displayName}</span>
                <Icon name="close" size={14} className="shrink-0 text-ink-3" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
