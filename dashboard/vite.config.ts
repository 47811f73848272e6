import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Everything that is served is a file of ours: no inline script, no inline style, no data address.
export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    license: { fileName: "third-party-licences.md" },
  },
});
