/** What entries of every kind are made of. */
import * as v from "valibot";
import { origin } from "../../trust/name.js";
import { hex32, time } from "../../trust/schema.js";
import { CODES } from "../../verdict.js";
import type { Code } from "../../verdict.js";

/** What every entry has besides what it says. */
export type Linked = {
  /** Leaf hash of the entry before, in hexadecimal; null in the first. */
  readonly prev: string | null;
  /** When it was written, by the gate's clock: never before the entry before. */
  readonly time: string;
};

/** Another entry, wherever it stands. */
export type EntryName = {
  /** The origin of its log. */
  readonly origin: string;
  /** Its index there. */
  readonly index: number;
  /** Its leaf hash, in hexadecimal. */
  readonly leaf: string;
};

/** Where a run stands after an entry. */
export const RUN_STATES = [
  "baseline",
  "authorized",
  "trusted",
  "executing",
  "completed",
  "denied",
  "drifted",
  "contained",
  "recovering",
  "revoked",
] as const;

export type RunState = (typeof RUN_STATES)[number];

/** How a gate stands. */
export const GATE_MODES = ["open", "contained", "revoked"] as const;

export type GateMode = (typeof GATE_MODES)[number];

/** @internal */
export const linked = { prev: v.nullable(hex32), time };

/** @internal */
export const runId = v.pipe(
  v.string("a run's id"),
  v.regex(/^[0-9a-f]{32}$/, "a run's id: 32 hexadecimal digits"),
);

/** @internal */
export const whole = v.pipe(
  v.number("a whole number, not negative"),
  v.safeInteger("a whole number, not negative"),
  v.minValue(0, "a whole number, not negative"),
);

/** @internal */
export const code = v.picklist(Object.keys(CODES) as Code[], "a code");

/** @internal Text for people or of a platform: a name, never anything of the arguments. */
export const word = v.pipe(
  v.string("a word of 1 to 128 characters"),
  v.regex(/^[A-Za-z0-9_./' -]{1,128}$/, "a word of 1 to 128 characters"),
);

/** @internal */
export const entryName = v.strictObject({ origin, index: whole, leaf: hex32 });

/** @internal */
export const runState = v.picklist(RUN_STATES, "the state of a run");
/** @internal */
export const gateMode = v.picklist(GATE_MODES, "the state of a gate");

/** A DSSE envelope with the signatures that were checked. */
export type SignedStatement = {
  /** The type of what was signed. */
  readonly payloadType: string;
  /** What was signed, in base64. */
  readonly payload: string;
  /** By whom. */
  readonly signatures: readonly StatementSignature[];
};

export type StatementSignature = {
  /** The key, in hexadecimal. */
  readonly keyid: string;
  /** The signature, in base64. */
  readonly sig: string;
};

const base64 = (most: number) =>
  v.pipe(
    v.string("base64"),
    v.regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "base64"),
    v.maxLength(most, `at most ${most} characters of base64`),
  );

/** @internal */
export const signedStatement = v.strictObject({
  payloadType: v.pipe(v.string("a type"), v.regex(/^[!-~]{1,128}$/, "a type")),
  payload: base64(16_384),
  signatures: v.pipe(
    v.array(v.strictObject({ keyid: hex32, sig: base64(128) }), "signatures"),
    v.minLength(1, "at least one signature"),
    v.maxLength(16, "at most 16 signatures"),
  ),
});
