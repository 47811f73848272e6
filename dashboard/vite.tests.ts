import { readdirSync } from "node:fs";
import { defineConfig } from "vite";

// The tests of the logic as plain modules, for Node's own runner: what builds can run them.
export default defineConfig({
  build: {
    ssr: true,
    outDir: ".tests",
    emptyOutDir: true,
    minify: false,
    rollupOptions: { input: readdirSync("tests").map((each) => `tests/${each}`) },
  },
});
