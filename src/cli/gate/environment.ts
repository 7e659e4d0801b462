/** What a gate of this program runs in, measured by itself: nobody else says so. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import type { Measured } from "../../gate/environment.js";

/** For people: the runtime and its version. */
export const HOST = `node ${process.versions.node}`;

export const ENVIRONMENT_HELP = `A baseline of the domain is held against the kernel and two parts, measured at the start and every
10 seconds: "node", the SHA-256 of the node that runs this, and "writ", the SHA-256 of what
"sha256sum cli*.js" prints in writ's dist folder (LC_ALL=C).`;

/** The folder that this program is in, once it is built: the kernel's file lies there too. */
const FOLDER = dirname(fileURLToPath(import.meta.url));

/** Measures again at each call; a file that has not changed since is not read again. */
export function measureEnvironment(): () => Promise<Measured> {
  const known = new Map<string, { readonly version: string; readonly sha256: string }>();
  const digestOf = async (path: string): Promise<string> => {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    const version = [dev, ino, size, mtimeNs, ctimeNs].join();
    const before = known.get(path);
    if (before?.version === version) return before.sha256;
    const sha256 = await hashFile(path);
    known.set(path, { version, sha256 });
    return sha256;
  };
  return async () => {
    const files = (await readdir(FOLDER)).filter((name) => /^cli.*\.js$/.test(name)).sort();
    const list = createHash("sha256");
    for (const name of files) list.update(`${await digestOf(join(FOLDER, name))}  ${name}\n`);
    return {
      source: "self-measured",
      kernel: await digestOf(join(FOLDER, "kernel.wasm")),
      parts: [
        { name: "node", sha256: await digestOf(process.execPath) },
        { name: "writ", sha256: list.digest("hex") },
      ],
    };
  };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
