// @ts-check
/** Tells whether dist is older than what it is made of, by content and not by time. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const STAMP = `${root}/dist/.stamp`;
const INPUTS = [
  "assembly",
  "src",
  "build",
  "test/conformance/suite",
  "package.json",
  "package-lock.json",
];

/** @param {string} path @returns {string[]} */
function files(path) {
  if (!existsSync(`${root}/${path}`)) return [];
  if (/\.\w+$/.test(path)) return [path];
  return readdirSync(`${root}/${path}`, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() || /\.\w+$/.test(entry.name) ? files(`${path}/${entry.name}`) : [],
    )
    .sort();
}

function digest() {
  const hash = createHash("sha256");
  for (const file of INPUTS.flatMap(files))
    hash.update(`${file}\0`).update(readFileSync(`${root}/${file}`));
  return hash.digest("hex");
}

export function isStale() {
  return !existsSync(STAMP) || readFileSync(STAMP, "utf8") !== digest();
}

export function stamp() {
  writeFileSync(STAMP, digest());
}
