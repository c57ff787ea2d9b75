import { ConfabError, type Id, type Message } from "@confab/sdk";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { client } from "../client";
import { useSettled } from "./useSettled";

/** Results a page. */
const pageSize = 20;

/** The server takes no longer query, in characters. */
const longest = 100;

export type MessageSearch = {
  /** Newest first. */
  hits: readonly Message[];
  /** What the hits were found for. */
  query: string;
  pending: boolean;
  error: Error | null;
  hasMore: boolean;
  loadingMore: boolean;
  more: () => void;
  retry: () => void;
};

/** Finds messages by what was typed: in one chat, or in all. */
export function useMessageSearch(typed: string, chatId?: Id): MessageSearch {
  const wanted = [...typed.trim()].slice(0, longest).join("");
  const query = useSettled(wanted);
  const search = useInfiniteQuery({
    queryKey: ["message-search", chatId ?? "", query],
    queryFn: ({ pageParam, signal }) =>
      client.rest.searchMessages(
        {
          ...{ q: query, limit: pageSize },
          ...(chatId ? { chatId } : {}),
          ...(pageParam ? { cursor: pageParam } : {}),
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    enabled: query !== "",
    placeholderData: keepPreviousData,
    // A refusal stays one, and asking again at once makes a limit last longer.
    retry: (failures, error) => failures < 1 && !(error instanceof ConfabError && error.status > 0),
  });
  const hits = useMemo(() => search.data?.pages.flatMap((page) => page.items) ?? [], [search.data]);
  return {
    hits: wanted === "" ? none : hits,
    query,
    pending: wanted !== "" && (search.isPending || search.isPlaceholderData || query !== wanted),
    error: wanted === "" ? null : search.error,
    hasMore: search.hasNextPage,
    loadingMore: search.isFetchingNextPage,
    more: () => {
      if (search.hasNextPage && !search.isFetching) void search.fetchNextPage();
    },
    retry: () => void (search.data && search.hasNextPage ? search.fetchNextPage() : search.refetch()),
  };
}

const none: readonly Message[] = [];
