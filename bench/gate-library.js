// @ts-check
/** The sources that the rows of the gate use, bundled: the package does not name `decide`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/** @returns {Promise<typeof import("./gate-entry.js")>} */
export async function gateLibrary() {
  const folder = mkdtempSync(join(tmpdir(), "writ-bench-gate-"));
  const outfile = join(folder, "gate.mjs");
  try {
    await build({
      entryPoints: [fileURLToPath(new URL("gate-entry.ts", import.meta.url))],
      bundle: true,
      format: "esm",
      platform: "node",
      target: "es2022",
      outfile,
      logLevel: "error",
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @template T
 * @param {{ok: true, value: T} | {ok: false, code?: string, expected: string, found: string}} result
 * @returns {T}
 */
export function must(result) {
  if (result.ok) return result.value;
  throw new Error(`${result.code}: expected ${result.expected}, found ${result.found}`);
}
