// @ts-check
import { parseArgs } from "node:util";

/** @typedef {{runtime: "bench" | "system", json?: string, only: string, quick: boolean}} Options */

/** @param {string[]} args @returns {Options} */
export function parseOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      runtime: { type: "string", default: "bench" },
      json: { type: "string" },
      only: { type: "string", default: "" },
      quick: { type: "boolean", default: false },
    },
  });
  const { runtime, json, only, quick } = values;
  if (runtime !== "bench" && runtime !== "system") {
    throw new Error(`expected --runtime system or nothing, found --runtime ${runtime}`);
  }
  return { runtime, only, quick, ...(json === undefined ? {} : { json }) };
}
