import i18next from "i18next";
import { Component, type ReactNode } from "react";
import { Button } from "./Button";
import { Empty } from "./Empty";

/** Catches what a screen throws: the server has everything, so a reload brings it back. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="grid h-dvh place-items-center bg-surface" role="alert">
        <Empty icon="alert" tone="error" title={i18next.t("errors.title")} text={i18next.t("errors.crash")}>
          <Button look="primary" onClick={() => location.reload()}>
            {i18next.t("errors.reload")}
          </Button>
        </Empty>
      </main>
    );
  }
}
