/** Which foreign domains are accepted, and for what: the target file `peers.json`. */
import * as v from "valibot";
import { domainName } from "../name.js";
import { hex32, positive } from "../schema.js";
import { commandsSchema } from "./authority.js";
import { sortedBy } from "./sorted.js";

export type Peers = {
  /** The foreign domains that this one accepts, and never theirs. */
  readonly peers: readonly Peer[];
};

/** How far a domain is accepted. */
export type Terms = {
  /** What authorizations of this domain may be for. */
  readonly commands: readonly string[];
  /** Milliseconds that its trust state may be old. */
  readonly maxStaleness: number;
  /** Milliseconds that its timestamps may be valid for at most. */
  readonly maxLifetime: number;
  /** Milliseconds that its clock may run ahead. */
  readonly skew: number;
};

export type Peer = Terms & {
  /** The domain. */
  readonly name: string;
  /** The pinned root: the target file `peers/<name>/root.json`. */
  readonly root: PinnedRoot;
  /** Where its folder is published; anybody else may relay it. */
  readonly url?: string | undefined;
};

export type PinnedRoot = {
  /** The version of this root. */
  readonly version: number;
  /** SHA-256 of the file. */
  readonly sha256: string;
};

/** Milliseconds that any clock may be ahead of another, for what is fresh to be taken. */
export const MAX_SKEW = 3_600_000;

const durationSchema = v.pipe(positive, v.maxValue(10 * 366 * 86_400_000, "at most ten years"));

const terms = v.strictObject({
  commands: commandsSchema,
  maxStaleness: durationSchema,
  maxLifetime: durationSchema,
  skew: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_SKEW, "at most 1 h")),
});

const peer = v.strictObject({
  ...terms.entries,
  name: domainName,
  root: v.strictObject({ version: positive, sha256: hex32 }),
  url: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(2048),
      v.regex(/^https?:\/\/[^\s?#@]+$/, "an http(s) URL"),
      v.check(isUrl, "a URL that the URL standard takes"),
    ),
  ),
});

/** @internal */
export const peersSchema: v.GenericSchema<unknown, Peers> = v.strictObject({
  peers: sortedBy(peer, ({ name }) => name, "peers by name"),
});

export function peerRootPath(name: string): string {
  return `peers/${name}/root.json`;
}

function isUrl(text: string): boolean {
  try {
    return new URL(text).href !== "";
  } catch {
    return false;
  }
}
