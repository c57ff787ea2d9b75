import { Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";

/** How the running call is shown: over everything, or small beside the chats. */
export type CallView = "full" | "small";

const view = new Subject<CallView>("full");

export const openCall = (): void => view.set("full");
export const minimiseCall = (): void => view.set("small");
export const useCallView = (): CallView => useSyncExternalStore(view.subscribe, view.get);
