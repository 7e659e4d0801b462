/**
 * The clear text of arguments beside a gate's log, for its owner's eyes alone: `openings/RUN.jsonl`, and
 * `openings/RUN.salt`, which opens the request's digest in the proof of possession.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeHex, encodeHex } from "../../bytes/hex.js";
import { encodeUtf8 } from "../../bytes/utf8.js";
import type { Opening } from "../../lineage/openings.js";
import { formatOpenings, parseOpenings } from "../../lineage/openings.js";
import type { Result } from "../../verdict.js";
import { failure } from "../../verdict.js";

const FOLDER = "openings";

/** Keeps them before the request is decided on; where they cannot be kept, nothing is allowed. */
export function keepOpenings(
  log: string,
): (run: string, openings: readonly Opening[], salt: Uint8Array) => void {
  return (run, openings, salt) => {
    mkdirSync(join(log, FOLDER), { recursive: true, mode: 0o700 });
    writeNew(pathOf(log, run), formatOpenings(openings));
    writeNew(saltPath(log, run), encodeUtf8(`${encodeHex(salt)}\n`));
  };
}

function writeNew(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
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

/** What opens the request's digest in the run's proof of possession; undefined where it was not kept. */
export async function readSalt(log: string, run: string): Promise<Uint8Array | undefined> {
  try {
    return decodeHex((await readFile(saltPath(log, run), "utf8")).trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

function saltPath(log: string, run: string): string {
  return join(log, FOLDER, `${run}.salt`);
}

function pathOf(log: string, run: string): string {
  return join(log, FOLDER, `${run}.jsonl`);
}
