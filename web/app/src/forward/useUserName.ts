import type { Chat, Id } from "@confab/sdk";
import { useQuery } from "@tanstack/react-query";
import { client } from "../client";
import { memberOf, useMe, useModel } from "../hooks";

/** A name as it was read from the server is taken for so long, in ms. */
const fresh = 5 * 60_000;

/** Somebody's name: from any of one's chats, else from the server; undefined while, or if, nobody knows. */
export function useUserName(chat: Chat, userId: Id): string | undefined {
  const me = useMe();
  const known = useModel((state) => {
    if (userId === me.id) return me.displayName;
    const here = memberOf(chat, userId) ?? state.chats.map((c) => memberOf(c, userId)).find((m) => m);
    return here?.displayName;
  });
  const asked = useQuery({
    queryKey: ["user", userId],
    queryFn: () => client.rest.user(userId),
    enabled: !known,
    staleTime: fresh,
    retry: false,
  });
  return known || asked.data?.displayName || undefined;
}
