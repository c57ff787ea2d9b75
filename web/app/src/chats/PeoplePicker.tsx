import type { Id, PublicUser } from "@confab/sdk";
import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useModel } from "../hooks";
import { errorText } from "../i18n/errors";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { cx } from "../ui/classes";
import { Empty } from "../ui/Empty";
import { SearchField } from "../ui/Field";
import { Icon } from "../ui/icons";
import { Spinner } from "../ui/Spinner";
import { usePeopleSearch } from "./usePeopleSearch";

type PickerProps = {
  onPick: (person: PublicUser) => void;
  /** For choosing several: who is chosen shows a tick. */
  chosen?: ReadonlySet<Id>;
  /** Who cannot be picked, and why. */
  barred?: ReadonlySet<Id>;
  barredText?: string;
  busyId?: Id | undefined;
  /** Between the search field and the results. */
  children?: ReactNode;
};

/** A search for people with its results: arrows move, Enter picks. */
export function PeoplePicker({ onPick, chosen, barred, barredText, busyId, children }: PickerProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const { people, idle, pending, error, retry } = usePeopleSearch(typed);
  const current = people[Math.min(at, people.length - 1)];

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, people.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && current && !barred?.has(current.id)) onPick(current);
    else return;
    event.preventDefault();
  }

  return (
    <div className="flex min-h-72 flex-col">
      <SearchField
        label={t("people.searchHint")}
        value={typed}
        onChange={(next) => {
          setTyped(next);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        autoFocus
        role="combobox"
        aria-expanded={people.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={current ? `${id}-${current.id}` : undefined}
        aria-autocomplete="list"
      />
      {children}
      <div className="mt-2 flex min-h-0 flex-1 flex-col" aria-busy={pending}>
        {error ? (
          <Empty icon="alert" tone="error" title={errorText(t, error)}>
            <Button icon="retry" onClick={retry}>
              {t("common.retry")}
            </Button>
          </Empty>
        ) : people.length > 0 ? (
          <>
            {idle && <p className="px-2 pt-1 pb-1 text-[13px] font-medium text-ink-3">{t("people.known")}</p>}
            <div
              id={`${id}-list`}
              role="listbox"
              aria-label={t("people.search")}
              aria-multiselectable={chosen ? true : undefined}
              className={cx("transition-opacity", pending && "opacity-60")}
            >
              {people.map((person) => (
                <Person
                  key={person.id}
                  id={`${id}-${person.id}`}
                  person={person}
                  current={person === current}
                  chosen={chosen?.has(person.id)}
                  note={barred?.has(person.id) ? barredText : undefined}
                  busy={busyId === person.id}
                  onPick={onPick}
                />
              ))}
            </div>
          </>
        ) : pending ? (
          <p role="status" className="grid flex-1 place-items-center text-ink-3">
            <Spinner />
            <span className="sr-only">{t("common.loading")}</span>
          </p>
        ) : idle ? (
          <Empty icon="search" title={t("people.start")} />
        ) : (
          <Empty
            icon="person"
            title={t("people.none")}
            text={t("people.noneText", { query: typed.trim() })}
          />
        )}
      </div>
    </div>
  );
}

function Person({
  id,
  person,
  current,
  chosen,
  note,
  busy,
  onPick,
}: {
  id: string;
  person: PublicUser;
  current: boolean;
  chosen: boolean | undefined;
  note: string | undefined;
  busy: boolean;
  onPick: (person: PublicUser) => void;
}) {
  const online = useModel((state) => state.online.has(person.id));
  const barred = note !== undefined;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the search field drives this list by arrows and Enter
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen ?? current}
      aria-disabled={barred || undefined}
      onClick={() => !barred && onPick(person)}
      className={cx(
        "flex cursor-pointer items-center gap-3 rounded-xl px-2 py-2 transition-colors",
        barred ? "cursor-default opacity-60" : "hover:bg-hover",
        current && !barred && "bg-hover",
      )}
    >
      <Avatar id={person.id} name={person.displayName} url={person.avatarUrl} size={40} online={online} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{person.displayName}</span>
        <span className="block truncate text-[14px] text-ink-3">{note ?? `@${person.username}`}</span>
      </span>
      {busy && <Spinner size={18} className="text-accent" />}
      {chosen !== undefined && !barred && (
        <span
          className={cx(
            "grid size-5.5 place-items-center rounded-full border-2 transition",
            chosen ? "border-accent bg-accent text-on-accent" : "border-line-strong",
          )}
        >
          {chosen && <Icon name="check" size={14} strokeWidth={2.75} />}
        </span>
      )}
    </div>
  );
}
