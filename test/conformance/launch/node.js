// @ts-check
/** The Node that runs this, and the Node 24 of test/runtimes. */
import { identify, INSTALL, installed } from "./installed.js";
import { runProgram } from "./program.js";

export const name = "node";

/** @returns {Promise<import("./outcome.js").Found | import("./outcome.js").Missing>} */
export async function find() {
  return { version: process.versions.node, path: process.execPath };
}

/** @type {import("./outcome.js").Launcher["run"]} */
export async function run(found, suiteDir, limits) {
  return runProgram(found.path, [], suiteDir, limits);
}

/** @returns {Promise<import("./outcome.js").Found | import("./outcome.js").Missing>} */
async function findNode24() {
  const path = installed("node24/bin/node");
  // An install script brings the program: it may have been skipped without a word.
  if (!path) return { missing: `Node 24 is not there: ${INSTALL}, with install scripts` };
  const found = await identify(path, INSTALL);
  if ("missing" in found || found.version.startsWith("24.")) return found;
  return { missing: `expected Node 24, found ${found.version}: ${INSTALL}, with install scripts` };
}

/** @type {import("./outcome.js").Launcher} */
export const node24 = { name: "node24", find: findNode24, run };
