import type { Reader } from "../storage/storage.js";
import { requirePath } from "../storage/storage.js";
import { abbreviate, failure } from "../verdict.js";
import type { Answer, Request, Source } from "./source.js";

/** The files that `reader` reads: a folder, a medium that was carried here, a mirror in memory. */
export function folderSource(reader: Reader, name: string): Source {
  return {
    name,
    async read(_domain: string, path: string, { limit }: Request): Promise<Answer> {
      requirePath(path);
      let bytes: Uint8Array | undefined;
      try {
        bytes = await reader.read(path, limit);
      } catch (error) {
        const found = error instanceof Error ? abbreviate(error.message) : "not even an Error";
        return failure("UNREACHABLE", `a file or none at ${abbreviate(path)}`, found);
      }
      if (bytes === undefined) return { ok: true, status: "absent" };
      if (bytes.length > limit) {
        const expected = `at most ${limit} bytes at ${abbreviate(path)}`;
        return failure("TOO_LARGE", expected, "more than that");
      }
      return { ok: true, status: "found", bytes };
    },
  };
}
