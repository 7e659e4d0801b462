/** Which foreign domains are accepted, and for what: the target file `peers.json`. */
import * as v from "valibot";
import { domainName } from "../name.js";
import { hex32, positive } from "../schema.js";
import { commandsSchema } from "./authority.js";
import { sortedBy } from "./sorted.js";

const durationSchema = v.pipe(positive, v.maxValue(10 * 366 * 86_400_000, "at most ten years"));

export const termsSchema = v.strictObject({
  /** What authorizations of this domain may be for. */
  commands: commandsSchema,
  /** Milliseconds that its trust state may be old. */
  maxStaleness: durationSchema,
  /** Milliseconds that its timestamps may be valid for at most. */
  maxLifetime: durationSchema,
  /** Milliseconds that its clock may run ahead. */
  skew: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(3_600_000, "at most 1 h")),
});

const peer = v.strictObject({
  ...termsSchema.entries,
  name: domainName,
  /** The pinned root: the target file `peers/<name>/root.json`. */
  root: v.strictObject({ version: positive, sha256: hex32 }),
  /** Where its folder is published; anybody else may relay it. */
  url: v.optional(
    v.pipe(v.string(), v.maxLength(2048), v.regex(/^https?:\/\/[^\s?#@]+$/, "an http(s) URL")),
  ),
});

export const peersSchema = v.strictObject({
  peers: sortedBy(peer, ({ name }) => name, "peers by name"),
});

export type Terms = v.InferOutput<typeof termsSchema>;
export type Peer = v.InferOutput<typeof peer>;
export type Peers = v.InferOutput<typeof peersSchema>;

export function peerRootPath(name: string): string {
  return `peers/${name}/root.json`;
}
