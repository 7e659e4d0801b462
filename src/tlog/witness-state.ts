/**
 * What a witness remembers, and cosigning over it. For each log: the checkpoint that it cosigned last,
 * as the log signed it, and the latest time that it put on a cosignature. Stored at
 * `witness/<SHA-256 of the origin>` as a line `time <seconds>` and then the signed note.
 *
 * The new state is stored by compare-and-swap before anything is signed. So whatever requests come
 * together or crash, all that is ever signed for a log is one growing tree, at times that never go
 * back. A crash after storing loses an answer and no more: who asks again is told the size, and gets
 * the cosignature with that as the old size.
 */
import { concatBytes, equalBytes } from "../bytes/concat.js";
import { parseDecimal } from "../bytes/decimal.js";
import { encodeHex } from "../bytes/hex.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { TrustStore } from "../storage/trust-store.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { TreeHead } from "./checkpoint.js";
import { parseCheckpoint } from "./checkpoint.js";
import { MAX_NOTE_BYTES } from "./note.js";
import type { Signer } from "./signer.js";
import { cosignCheckpoint } from "./signer.js";
import type { Refusal, WitnessSetup } from "./witness.js";
import { decideCosign, parseAddCheckpoint, refuseUnread } from "./witness.js";

/** Requests that are in flight together may carry times in any order; a clock is not set back so far. */
const MOST_SECONDS_BACK = 60n;
/** Each lost race means that another request got ahead; a store that never lets one win is broken. */
const MOST_RACES = 1000;

/** The witness's answer, under the HTTP status of the specification. */
export type CosignAnswer =
  | {
      readonly status: 200;
      readonly head: TreeHead;
      /** The cosignature: a signature line with its newline, the whole body of the HTTP answer. */
      readonly line: string;
    }
  | (Refusal & {
      /**
       * With EQUIVOCATION: the checkpoint that the log signed before. Together with the request it
       * shows to anybody that the log signed two trees that contradict each other.
       */
      readonly contradicted?: Uint8Array;
    });

/**
 * Answers the body of an add-checkpoint request. Signs with `signer`, of type 04, at `now`, in
 * milliseconds since the epoch. A failure is the witness's own (HTTP 500), and signs nothing: its
 * state is damaged (MALFORMED, ORIGIN), or its clock is behind the times that it stated (CLOCK).
 */
export async function cosign(
  kernel: Kernel,
  store: TrustStore,
  setup: WitnessSetup,
  request: Uint8Array,
  signer: Signer,
  now: number,
): Promise<Result<CosignAnswer>> {
  requireWitness(setup, signer);
  const seconds = secondsOf(now);
  const parsed = parseAddCheckpoint(request);
  if (!parsed.ok) return ok(refuseUnread(parsed));
  const { origin } = parsed.value.signed.checkpoint;
  const known = setup.logs.some((log) => log.origin === origin);
  const key = stateKey(kernel, origin);

  for (let race = 0; race < MOST_RACES; race++) {
    const stored = known ? await store.get(key, MAX_NOTE_BYTES) : undefined;
    const state = stored && parseState(stored, origin);
    if (state && !state.ok) return state;
    const remembered = state?.value;
    const decision = decideCosign(kernel, setup, remembered?.head, parsed.value);
    if (decision.status !== 200) {
      const evidence = remembered && decision.failure.code === "EQUIVOCATION";
      return ok(evidence ? { ...decision, contradicted: remembered.checkpoint } : decision);
    }
    const last = remembered?.time ?? 0n;
    if (last - seconds > MOST_SECONDS_BACK) {
      const expected = `a clock at ${last} or later, the time of the last cosignature`;
      return failure("CLOCK", expected, `${seconds}`);
    }
    const time = seconds > last ? seconds : last;
    const next = formatState(time, decision.checkpoint);
    // Also where nothing changes: only so is it sure that what was read is still the newest.
    if (!(await store.compareAndSwap(key, stored, next))) continue;
    const cosigned = await cosignCheckpoint(decision.checkpoint, signer, time);
    return ok({ status: 200, head: decision.head, line: lastLine(cosigned) });
  }
  throw new Error(`the store refused ${MOST_RACES} writes to ${key} in a row`);
}

/** Where the state of a log is stored. */
export function stateKey(kernel: Kernel, origin: string): string {
  return `witness/${encodeHex(kernel.sha256(encodeUtf8(origin)))}`;
}

interface State {
  /** Seconds. */
  readonly time: bigint;
  readonly head: TreeHead;
  readonly checkpoint: Uint8Array;
}

function formatState(time: bigint, checkpoint: Uint8Array): Uint8Array {
  return concatBytes(encodeUtf8(`time ${time}\n`), checkpoint);
}

/** What is not exactly a state of this log is damage, and never taken for nothing remembered. */
function parseState(bytes: Uint8Array, origin: string): Result<State> {
  const text = decodeUtf8(bytes) ?? "";
  const [, digits = ""] = /^time ([0-9]+)\n/.exec(text) ?? [];
  const time = parseDecimal(digits);
  if (time === undefined) {
    return failure("MALFORMED", "the witness's state: time <seconds>", abbreviate(text));
  }
  const checkpoint = bytes.slice(`time ${digits}\n`.length);
  const signed = parseCheckpoint(checkpoint);
  if (!signed.ok) return { ...signed, expected: `the witness's state: ${signed.expected}` };
  const { size, rootHash, origin: found } = signed.value.checkpoint;
  if (found !== origin) {
    return failure("ORIGIN", `the witness's state of ${abbreviate(origin)}`, abbreviate(found));
  }
  return ok({ time, head: { size, rootHash }, checkpoint });
}

function requireWitness({ logs }: WitnessSetup, { key }: Signer): void {
  if (key.type !== "cosignature-ed25519") {
    throw new TypeError(`a witness signs with a cosigner's key, of type 04, not ${key.type}`);
  }
  if (logs.some((log) => equalBytes(log.key.publicKey, key.publicKey))) {
    throw new TypeError(`a log does not witness itself: "${key.name}" is a log's key`);
  }
}

/** Time 0 on a cosignature would say that it tells no time. */
function secondsOf(now: number): bigint {
  if (!(now >= 1000 && now <= Number.MAX_SAFE_INTEGER)) {
    throw new TypeError("`now` is milliseconds since the epoch, past its first second");
  }
  return BigInt(Math.floor(now / 1000));
}

function lastLine(note: Uint8Array): string {
  const text = decodeUtf8(note) as string;
  return text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
}
