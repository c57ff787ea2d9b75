import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["*.e2e.ts"],
    // One file at a time: two browsers that encode video fill a two-core machine.
    fileParallelism: false,
    // The tests of a file are one story: what follows a failure only hides it.
    bail: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
