// @ts-check
/** Deno, without a single permission. */
import { identify, INSTALL, installed } from "./installed.js";
import { runProgram } from "./program.js";

export const name = "deno";

const FLAGS = ["--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-npm", "--no-remote"];

/** @returns {Promise<import("./outcome.js").Found | import("./outcome.js").Missing>} */
export async function find() {
  const path = installed(".bin/deno");
  return path ? identify(path, INSTALL) : { missing: `Deno is not there: ${INSTALL}` };
}

/** @type {import("./outcome.js").Launcher["run"]} */
export async function run(found, suiteDir, limits) {
  return runProgram(found.path, ["run", ...FLAGS], suiteDir, limits, { DENO_NO_UPDATE_CHECK: "1" });
}
