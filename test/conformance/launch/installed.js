// @ts-check
/** Finds programs: the ones that `npm run runtimes` installs, and the system's. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withScratch } from "./scratch.js";

const folder = fileURLToPath(new URL("../../runtimes/", import.meta.url));
const require = createRequire(join(folder, "package.json"));

export const INSTALL = "npm run runtimes";

/** @param {string} name of a file inside test/runtimes/node_modules */
export function installed(name) {
  const path = join(folder, "node_modules", name);
  return existsSync(path) ? path : undefined;
}

/** @param {string} name of a package in test/runtimes */
export function load(name) {
  return require(name);
}

/** @param {string[]} names of a program, the preferred one first */
export function onPath(...names) {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((path) => join(path, name))).find(existsSync);
}

/**
 * Asks a program for its version: that also shows that it runs at all.
 * @param {string} path
 * @param {string} install the sentence for one that does not
 * @returns {Promise<import("./outcome.js").Found | import("./outcome.js").Missing>}
 */
export async function identify(path, install) {
  return withScratch(async (scratch) => {
    const what = `the version of ${path}`;
    const child = scratch.spawn(path, ["--version"]);
    const { end, stdout, stderr } = await scratch
      .finish(child, 20_000, what)
      .catch((error) => ({ end: String(error), stdout: "", stderr: "" }));
    const version = /\d[\w.-]*/.exec(stdout)?.[0];
    if (version) return { version, path };
    return {
      missing: `${what} is not known (${end}${stderr && `: ${stderr.trim()}`}): ${install}`,
    };
  });
}
