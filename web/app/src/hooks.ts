import type {
  CallState,
  CallsState,
  Chat,
  ConnectionState,
  Id,
  Member,
  ModelState,
  Observable,
  Profile,
  SessionState,
  Timeline,
  Timestamp,
} from "@confab/sdk";
import { useEffect, useState, useSyncExternalStore } from "react";
import { client } from "./client";

/** Watches a part of an observable. The part must keep its identity while it does not change, as the SDK's parts do. */
function useSelected<T, P>(source: Observable<T>, select: (value: T) => P): P {
  return useSyncExternalStore(source.subscribe, () => select(source.get()));
}

export const useSession = (): SessionState => useSelected(client.session, (state) => state);
export const useConnection = (): ConnectionState => useSelected(client.connection, (state) => state);
/** Whether the connection stands. */
export const useConnected = (): boolean =>
  useSelected(client.connection, ({ status }) => status === "online");
export const useModel = <P>(select: (state: ModelState) => P): P => useSelected(client.state, select);
export const useCalls = <P>(select: (state: CallsState) => P): P => useSelected(client.calls.state, select);

/** The signed-in user. Only under `Shell`, which waits until the profile is there. */
export function useMe(): Profile {
  const me = useModel((state) => state.me);
  if (!me) throw new Error("nobody is signed in");
  return me;
}

const findChat = (chats: readonly Chat[], id: Id) => chats.find((chat) => chat.id === id);

export const useChats = (): readonly Chat[] => useModel((state) => state.chats);
export const useChat = (id: Id): Chat | undefined => useModel((state) => findChat(state.chats, id));
export const useTimeline = (chatId: Id): Timeline | undefined => useModel((state) => state.timelines[chatId]);
export const useOnline = (userId: Id | undefined): boolean =>
  useModel((state) => userId !== undefined && state.online.has(userId));
export const useLastSeen = (userId: Id | undefined): Timestamp | undefined =>
  useModel((state) => (userId === undefined ? undefined : state.lastSeen[userId]));

const nobody: readonly Id[] = [];
export const useTyping = (chatId: Id): readonly Id[] => useModel((state) => state.typing[chatId] ?? nobody);

/** The call that this device is in; one that has ended is still shown until it is dismissed. */
export const useCurrentCall = (): CallState | null => useCalls((state) => state.current);

export function memberOf(chat: Chat, userId: Id): Member | undefined {
  return chat.members.find((member) => member.userId === userId);
}

/** Which address could not be loaded, as it is told; forgotten when the connection is back, which may have been why. */
export function useBrokenUrl(): [string | undefined, (url: string) => void] {
  const connected = useConnected();
  const [broken, setBroken] = useState<string>();
  useEffect(() => {
    if (connected) setBroken(undefined);
  }, [connected]);
  return [broken, setBroken];
}
