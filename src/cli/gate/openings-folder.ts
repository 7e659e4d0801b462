/** The clear text of arguments beside a gate's log: `openings/RUN.jsonl`, for its owner's eyes alone. */
import { closeSync, fsyncSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Opening } from "../../lineage/openings.js";
import { formatOpenings, parseOpenings } from "../../lineage/openings.js";
import type { Result } from "../../verdict.js";
import { failure } from "../../verdict.js";

const FOLDER = "openings";

/** Keeps them before the request is decided on; where they cannot be kept, nothing is allowed. */
export function keepOpenings(log: string): (run: string, openings: readonly Opening[]) => void {
  return (run, openings) => {
    mkdirSync(join(log, FOLDER), { recursive: true, mode: 0o700 });
    const file = openSync(pathOf(log, run), "wx", 0o600);
    try {
      writeFileSync(file, formatOpenings(openings));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  };
}

/** MISSING where a run's arguments were withheld, or there is no such run. */
export async function readOpenings(log: string, run: string): Promise<Result<readonly Opening[]>> {
  const path = pathOf(log, run);
  try {
    return parseOpenings(new Uint8Array(await readFile(path)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return failure("MISSING", `the arguments of the run, in ${path}`, "none");
  }
}

function pathOf(log: string, run: string): string {
  return join(log, FOLDER, `${run}.jsonl`);
}
