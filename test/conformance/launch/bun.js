// @ts-check
/** Bun, which must not fetch what it does not find. */
import { identify, INSTALL, installed } from "./installed.js";
import { runProgram } from "./program.js";

export const name = "bun";

/** @returns {Promise<import("./outcome.js").Found | import("./outcome.js").Missing>} */
export async function find() {
  const path = installed(".bin/bun");
  return path ? identify(path, INSTALL) : { missing: `Bun is not there: ${INSTALL}` };
}

/** @type {import("./outcome.js").Launcher["run"]} */
export async function run(found, suiteDir, limits) {
  return runProgram(found.path, ["run", "--no-install"], suiteDir, limits, { DO_NOT_TRACK: "1" });
}
