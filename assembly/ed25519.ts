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
import { COMB_SCALAR_BYTES, recodeComb } from "./comb";
import { POINT_BYTES, cache, decode, invert, isSmallOrder, subtract } from "./points";
import { SCALAR_BYTES, isBelowL, reduce } from "./scalar";
import { TERM_BYTES, setTerm, straus } from "./straus";

// Scratch of one call.
const key = memory.data(POINT_BYTES, 16);
const commitment = memory.data(POINT_BYTES, 16);
const sum = memory.data(POINT_BYTES, 16);
const terms = memory.data(TERM_BYTES, 16);
const scalar = memory.data(SCALAR_BYTES, 16);
const ofBase = memory.data(COMB_SCALAR_BYTES, 16);

/**
 * `publicKey` is A, 32 bytes; `signature` is R || S, 64 bytes; `digest` is SHA-512(R || A || M), 64
 * bytes. Returns OK or the ED25519 status (abi.ts) of the first rule that fails.
 */
export function ed25519Verify(publicKey: usize, signature: usize, digest: usize): u32 {
  if (!isBelowL(signature + 32)) return ED25519_S_RANGE;
  if (!decode(key, publicKey)) return ED25519_KEY_ENCODING;
  if (isSmallOrder(key)) return ED25519_KEY_ORDER;
  if (!decode(commitment, signature)) return ED25519_R_ENCODING;

  // [8]([S]B + [k](-A) - R) = 0
  recodeComb(ofBase, signature + 32);
  reduce(scalar, digest);
  invert(key);
  setTerm(terms, key, scalar);
  straus(sum, ofBase, terms, 1);
  cache(commitment, commitment);
  subtract(sum, sum, commitment);
  return isSmallOrder(sum) ? OK : ED25519_EQUATION;
}
