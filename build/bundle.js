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
  const library = {
    index: "src/index.ts",
    trust: "src/trust.ts",
    authorization: "src/authorization.ts",
    gate: "src/gate.ts",
    proof: "src/proof.ts",
    node: "src/node.ts",
    pool: "src/pool.ts",
    "pool-worker": "src/runtime/pool-worker.ts",
  };
  // Apart: a shared chunk holds all that any of its entries uses, and pages load no command line.
  for (const [name, entryPoints] of Object.entries({
    chunk: library,
    cli: { cli: "src/cli/main.ts" },
  })) {
    await build({
      ...common,
      entryPoints,
      outdir: "dist",
      splitting: true,
      chunkNames: `${name}-[hash]`,
      platform: "neutral",
      mainFields: ["module", "main"],
      external: ["node:*"],
    });
  }
  const edges = [
    { condition: "workerd", specifier: "./kernel.wasm" },
    { condition: "edge-light", specifier: "./kernel.wasm?module" },
  ];
  for (const { condition, specifier } of edges) {
    await build({
      ...common,
      // Together, although only the first loads a kernel: what the two share is there once.
      entryPoints: {
        [`index.${condition}`]: "src/edge.ts",
        [`trust.${condition}`]: "src/trust.ts",
        [`authorization.${condition}`]: "src/authorization.ts",
        [`gate.${condition}`]: "src/gate.ts",
        [`proof.${condition}`]: "src/proof.ts",
      },
      outdir: "dist",
      splitting: true,
      chunkNames: `${condition}-[hash]`,
      platform: "neutral",
      mainFields: ["module", "main"],
      plugins: [importedKernel(specifier)],
    });
  }
}
