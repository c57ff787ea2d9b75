import { browserPlatform, ConfabClient } from "@confab/sdk";

/** The page's one connection to the server it came from. */
export const client = new ConfabClient({ baseUrl: location.origin, platform: browserPlatform() });

if (import.meta.hot) import.meta.hot.dispose(() => client.close());
