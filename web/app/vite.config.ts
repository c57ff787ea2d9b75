/// <reference types="vitest/config" />
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where `npm run dev` finds a running server (started with CONFAB_CORS_ORIGINS=http://localhost:5173). Every path below is the server's own; the rest are the app's.
const server = process.env.CONFAB_DEV_SERVER ?? "http://localhost:8080";
const serverPaths = [
  "/auth",
  "/users",
  "/chats",
  "/messages",
  "/attachments",
  "/calls",
  "/invitations",
  "/ice-servers",
  "/openapi.json",
];

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    target: "es2022",
    // Everything is a file of our own server: inlined data: URLs would need a laxer Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // In kB before compression. One chunk is meant: whoever opens the app soon needs all of it (260 kB gzipped; 250 are wanted).
    chunkSizeWarningLimit: 800,
  },
  server: {
    proxy: {
      ...Object.fromEntries(serverPaths.map((path) => [path, server])),
      "/ws": { target: server, ws: true },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
