// @ts-check
/**
 * `npm run bench [-- --runtime system] [--runtimes] [--json FILE] [--only PREFIX] [--quick]`. Brings
 * what the benchmark needs up to date, then hands over to main.js under the Node that bench/
 * installs, or under the one that runs this with `--runtime system`. With `--runtimes`, or with
 * `--runtime all`, Deno, Bun and Chromium run the rows of neutral/ too.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseOptions } from "./options.js";

const bench = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));
const EXPECTED = "v24.";

/** @param {string} command @param {string[]} args */
function step(command, args) {
  // Standard output is the table's alone, so that it can be piped.
  execFileSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
}

function installIsStale() {
  const installed = `${bench}node_modules/.package-lock.json`;
  if (!existsSync(installed)) return true;
  return statSync(installed).mtimeMs < statSync(`${bench}package-lock.json`).mtimeMs;
}

function installedNode() {
  const node = `${bench}node_modules/.bin/node`;
  const answer = spawnSync(node, ["--version"], { encoding: "utf8" });
  const found = answer.error ? answer.error.message : answer.stdout.trim();
  if (!found.startsWith(EXPECTED)) {
    throw new Error(
      `expected Node ${EXPECTED}x from the \`node\` package in bench/, found: ${found}. ` +
        "Its install script brings the binary: run `npm ci --prefix bench` with scripts allowed, " +
        "or measure this machine's Node with `--runtime system`.",
    );
  }
  return node;
}

try {
  const args = process.argv.slice(2);
  const options = parseOptions(args);
  step(process.execPath, ["build/build.js", "--if-stale"]);
  if (installIsStale()) step("npm", ["ci", "--prefix", "bench", "--loglevel=error"]);
  const node = options.runtime === "system" ? process.execPath : installedNode();
  const { status } = spawnSync(node, [`${bench}main.js`, ...args], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
