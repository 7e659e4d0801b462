import { kernelDigest } from "#kernel-digest";
import { readFileSync } from "node:fs";

/** The package's version and the digest of the kernel in it. */
export function version(): string {
  const file = new URL("../package.json", import.meta.url);
  const { version: number } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return `writ ${number}, kernel sha-256 ${kernelDigest}`;
}
