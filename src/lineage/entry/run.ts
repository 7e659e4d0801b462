/** Entries of a run from its beginning to its end. */
import * as v from "valibot";
import { commandSchema } from "../../trust/command.js";
import { domainName, label } from "../../trust/name.js";
import { hex32, positive, time } from "../../trust/schema.js";
import type { Code } from "../../verdict.js";
import type { EntryName, GateMode, RunState, SignedStatement } from "./common.js";
import {
  code,
  entryName,
  gateMode,
  linked,
  runId,
  runState,
  signedStatement,
  whole,
  word,
} from "./common.js";

/** An authorization was admitted for a request. */
export type Admission = {
  /** Tells it from other entries. */
  readonly kind: "admission";
  /** The run. */
  readonly run: string;
  /** Where it stands now. */
  readonly state: "authorized";
  /** The identity of the authorization: SHA-256 of the last link's payload. */
  readonly authorization: string;
  /** SHA-256 of the file with the chain, which is kept beside the log. */
  readonly chain: string;
  /** Who made the first link. */
  readonly issuer: EntryIssuer;
  /** Who acts. */
  readonly principal: EntryPrincipal;
  /** What shall be done. */
  readonly command: string;
  /** The arguments, and the resource under that name, by salted digest. */
  readonly arguments: readonly ArgumentDigest[];
  /** The entries that caused this: decisions that allowed, or accepts, of this log or another. */
  readonly parents: readonly EntryName[];
};

export type EntryIssuer = {
  /** The domain. */
  readonly domain: string;
  /** Ed25519 public key, in hexadecimal. */
  readonly key: string;
};

export type EntryPrincipal = {
  /** A type and a name. */
  readonly id: string;
  /** Ed25519 public key, in hexadecimal. */
  readonly key: string;
};

export type ArgumentDigest = {
  /** The name of a top-level argument. */
  readonly name: string;
  /** SHA-256 of the canonical JSON of {name, salt, value}, which is kept beside and may be withheld. */
  readonly sha256: string;
};

/** What the run would run in was measured, and is what the baseline says. */
export type Measurement = {
  /** Tells it from other entries. */
  readonly kind: "measurement";
  /** The run. */
  readonly run: string;
  /** Where it stands now. */
  readonly state: "trusted";
  /** Who says so. */
  readonly source: "self-measured" | "attested";
  /** SHA-256 of the kernel. */
  readonly kernel: string;
  /** Modules and programs of the environment, by name. */
  readonly environment: readonly MeasuredPart[];
  /** What would run, and every argument that names a subject: a digest set each. */
  readonly artifacts: readonly { readonly [algorithm: string]: string }[];
  /** How it is confined, as it is and not as it was demanded. */
  readonly isolation: EntryIsolation;
};

export type MeasuredPart = {
  /** A module or a program. */
  readonly name: string;
  /** SHA-256 of its bytes. */
  readonly sha256: string;
};

/** From the weakest to the strongest. */
export const LEVELS = ["cooperative", "worker", "process", "sandbox"] as const;

export type EntryIsolation = {
  /** What is promised at an interruption. */
  readonly level: (typeof LEVELS)[number];
  /** Paths that can be read; absent: not limited, as with the others here. */
  readonly read?: readonly string[] | undefined;
  /** Paths that can be written. */
  readonly write?: readonly string[] | undefined;
  /** Hosts that can be connected to. */
  readonly net?: readonly string[] | undefined;
  /** Programs that can be started. */
  readonly run?: readonly string[] | undefined;
};

/** The gate decided, for the first time or again. */
export type Decision = {
  /** Tells it from other entries. */
  readonly kind: "decision";
  /** The run. */
  readonly run: string;
  /** Where it stands now: trusted or executing where it was allowed. */
  readonly state: RunState;
  /** How often this run was decided on before. */
  readonly number: number;
  /** The answer. */
  readonly outcome: "allow" | "deny";
  /** Why not; null for an allow. */
  readonly code: Code | null;
  /** Of the gate's domain, that denied; null where it was something else. */
  readonly rule: string | null;
  /** What was asked for; null where the request could not be read. */
  readonly command: string | null;
  /** SHA-256 of what the decision read of the gate's state, in canonical JSON. */
  readonly stateDigest: string;
  /** The trust that it rests on: the own domain's first, then the issuer's, then those of quorums. */
  readonly trust: readonly TrustName[];
  /** The last millisecond at which the answer would be the same without newer trust; null for a deny. */
  readonly validUntil: string | null;
  /** Milliseconds until the run is decided on again, at the latest; null for a deny. */
  readonly recheck: number | null;
  /** The principal's proof for the first decision of a run; null in those that follow. */
  readonly possession: SignedStatement | null;
};

export type TrustName = {
  /** Whose. */
  readonly domain: string;
  /** Digest of the state; null where there is none. */
  readonly digest: string | null;
  /** The version of its timestamp; 0 where there is none. */
  readonly version: number;
  /** Digest of all of it that decisions depend on. */
  readonly view: string;
  /** Milliseconds since it was issued; null where that is not known. */
  readonly age: number | null;
};

/** The effect may begin: this entry is durable before it does. */
export type Intent = {
  /** Tells it from other entries. */
  readonly kind: "intent";
  /** The run. */
  readonly run: string;
  /** Where it stands now. */
  readonly state: "executing";
  /** Leaf hash of the decision that allowed it. */
  readonly decision: string;
  /** What is used up, whatever comes of it. */
  readonly charges: readonly EntryCharge[];
};

