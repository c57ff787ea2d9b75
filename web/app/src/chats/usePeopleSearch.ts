import type { PublicUser } from "@confab/sdk";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { client } from "../client";
import { useChats, useMe } from "../hooks";
import { useSettled } from "../search/useSettled";

/** Results asked for: more than anybody scrolls through. */
const limit = 30;

export type PeopleSearch = {
  people: readonly PublicUser[];
  /** Nothing was typed: `people` are those of one's chats. */
  idle: boolean;
  pending: boolean;
  error: Error | null;
  retry: () => void;
};

/** Finds people by what was typed; before anything is, offers those one shares a chat with. */
export function usePeopleSearch(typed: string): PeopleSearch {
  const query = typed.trim();
  const settled = useSettled(query);

  const known = useKnownPeople();
  const search = useQuery({
    queryKey: ["people", settled],
    queryFn: ({ signal }) => client.rest.searchUsers(settled, limit, signal),
    enabled: settled !== "",
    placeholderData: keepPreviousData,
  });

  const idle = query === "";
  return {
    people: idle ? known : (search.data?.items ?? []),
    idle,
    pending: !idle && (search.isPending || settled !== query),
    error: idle ? null : search.error,
    retry: () => void search.refetch(),
  };
}

function useKnownPeople(): readonly PublicUser[] {
  const chats = useChats();
  const me = useMe();
  return useMemo(() => {
    const found = new Map<string, PublicUser>();
    for (const chat of chats) {
      for (const { userId, username, displayName, avatarUrl } of chat.members) {
        if (userId !== me.id && username) found.set(userId, { id: userId, username, displayName, avatarUrl });
      }
    }
    return [...found.values()].slice(0, limit);
  }, [chats, me.id]);
}
