/**
 * TUF metadata files (specification, section 4): `{signed, signatures}`. Signatures are over the OLPC
 * canonical JSON of `signed`, which strict parsing makes unambiguous. Attributes that the
 * specification does not name are allowed and signed; ours are `domain` in a root and `issued`, `root`
 * and `log` in a timestamp.
 */
import * as v from "valibot";
import type { Json } from "../bytes/canonical.js";
import { encodeHex } from "../bytes/hex.js";
import { formatOlpc } from "../bytes/olpc.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { KeyRecord } from "./key.js";
import { keySchema } from "./key.js";
import { domainName } from "./name.js";
import { hex32, matchSchema, millisecondsOf, positive, readJson, time } from "./schema.js";

const MAX_SIGNATURES = 64;

/** What a role's metadata must be signed by. */
export type Role = { readonly keyids: readonly string[]; readonly threshold: number };

/** By key id. */
export type Keys = Readonly<Record<string, KeyRecord>>;

/** What one file says of another. */
export type Meta = {
  readonly version: number;
  readonly length?: number | undefined;
  readonly hashes?: Readonly<Record<string, string>> | undefined;
};

/** What targets metadata says of a target file. */
export type Target = {
  readonly length: number;
  readonly hashes: Readonly<Record<string, string>>;
};

export type DelegatedRole = Role & {
  readonly name: string;
  readonly terminating: boolean;
  readonly paths?: readonly string[] | undefined;
  readonly path_hash_prefixes?: readonly string[] | undefined;
};

type Common = {
  readonly spec_version: string;
  readonly version: number;
  readonly expires: string;
};

type Parts = {
  readonly root: Common & {
    readonly _type: "root";
    readonly consistent_snapshot: boolean;
    readonly keys: Keys;
    readonly roles: Readonly<Record<"root" | "timestamp" | "snapshot" | "targets", Role>>;
    readonly domain?: string | undefined;
  };
  readonly timestamp: Common & {
    readonly _type: "timestamp";
    readonly meta: { readonly "snapshot.json": Meta };
    readonly issued?: string | undefined;
    readonly root?: { readonly version: number; readonly sha256: string } | undefined;
    readonly log?: { readonly index: number } | undefined;
  };
  readonly snapshot: Common & {
    readonly _type: "snapshot";
    readonly meta: Readonly<Record<string, Meta>>;
  };
  readonly targets: Common & {
    readonly _type: "targets";
    readonly targets: Readonly<Record<string, Target>>;
    readonly delegations?:
      { readonly keys: Keys; readonly roles: readonly DelegatedRole[] } | undefined;
  };
};

export type MetadataType = keyof Parts;

/** What is signed; attributes of others may stand beside these. */
export type SignedPart<Type extends MetadataType> = Parts[Type];

/** Any names, with values of one shape. A list is none, though valibot takes it for one. */
function record<Schema extends v.GenericSchema>(value: Schema) {
  const isObject = (input: unknown): boolean => typeof input === "object" && !Array.isArray(input);
  return v.pipe(
    v.custom<Record<string, unknown>>(isObject, "an object"),
    v.record(v.string(), value, "an object"),
  );
}

const common = {
  spec_version: v.pipe(v.string(), v.regex(/^1\.[0-9]+(?:\.[0-9]+)?$/, "specification version 1")),
  version: positive,
  expires: time,
};

const roleSchema = v.looseObject({
  keyids: v.array(v.string("a key id"), "a list of key ids"),
  threshold: positive,
});

const keysSchema = record(keySchema);

const hashes = record(v.pipe(v.string(), v.regex(/^[0-9a-f]{2,}$/, "a digest")));

const metaSchema = v.looseObject({
  version: positive,
  length: v.optional(positive),
  hashes: v.optional(hashes),
});

