// @ts-check
/** Bundles the suite over the built package: once for everything, once for workerd. */
import { copyFile, mkdir, rm } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { common } from "../../build/bundle.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = `${root}/dist/conformance`;

export async function buildSuite() {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const data = await collectData();
  for (const { file, conditions } of [
    { file: "suite.js", conditions: [] },
    { file: "suite.workerd.js", conditions: ["workerd"] },
  ]) {
    await build({
      ...common,
      logOverride: { "ignored-bare-import": "silent" },
      entryPoints: ["test/conformance/suite/main.ts"],
      outfile: `dist/conformance/${file}`,
      platform: "neutral",
      conditions,
      plugins: [inlined(data), besides],
    });
  }
  await copyFile(`${root}/dist/kernel.wasm`, `${out}/kernel.wasm`);
}

async function collectData() {
  const outfile = `${out}/collect.js`;
  await build({
    ...common,
    entryPoints: ["test/conformance/collect.ts"],
    outfile,
    platform: "node",
    // The vectors are found relative to the test folder, not to the bundle.
    define: { "import.meta.url": JSON.stringify(pathToFileURL(`${root}/test/vectors.ts`).href) },
  });
  const { collect } = await import(pathToFileURL(outfile).href);
  await rm(outfile);
  return JSON.stringify(await collect());
}

/**
 * @param {string} data
 * @returns {import("esbuild").Plugin}
 */
function inlined(data) {
  return {
    name: "conformance-data",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^conformance-data$/ }, ({ path }) => ({ path, namespace: "inlined" }));
      onLoad({ filter: /.*/, namespace: "inlined" }, () => ({ contents: data, loader: "json" }));
    },
  };
}

/**
 * workerd takes the kernel as a module of its own, beside the bundle.
 * @type {import("esbuild").Plugin}
 */
const besides = {
  name: "kernel-beside",
  setup({ onResolve }) {
    onResolve({ filter: /\/kernel\.wasm$/ }, () => ({ path: "./kernel.wasm", external: true }));
  },
};
