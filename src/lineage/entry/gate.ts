/** Entries about the gate itself: its starts, the trust that it follows, and its own state. */
import * as v from "valibot";
import type { Trip } from "../../trust/contents/policy.js";
import { tripSchema } from "../../trust/contents/policy.js";
import { domainName, label, origin } from "../../trust/name.js";
import { hex32, positive, time } from "../../trust/schema.js";
import type { Code } from "../../verdict.js";
import type { GateMode } from "./common.js";
import { code, gateMode, linked, whole } from "./common.js";

/** The gate has started. Nothing was allowed since the entry before. */
export type Start = {
  /** Tells it from other entries. */
  readonly kind: "start";
  /** How the gate stands: a start changes nothing of it. */
  readonly state: GateMode;
  /** Which gate this is the log of. */
  readonly gate: GateKey;
  /** SHA-256 of the kernel that verifies. */
  readonly kernel: string;
  /** What its operator has set: whoever decides again needs it. */
  readonly limits: GateLimits;
  /** What the domain's witness vouched for as the newest of this log; null where nobody was asked. */
  readonly witnessed: Witnessed | null;
  /** Bytes of a write that a crash cut short, which nobody was told of: they were dropped. */
  readonly torn: number;
  /** For people: what the gate runs in. */
  readonly host: string;
};

export type GateKey = {
  /** The origin of the gate's log. */
  readonly origin: string;
  /** Ed25519 public key, in hexadecimal. */
  readonly key: string;
};

export type GateLimits = {
  /** Milliseconds that trust state may be old at most, whatever peers and authorizations say. */
  readonly maxStaleness: number;
  /** Milliseconds that a timestamp of the gate's own domain may live. */
  readonly maxLifetime: number;
  /** Milliseconds that the own domain's clock, and the gate's, may be wrong. */
  readonly skew: number;
};

export type Witnessed = {
  /** The size of the tree. */
  readonly size: number;
  /** Its root hash. */
  readonly root: string;
};

/** From here on the gate uses this of a domain. */
export type Trust = {
  /** Tells it from other entries. */
  readonly kind: "trust";
  /** Whose trust it is. */
  readonly domain: string;
  /** The newest verified state; null where there is none. */
  readonly trust: TrustVersions | null;
  /** Digest of all of it that decisions depend on. */
  readonly view: string;
  /** Why the domain is not trusted all the same, or has no state. */
  readonly code: Code | null;
  /** Authorizations that are withdrawn and were not in an entry before, by digest. */
  readonly authorizations: readonly string[];
  /** Keys that are withdrawn and were not in an entry before. */
  readonly keys: readonly string[];
};

export type TrustVersions = {
  /** Digest of the state. */
  readonly digest: string;
  /** When its timestamp was issued; null where it does not say. */
  readonly issued: string | null;
  /** The version of the root, as the others here. */
  readonly root: number;
  /** That of the timestamp. */
  readonly timestamp: number;
  /** That of the snapshot. */
  readonly snapshot: number;
  /** That of the offline role. */
  readonly targets: number;
  /** That of the role that revokes and contains. */
  readonly status: number;
};

/** From here on the gate uses this policy and baseline of its own domain. */
export type Policy = {
  /** Tells it from other entries. */
  readonly kind: "policy";
  /** SHA-256 of the policy file. */
  readonly policy: string;
  /** SHA-256 of the baseline file; null where the domain has none. */
  readonly baseline: string | null;
  /** What trips the gate from here on, as the policy has it. */
  readonly trips: readonly Trip[];
};

/** What all entries before come to. */
export type State = {
  /** Tells it from other entries. */
  readonly kind: "state";
  /** SHA-256 of the state in canonical JSON, which is kept beside the log. */
  readonly digest: string;
  /** How many bytes that JSON has. */
  readonly size: number;
};

/** @internal */
export const gateLimits = v.strictObject({
  maxStaleness: whole,
  maxLifetime: whole,
  skew: whole,
});

/** @internal */
export const start = v.strictObject({
  ...linked,
  kind: v.literal("start"),
  state: gateMode,
  gate: v.strictObject({ origin, key: hex32 }),
  kernel: hex32,
  limits: gateLimits,
  witnessed: v.nullable(v.strictObject({ size: whole, root: hex32 })),
  torn: whole,
  host: label,
});

const digests = v.pipe(v.array(hex32, "digests"), v.maxLength(256, "at most 256 an entry"));

/** @internal */
export const trustVersions = v.strictObject({
  digest: hex32,
  issued: v.nullable(time),
  root: positive,
  timestamp: positive,
  snapshot: positive,
  targets: positive,
  status: positive,
});

/** @internal */
export const trust = v.strictObject({
  ...linked,
  kind: v.literal("trust"),
  domain: domainName,
  trust: v.nullable(trustVersions),
  view: hex32,
  code: v.nullable(code),
  authorizations: digests,
  keys: digests,
});

/** @internal */
export const policy = v.strictObject({
  ...linked,
  kind: v.literal("policy"),
  policy: hex32,
  baseline: v.nullable(hex32),
  trips: v.pipe(v.array(tripSchema, "trips"), v.maxLength(64, "at most 64 trips")),
});

/** @internal */
export const state = v.strictObject({
  ...linked,
  kind: v.literal("state"),
  digest: hex32,
  size: positive,
});
