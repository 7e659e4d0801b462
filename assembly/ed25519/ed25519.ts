/**
 * Ed25519 verification (RFC 8032, section 5.1.7) under one rule: S < L; A and R canonically encoded;
 * A not of small order; the cofactored equation [8][S]B = [8]R + [8][k]A. This is algorithm 2 of
 * "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020). The first rule that fails, in the
 * order of the statuses, is the answer. Variable time: no secret comes here.
 *
 * With E = [8]([S]B - R - [k]A), what is computed is [v]E, for v and u = +-v k of half the size of k
 * (halfsize.ts), which saves half of the doublings. E lies in the group of prime order L and v is
 * between 0 and L, so [v]E = 0 only if E = 0. A and R may have components of small order, on which
 * v k and u do not act alike, but multiplication by 8 leaves nothing of those.
 */
import {
  ED25519_EQUATION,
  ED25519_KEY_ENCODING,
  ED25519_KEY_ORDER,
  ED25519_R_ENCODING,
  ED25519_S_RANGE,
  OK,
} from "../abi";
import { COMB_SCALAR_BYTES, recodeComb } from "./comb";
import { halve } from "./halfsize";
import { POINT_BYTES, decode, invert, isSmallOrder } from "./points";
import { SCALAR_BYTES, isBelowL, multiplyAdd, reduce } from "./scalar";
import { TERM_BYTES, setTerm, straus } from "./straus";

// Scratch of one call.
const key = memory.data(POINT_BYTES, 16);
const commitment = memory.data(POINT_BYTES, 16);
const sum = memory.data(POINT_BYTES, 16);
const terms = memory.data(2 * TERM_BYTES, 16);
const u = memory.data(SCALAR_BYTES, 16);
const v = memory.data(SCALAR_BYTES, 16);
const product = memory.data(64, 16);
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

  reduce(scalar, digest);
  memory.fill(u, 0, SCALAR_BYTES);
  memory.fill(v, 0, SCALAR_BYTES);
  const negative = halve(u, v, scalar);
  memory.fill(product, 0, 64);
  multiplyAdd(product, v, 4, signature + 32);
  reduce(scalar, product);
  recodeComb(ofBase, scalar);
  if (!negative) invert(key);
  invert(commitment);
  setTerm(terms, key, u);
  setTerm(terms + TERM_BYTES, commitment, v);
  straus(sum, ofBase, terms, 2);
  return isSmallOrder(sum) ? OK : ED25519_EQUATION;
}
