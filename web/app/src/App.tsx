import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Tooltip } from "radix-ui";
import { useEffect } from "react";
import { forgetTrays } from "./attachments/tray";
import { AuthScreen } from "./auth/AuthScreen";
import { useSession } from "./hooks";
import { forgetDrafts } from "./platform/drafts";
import { keptInvitation } from "./platform/invitation";
import { navigate, useRoute } from "./platform/router";
import { Shell } from "./Shell";
import { ErrorBoundary } from "./ui/ErrorBoundary";
import { Splash } from "./ui/Splash";
import { Toasts } from "./ui/toasts";
import { forgetHeard } from "./voice/heard";

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: 1, staleTime: 15_000, refetchOnWindowFocus: false },
  },
});

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Tooltip.Provider delayDuration={500} skipDelayDuration={200}>
        <ErrorBoundary>
          <Screen />
        </ErrorBoundary>
        <Toasts />
      </Tooltip.Provider>
    </QueryClientProvider>
  );
}

/** Signed in or not decides what is shown; the address follows, and a link that was opened is kept for after. */
function Screen() {
  const session = useSession();
  const route = useRoute();
  const atDoor = route.name === "login" || route.name === "register";

  useEffect(() => {
    if (session.status === "signed-in" && atDoor) {
      navigate({ name: keptInvitation() === null ? "home" : "join" }, { replace: true });
    }
    if (session.status === "signed-out") {
      queries.clear();
      forgetDrafts();
      forgetTrays();
      forgetHeard();
      if (!atDoor && session.reason === "logout") navigate({ name: "login" }, { replace: true });
    }
  }, [session, atDoor]);

  switch (session.status) {
    case "restoring":
      return <Splash />;
    case "signed-out":
      return <AuthScreen registering={route.name === "register"} reason={session.reason} />;
    case "signed-in":
      return <Shell />;
  }
}
