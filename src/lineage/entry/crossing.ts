/** Entries about runs that cause runs elsewhere. */
import * as v from "valibot";
import { hex32 } from "../../trust/schema.js";
import type { EntryName, RunState } from "./common.js";
import { entryName, linked, runId, runState } from "./common.js";

/** A run hands on to another gate: whoever holds this key. */
export type Handover = {
  /** Tells it from other entries. */
  readonly kind: "handover";
  /** The run. */
  readonly run: string;
  /** Where it stands: this changes nothing. */
  readonly state: RunState;
  /** Ed25519 public key of the gate that may accept, in hexadecimal. */
  readonly receiver: string;
  /** Makes two of one content two: 32 random bytes, in hexadecimal. */
  readonly nonce: string;
};

/** A hand-over was accepted: a run begins. */
export type Accept = {
  /** Tells it from other entries. */
  readonly kind: "accept";
  /** The run that begins. */
  readonly run: string;
  /** Where it stands now. */
  readonly state: "baseline";
  /** The hand-over, in the log of the gate that made it. */
  readonly parent: EntryName;
  /** SHA-256 of the packet that proves it, which is kept beside the log. */
  readonly packet: string;
};

/** @internal */
export const handover = v.strictObject({
  ...linked,
  kind: v.literal("handover"),
  run: runId,
  state: runState,
  receiver: hex32,
  nonce: hex32,
});

/** @internal */
export const accept = v.strictObject({
  ...linked,
  kind: v.literal("accept"),
  run: runId,
  state: v.literal("baseline"),
  parent: entryName,
  packet: hex32,
});