const rootSchema = v.looseObject({
  _type: v.literal("root", "the type root"),
  ...common,
  consistent_snapshot: v.optional(v.boolean(), false),
  keys: keysSchema,
  roles: v.looseObject({
    root: roleSchema,
    timestamp: roleSchema,
    snapshot: roleSchema,
    targets: roleSchema,
  }),
  domain: v.optional(domainName),
});

const timestampSchema = v.looseObject({
  _type: v.literal("timestamp", "the type timestamp"),
  ...common,
  meta: v.strictObject({ "snapshot.json": metaSchema }),
  issued: v.optional(time),
  root: v.optional(v.strictObject({ version: positive, sha256: hex32 })),
  log: v.optional(v.strictObject({ index: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) })),
});

const snapshotSchema = v.looseObject({
  _type: v.literal("snapshot", "the type snapshot"),
  ...common,
  meta: record(metaSchema),
});

const targetSchema = v.looseObject({
  length: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  hashes,
});

const delegatedRoleSchema = v.looseObject({
  name: v.string("a role name"),
  keyids: roleSchema.entries.keyids,
  threshold: positive,
  terminating: v.boolean("true or false"),
  paths: v.optional(v.array(v.string())),
  path_hash_prefixes: v.optional(v.array(v.string())),
});

const targetsSchema = v.looseObject({
  _type: v.literal("targets", "the type targets"),
  ...common,
  targets: record(targetSchema),
  delegations: v.optional(
    v.looseObject({ keys: keysSchema, roles: v.array(delegatedRoleSchema, "a list of roles") }),
  ),
});

const SCHEMAS: { readonly [Type in MetadataType]: v.GenericSchema<unknown, SignedPart<Type>> } = {
  root: rootSchema,
  timestamp: timestampSchema,
  snapshot: snapshotSchema,
  targets: targetsSchema,
};

const envelopeSchema = v.looseObject({
  signed: v.looseObject({}, "a signed part"),
  signatures: v.pipe(
    v.array(v.looseObject({ keyid: v.string("a key id"), sig: v.string("a signature") })),
    v.maxLength(MAX_SIGNATURES, `at most ${MAX_SIGNATURES} signatures`),
  ),
});

/** Metadata taken apart; nothing of it is verified. */
export interface UnverifiedMetadata<Type extends MetadataType> {
  /** The file, as it was received. */
  readonly bytes: Uint8Array;
  readonly signed: SignedPart<Type>;
  /** What the signatures are over. */
  readonly message: Uint8Array;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** Metadata that the threshold of its role has signed. */
export interface VerifiedMetadata<Type extends MetadataType> extends UnverifiedMetadata<Type> {
  /** SHA-256 of the signed part, in hexadecimal: other signatures do not change it. */
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

export function parseMetadata<Type extends MetadataType>(
  type: Type,
  bytes: Uint8Array,
): Result<UnverifiedMetadata<Type>> {
  const what = `${type} metadata`;
  const json = readJson(what, bytes);
  if (!json.ok) return json;
  const envelope = matchSchema(what, envelopeSchema, json.value);
  if (!envelope.ok) return envelope;
  const part = (json.value as { readonly signed: Json }).signed;
  const signed = matchSchema(what, SCHEMAS[type] as v.GenericSchema, part);
  if (!signed.ok) return signed;
  let message: Uint8Array;
  try {
    message = encodeUtf8(formatOlpc(part));
  } catch {
    return failure("MALFORMED", `${what} that has a canonical form: integers alone`, "none");
  }
  const { signatures } = envelope.value;
  return ok({ bytes, signed: signed.value as SignedPart<Type>, message, signatures });
}

/** Says of metadata that the caller has checked its signatures. */
export function asVerified<Type extends MetadataType>(
  kernel: Kernel,
  metadata: UnverifiedMetadata<Type>,
): VerifiedMetadata<Type> {
  const digest = encodeHex(kernel.sha256(metadata.message));
  return { ...metadata, digest, expires: millisecondsOf(metadata.signed.expires) };
}
