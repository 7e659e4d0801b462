// @ts-check
/**
 * Writes dist/viewer.html: one file with its program, its style and the kernel, which asks nobody for
 * anything. Its policy names the program and the style by their digests, and allows no connection.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { common } from "./bundle.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}/src/site/viewer`;

/** Bytes of the page, compressed, at most. */
const MOST = 112 << 10;

/** After the kernel: it is part of the program. */
export async function buildViewer() {
  const program = endless(
    // A classic script: a module is told nothing of its own text, which is the worker's too.
    await bundled("main.tsx", { format: "iife", jsx: "automatic", jsxImportSource: "preact" }),
  );
  const style = await bundled("viewer.css", {});
  const policy = [
    "default-src 'none'",
    `script-src '${digest(program)}' 'wasm-unsafe-eval'`,
    `style-src '${digest(style)}'`,
    "worker-src blob:",
    "connect-src 'none'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const page = [
    ['Policy" content="', policy],
    ["<style>", style],
    ['<script id="program">', program],
  ].reduce(
    (html, [before = "", text = ""]) => html.replace(before, () => `${before}${text}`),
    readFileSync(`${folder}/viewer.html`, "utf8"),
  );
  const { length: gzipped } = gzipSync(page, { level: 9 });
  if (gzipped > MOST) throw new Error(`the viewer has ${gzipped} bytes, gzipped: over ${MOST}`);
  writeFileSync(`${root}/dist/viewer.html`, page);
}

/** @param {string} entry @param {import("esbuild").BuildOptions} options */
async function bundled(entry, options) {
  const { outputFiles } = await build({
    ...common,
    ...options,
    entryPoints: [`${folder}/${entry}`],
    platform: "neutral",
    mainFields: ["module", "main"],
    write: false,
  });
  return /** @type {import("esbuild").OutputFile} */ (outputFiles[0]).text.trimEnd();
}

/** Text that no HTML parser takes for the end of a script: esbuild writes `<\/script`. @param {string} text */
function endless(text) {
  if (/<\/script|<!--/i.test(text)) throw new Error("the program would end its own element");
  return text;
}

/** @param {string} text */
function digest(text) {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
