// @ts-check
/** Bundles what ships: one ES module an entry, shared chunks, and the kernel beside them. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** @type {import("esbuild").BuildOptions} */
export const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};

/**
 * Leaves the platform's own module import in the output.
 * @param {string} specifier how the platform names the module
 * @returns {import("esbuild").Plugin}
 */
export function importedKernel(specifier) {
  return {
    name: "imported-kernel",
    setup({ onResolve }) {
      onResolve({ filter: /^#kernel-module$/ }, () => ({ path: specifier, external: true }));
    },
  };
}

export async function bundle() {
  await build({
    ...common,
    entryPoints: {
      index: "src/index.ts",
      pool: "src/pool.ts",
      "pool-worker": "src/runtime/pool-worker.ts",
      cli: "src/cli/main.ts",
    },
    outdir: "dist",
    splitting: true,
    chunkNames: "chunk-[hash]",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*"],
  });
  const edges = [
    { name: "index.workerd", specifier: "./kernel.wasm" },
    { name: "index.edge-light", specifier: "./kernel.wasm?module" },
  ];
  for (const { name, specifier } of edges) {
    await build({
      ...common,
      entryPoints: { [name]: "src/edge.ts" },
      outdir: "dist",
      splitting: true,
      chunkNames: `${name}-[hash]`,
      platform: "neutral",
      mainFields: ["module", "main"],
      plugins: [importedKernel(specifier)],
    });
  }
}
