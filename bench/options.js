// @ts-check
import { parseArgs } from "node:util";

/**
 * @typedef {{
 *   runtime: "bench" | "system", runtimes: boolean, json?: string, only: string, quick: boolean,
 * }} Options
 */

/** @param {string[]} args @returns {Options} */
export function parseOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      runtime: { type: "string", default: "bench" },
      runtimes: { type: "boolean", default: false },
      json: { type: "string" },
      only: { type: "string", default: "" },
      quick: { type: "boolean", default: false },
    },
  });
  const { json, only, quick } = values;
  const all = values.runtime === "all";
  const runtime = all ? "bench" : values.runtime;
  if (runtime !== "bench" && runtime !== "system") {
    throw new Error(`expected --runtime system, all or nothing, found --runtime ${runtime}`);
  }
  const runtimes = all || values.runtimes;
  return { runtime, runtimes, only, quick, ...(json === undefined ? {} : { json }) };
}
