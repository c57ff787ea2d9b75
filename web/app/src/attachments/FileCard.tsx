import { type ReactNode, use } from "react";
import { useTranslation } from "react-i18next";
import { Highlighted } from "../search/Highlighted";
import { SearchedFor } from "../search/SearchedFor";
import { Icon } from "../ui/icons";
import { endingOf, fileSize } from "./kinds";

/** A file that is not shown in place: what it is called, its type and size. `action` replaces the picture of its type. */
export function FileCard({
  name,
  size,
  note,
  action,
}: {
  name: string;
  size: number;
  note?: string | undefined;
  action?: ReactNode;
}) {
  const { i18n } = useTranslation();
  const searched = use(SearchedFor);
  return (
    <span className="flex min-w-0 items-center gap-3 py-1 text-left">
      {action ?? <TypeTile name={name} />}
      <span className="min-w-0 flex-1">
        <bdi className="line-clamp-2 leading-tight font-medium [overflow-wrap:anywhere]">
          {searched ? <Highlighted text={name} query={searched} /> : name}
        </bdi>
        <span className="block truncate pr-20 text-[13px] text-ink-2">
          {fileSize(i18n.language, size)}
          {note && ` · ${note}`}
        </span>
      </span>
    </span>
  );
}

/** The picture of a file's type: its ending on a tile. */
export function TypeTile({ name }: { name: string }) {
  const ending = endingOf(name);
  return (
    <span className="grid size-12 shrink-0 place-items-center rounded-2xl bg-accent text-on-accent">
      {ending ? (
        <span className="text-[12.5px] font-bold tracking-wide">{ending}</span>
      ) : (
        <Icon name="file" size={22} />
      )}
    </span>
  );
}
