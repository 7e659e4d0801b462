/**
 * Real data of other people's systems. It lies outside the project, in the folder that WRIT_VECTORS
 * names, else ../shared/vectors. Where it is not there, the tests over it are skipped and test/run.js
 * says so; in CI that is a failure (test/vectors.test.ts).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder =
  process.env["WRIT_VECTORS"] ?? fileURLToPath(new URL("../../shared/vectors", import.meta.url));

export const vectors = {
  folder,
  present: existsSync(join(folder, "go-checksum-database")),
  path: (...parts: string[]): string => join(folder, ...parts),
  bytes: (...parts: string[]): Uint8Array => new Uint8Array(readFileSync(join(folder, ...parts))),
  text: (...parts: string[]): string => readFileSync(join(folder, ...parts), "utf8"),
  json: <T>(...parts: string[]): T => JSON.parse(readFileSync(join(folder, ...parts), "utf8")) as T,
  list: (...parts: string[]): string[] => readdirSync(join(folder, ...parts)),
};
