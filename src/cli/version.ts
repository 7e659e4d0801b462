import { readFileSync } from "node:fs";
import { kernelDigest } from "../runtime/digest.js";

/** The package's version and the digest of the kernel in it. */
export function version(): string {
  const file = new URL("../package.json", import.meta.url);
  const { version: number } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return `writ ${number}, kernel sha-256 ${kernelDigest}`;
}
