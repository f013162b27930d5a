// SPDX-License-Identifier: Apache-2.0
// Build, development server (API proxied to the mock) and tests.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const api = process.env.MINAMO_URL ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": api } },
  build: { outDir: "dist", target: "es2023", chunkSizeWarningLimit: 700 },
  // A busy machine is no failure: what does not come within a minute does not come.
  test: { environment: "jsdom", setupFiles: ["src/parts/testing.setup.ts"], include: ["src/**/*.test.{ts,tsx}"], testTimeout: 60_000 },
});
