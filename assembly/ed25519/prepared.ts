/**
 * Keys that are used often: the rule of ed25519.ts with the comb of -A (comb.ts) made beforehand. A
 * prepared key is its 32 bytes and that table; the host keeps it and brings it along.
 */
import {
  ED25519_EQUATION,
  ED25519_KEY_ENCODING,
  ED25519_KEY_ORDER,
  ED25519_R_ENCODING,
  ED25519_S_RANGE,
  OK,
} from "../abi";
import { baseComb } from "./base";
import { COMB_COLUMNS, COMB_SCALAR_BYTES, addColumn, buildComb, recodeComb } from "./comb";
import {
  POINT_BYTES,
  cache,
  decode,
  double,
  invert,
  isSmallOrder,
  setIdentity,
  subtract,
} from "./points";
import { SCALAR_BYTES, isBelowL, reduce } from "./scalar";

const TABLE: u32 = 32;

// Scratch of one call.
const point = memory.data(POINT_BYTES, 16);
const sum = memory.data(POINT_BYTES, 16);
const scalar = memory.data(SCALAR_BYTES, 16);
const ofBase = memory.data(COMB_SCALAR_BYTES, 16);
const ofKey = memory.data(COMB_SCALAR_BYTES, 16);

/** Writes the prepared key; OK, or why the rule refuses the key. */
export function ed25519Prepare(prepared: usize, publicKey: usize): u32 {
  if (!decode(point, publicKey)) return ED25519_KEY_ENCODING;
  if (isSmallOrder(point)) return ED25519_KEY_ORDER;
  memory.copy(prepared, publicKey, 32);
  invert(point);
  buildComb(prepared + TABLE, point);
  return OK;
}

/** As ed25519Verify, with a prepared key. */
export function ed25519VerifyPrepared(prepared: usize, signature: usize, digest: usize): u32 {
  if (!isBelowL(signature + 32)) return ED25519_S_RANGE;
  if (!decode(point, signature)) return ED25519_R_ENCODING;

  recodeComb(ofBase, signature + 32);
  reduce(scalar, digest);
  recodeComb(ofKey, scalar);
  const base = baseComb();
  setIdentity(sum);
  for (let c = COMB_COLUMNS - 1; c != u32.MAX_VALUE; c--) {
    if (c != COMB_COLUMNS - 1) double(sum, sum);
    addColumn(sum, base, ofBase, c);
    addColumn(sum, prepared + TABLE, ofKey, c);
  }
  cache(point, point);
  subtract(sum, sum, point);
  return isSmallOrder(sum) ? OK : ED25519_EQUATION;
}
