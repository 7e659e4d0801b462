/**
 * Ed25519 verification (RFC 8032, section 5.1.7) under one rule: S < L; A and R canonically encoded;
 * A not of small order; the cofactored equation [8][S]B = [8]R + [8][k]A. This is algorithm 2 of
 * "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020). The first rule that fails, in the
 * order of the statuses, is the answer. Variable time: no secret comes here.
 */
import {
  ED25519_EQUATION,
  ED25519_KEY_ENCODING,
  ED25519_KEY_ORDER,
  ED25519_R_ENCODING,
  ED25519_S_RANGE,
  OK,
} from "./abi";
import {
  AFFINE_CACHED_BYTES,
  POINT_BYTES,
  addAffineCached,
  addCached,
  cache,
  cacheAffine,
  decodePoint,
  double,
  isIdentity,
  isSmallOrder,
  multiplyByCofactor,
  oddMultiples,
  setIdentity,
} from "./edwards";
import { DIGITS, SCALAR_BYTES, isBelowL, recode, reduce } from "./scalar";

const KEY_WIDTH: u32 = 5;
const BASE_WIDTH: u32 = 8;
const KEY_MULTIPLES: u32 = 1 << (KEY_WIDTH - 2);
const BASE_MULTIPLES: u32 = 1 << (BASE_WIDTH - 2);

// Odd multiples of B, affine cached: computed by the first call, the same ever after.
const baseTable = memory.data(BASE_MULTIPLES * AFFINE_CACHED_BYTES, 16);

// Scratch of one call.
const key = memory.data(POINT_BYTES, 16);
const commitment = memory.data(POINT_BYTES, 16);
const sum = memory.data(POINT_BYTES, 16);
const multiples = memory.data(BASE_MULTIPLES * POINT_BYTES, 16);
const scalar = memory.data(SCALAR_BYTES, 16);
const keyDigits = memory.data(DIGITS, 16);
const baseDigits = memory.data(DIGITS, 16);

/**
 * `publicKey` is A, 32 bytes; `signature` is R || S, 64 bytes; `digest` is SHA-512(R || A || M), 64
 * bytes. Returns OK or the ED25519 status (abi.ts) of the first rule that fails.
 */
export function ed25519Verify(publicKey: usize, signature: usize, digest: usize): u32 {
  if (!isBelowL(signature + 32)) return ED25519_S_RANGE;
  if (!decodePoint(key, publicKey)) return ED25519_KEY_ENCODING;
  if (isSmallOrder(key)) return ED25519_KEY_ORDER;
  if (!decodePoint(commitment, signature)) return ED25519_R_ENCODING;

  prepareBase();
  memory.fill(scalar, 0, SCALAR_BYTES);
  memory.copy(scalar, signature + 32, 32);
  recode(baseDigits, scalar, BASE_WIDTH);
  reduce(scalar, digest);
  recode(keyDigits, scalar, KEY_WIDTH);

  // [8]([S]B - [k]A - R) = 0
  combine();
  cache(commitment, commitment);
  addCached(sum, sum, commitment, true, false);
  multiplyByCofactor(sum, sum);
  return isIdentity(sum) ? OK : ED25519_EQUATION;
}

function prepareBase(): void {
  if (load<u32>(baseTable) != 0) return;
  // RFC 8032, section 5.1: B has y = 4 / 5 and an even x.
  memory.fill(scalar, 0x66, 32);
  store<u8>(scalar, 0x58);
  decodePoint(sum, scalar);
  oddMultiples(multiples, sum, BASE_MULTIPLES);
  cacheAffine(baseTable, multiples, BASE_MULTIPLES);
}

/** sum = [S]B - [k]A, from the digits of both (Straus). */
function combine(): void {
  oddMultiples(multiples, key, KEY_MULTIPLES);
  for (let i: u32 = 0; i < KEY_MULTIPLES; i++) {
    const p = multiples + i * POINT_BYTES;
    cache(p, p);
  }
  setIdentity(sum);
  let i = DIGITS - 1;
  while (i > 0 && load<i8>(keyDigits + i) == 0 && load<i8>(baseDigits + i) == 0) i--;
  for (; i != u32.MAX_VALUE; i--) {
    const k = <i32>load<i8>(keyDigits + i);
    const s = <i32>load<i8>(baseDigits + i);
    const last = i == 0;
    double(sum, sum, last || (k | s) != 0);
    if (k != 0) {
      const multiple = multiples + (abs(k) >> 1) * POINT_BYTES;
      addCached(sum, sum, multiple, k > 0, last || s != 0);
    }
    if (s != 0) {
      const multiple = baseTable + (abs(s) >> 1) * AFFINE_CACHED_BYTES;
      addAffineCached(sum, sum, multiple, s < 0, last);
    }
  }
}
