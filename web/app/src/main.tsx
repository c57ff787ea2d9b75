import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { client } from "./client";
import { startI18n } from "./i18n";
import { startTheme } from "./platform/theme";
import "./index.css";

startTheme();
startI18n();
void client.restore();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