export type EntryCharge = {
  /** The identity of the link that counts. */
  readonly link: string;
  /** What is counted: uses, or the selector of the argument that a total runs over. */
  readonly counter: string;
  /** How much is added. */
  readonly amount: number;
  /** Until when the link is valid: after that nobody counts. */
  readonly expires: string;
};

/** The effect has ended by itself. */
export type Outcome = {
  /** Tells it from other entries. */
  readonly kind: "outcome";
  /** The run. */
  readonly run: string;
  /** Where it stands now. */
  readonly state: "completed";
  /** `failed`: it threw, or ended with another exit code than 0. */
  readonly outcome: "done" | "failed";
  /** The exit code of a process; null where there is none. */
  readonly exit: number | null;
  /** The signal that ended a process; null where none did. */
  readonly signal: string | null;
};

/** Still there: of a run that is executing, or of the gate. */
export type Heartbeat = {
  /** Tells it from other entries. */
  readonly kind: "heartbeat";
  /** The run; null for the gate. */
  readonly run: string | null;
  /** Where it stands. */
  readonly state: RunState | GateMode;
};

const argumentName = v.pipe(
  v.string("the name of an argument"),
  v.maxLength(1024, "the name of an argument, of at most 1024 characters"),
);

/** @internal */
export const admission = v.strictObject({
  ...linked,
  kind: v.literal("admission"),
  run: runId,
  state: v.literal("authorized"),
  authorization: hex32,
  chain: hex32,
  issuer: v.strictObject({ domain: domainName, key: hex32 }),
  principal: v.strictObject({
    id: v.pipe(
      v.string("a principal"),
      v.regex(/^[a-z][a-z0-9_-]{0,63}:.{1,512}$/u, "a principal"),
    ),
    key: hex32,
  }),
  command: commandSchema,
  arguments: v.pipe(
    v.array(v.strictObject({ name: argumentName, sha256: hex32 }), "arguments"),
    v.maxLength(256, "at most 256 arguments"),
  ),
  parents: v.pipe(v.array(entryName, "entries"), v.maxLength(16, "at most 16 parents")),
});

const list = (what: string) =>
  v.optional(
    v.pipe(
      v.array(v.pipe(v.string(what), v.maxLength(4096, what)), `a list of ${what}`),
      v.maxLength(256, `at most 256 of ${what}`),
    ),
  );

/** A record of valibot passes over these names, and over all of an array. */
const PASSED_OVER = ["__proto__", "constructor", "prototype"];

const digestSet = v.pipe(
  v.unknown(),
  v.check(
    (set) => !Array.isArray(set) && !PASSED_OVER.some((name) => Object.hasOwn(Object(set), name)),
    "a digest set",
  ),
  v.record(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,64}$/, "an algorithm")),
    v.pipe(v.string(), v.regex(/^[0-9a-f]{2,128}$/, "a digest in hexadecimal")),
  ),
);

/** @internal */
export const measurement = v.strictObject({
  ...linked,
  kind: v.literal("measurement"),
  run: runId,
  state: v.literal("trusted"),
  source: v.picklist(["self-measured", "attested"], "who measured"),
  kernel: hex32,
  environment: v.pipe(
    v.array(v.strictObject({ name: label, sha256: hex32 }), "parts"),
    v.maxLength(256, "at most 256 parts"),
  ),
  artifacts: v.pipe(v.array(digestSet, "digest sets"), v.maxLength(64, "at most 64 digest sets")),
  isolation: v.strictObject({
    level: v.picklist(LEVELS, `a level: ${LEVELS.join(", ")}`),
    read: list("paths"),
    write: list("paths"),
    net: list("hosts"),
    run: list("programs"),
  }),
});

/** @internal */
export const decision = v.strictObject({
  ...linked,
  kind: v.literal("decision"),
  run: runId,
  state: runState,
  number: whole,
  outcome: v.picklist(["allow", "deny"], "allow or deny"),
  code: v.nullable(code),
  rule: v.nullable(label),
  command: v.nullable(commandSchema),
  stateDigest: hex32,
  trust: v.pipe(
    v.array(
      v.strictObject({
        domain: domainName,
        digest: v.nullable(hex32),
        version: whole,
        view: hex32,
        age: v.nullable(v.pipe(v.number(), v.safeInteger("milliseconds"))),
      }),
      "trust states",
    ),
    v.maxLength(128, "at most 128 trust states"),
  ),
  validUntil: v.nullable(time),
  recheck: v.nullable(positive),
  possession: v.nullable(signedStatement),
});

/** @internal */
export const intent = v.strictObject({
  ...linked,
  kind: v.literal("intent"),
  run: runId,
  state: v.literal("executing"),
  decision: hex32,
  charges: v.pipe(
    v.array(
      v.strictObject({
        link: hex32,
        counter: v.pipe(v.string("a counter"), v.maxLength(1024, "a counter")),
        amount: whole,
        expires: time,
      }),
      "charges",
    ),
    v.maxLength(160, "at most 160 charges"),
  ),
});

/** @internal */
export const outcome = v.strictObject({
  ...linked,
  kind: v.literal("outcome"),
  run: runId,
  state: v.literal("completed"),
  outcome: v.picklist(["done", "failed"], "done or failed"),
  exit: v.nullable(whole),
  signal: v.nullable(word),
});

/** @internal */
export const heartbeat = v.strictObject({
  ...linked,
  kind: v.literal("heartbeat"),
  run: v.nullable(runId),
  state: v.union([runState, gateMode]),
});
