/** Where trust state is read from. Whoever answers is not trusted: only what is signed counts. */
import type { Reader } from "../storage/storage.js";
import type { Failure } from "../verdict.js";

/** What a source answers. Absent and unchanged are answers; a `Failure` says that there was none. */
export type Answer =
  | {
      readonly ok: true;
      readonly status: "found";
      readonly bytes: Uint8Array;
      /** Given back later as `Request.validator`, so that an unchanged file costs nothing. */
      readonly validator?: string;
    }
  /** Still what it was when the source gave the validator. */
  | { readonly ok: true; readonly status: "unchanged" }
  | { readonly ok: true; readonly status: "absent" }
  | Failure;

export interface Request {
  /** Bytes that the answer may have; a longer one is TOO_LARGE. */
  readonly limit: number;
  /** From an earlier answer of this source for the same path. */
  readonly validator?: string | undefined;
}

/**
 * A folder of a domain, wherever it lies. Never throws for what the other side does or fails to do, and
 * answers in bounded time: a round of `sync` lasts as long as its slowest source.
 */
export interface Source {
  /** For people: a folder, a URL. Sources with one name are one source. */
  readonly name: string;
  /** The file at `path` below the folder of `domain`; paths have the form of `src/storage/`. */
  read(domain: string, path: string, request: Request): Promise<Answer>;
}

/** The log of a source as a reader of tiles. What the source fails to give is not there. */
export function logReader(domain: string, source: Source): Reader {
  return {
    read: async (path, limit) => {
      const answer = await source.read(domain, `log/${path}`, { limit });
      return answer.ok && answer.status === "found" ? answer.bytes : undefined;
    },
    list: async () => [],
  };
}
