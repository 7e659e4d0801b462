/**
 * Many Ed25519 signatures by one equation, under the one rule of ed25519.ts. What the rule says of
 * encodings and order is decided for each signature first. The others are good together if
 *
 *   [8]([sum z(i) S(i)]B - sum [z(i)]R(i) - sum [z(i) k(i)]A(i)) = 0.
 *
 * With E(i) = [8]([S(i)]B - R(i) - [k(i)]A(i)), a point of the group of prime order L, that is
 * sum [z(i)]E(i) = 0. It holds if all E(i) are 0. If E(j) is not, exactly one value of z(j) modulo L
 * makes it hold, given the others. z(j) is one of 2^128 - 1 values, all below L and none 0, that
 * SHA-512 derives from everything in the batch: whoever chooses the batch cannot choose z(j), and
 * needs no weak random source to be feared. z need not be odd: multiplication by 8 comes first, so
 * nothing of even order is left for it to act on. For the same reason scalars may be reduced modulo
 * L although A and R may have components of small order.
 *
 * If the sum is not 0, halves are tried with the same z(i). One signature alone is decided exactly:
 * z(i) is invertible modulo L, so [z(i)]E(i) = 0 only if E(i) = 0. If one half is good the other is
 * bad without trying. After MOST_FAILURES bad sums the rest is taken one by one, so that the worst
 * case is that many sums more than single verification.
 */
import {
  ED25519_EQUATION,
  ED25519_JOB_BYTES,
  ED25519_JOB_STATUS,
  ED25519_KEY_ENCODING,
  ED25519_KEY_ORDER,
  ED25519_R_ENCODING,
  ED25519_S_RANGE,
  NOT_RUN,
  OK,
} from "../abi";
import { deriveCoefficients } from "./coefficients";
import { COMB_SCALAR_BYTES, recodeComb } from "./comb";
import { decodeFour } from "./decode";
import { BUCKETS_BYTES, ENTRY_BYTES, ENTRY_OWN, ENTRY_SCALAR, pippenger } from "./pippenger";
import { POINT_BYTES, cache, invert, isSmallOrder } from "./points";
import { SCALAR_BYTES, isBelowL, multiplyAdd, reduce } from "./scalar";
import { TERM_BYTES, setTerm, straus } from "./straus";

/** Measured: up to about this many points, Straus's method is the faster one. */
const STRAUS_MOST: u32 = 192;
const MOST_FAILURES: u32 = 128;

// An item is an entry of pippenger.ts: -R with z; and the digest, later k, z, its job and its key.
export const ITEM_BYTES: u32 = ENTRY_BYTES;
export const ITEM_DIGEST: u32 = ENTRY_OWN;
const ITEM_K: u32 = ENTRY_OWN;
export const ITEM_Z: u32 = ENTRY_OWN + 64;
const ITEM_JOB: u32 = ENTRY_OWN + 80;
const ITEM_KEY: u32 = ENTRY_OWN + 84;

// A distinct key is an entry: -A with sum z k modulo L; and the sum itself, its bytes, its status,
// and whether the equation at hand has it.
const KEY_SUM: u32 = ENTRY_OWN;
const KEY_BYTES: u32 = ENTRY_OWN + 64;
const KEY_STATUS: u32 = ENTRY_OWN + 68;
const KEY_PRESENT: u32 = ENTRY_OWN + 72;

const WORK_BYTES: u32 = max(STRAUS_MOST * TERM_BYTES, BUCKETS_BYTES);

// Where the parts of the scratch are, and what is in them: set anew by each call.
let items: usize = 0;
let keys: usize = 0;
let keyCount: u32 = 0;
let slots: usize = 0;
let slotBits: u32 = 0;
let work: usize = 0;
let failures: u32 = 0;

// Scratch of one call.
const sum = memory.data(POINT_BYTES, 16);
const unused = memory.data(POINT_BYTES, 16);
const wide = memory.data(64, 16);
const scalar = memory.data(SCALAR_BYTES, 16);
const ofBase = memory.data(COMB_SCALAR_BYTES, 16);
const points = memory.data(16, 16);
const encodings = memory.data(16, 16);

/** Scratch for `count` jobs: items, keys, two to four u32 slots a key, and the work of a sum. */
export function batchBytes(count: u32): u64 {
  return <u64>count * (2 * ENTRY_BYTES + 16) + WORK_BYTES + 64;
}

/**
 * Decides `count` jobs (abi.ts), at least one. Those whose status is not NOT_RUN are left alone. The
 * digests of the others are in the items already, which lie at the start of the scratch; `seed` is
 * 32 bytes.
 */
export function verifyBatch(jobs: usize, count: u32, scratch: usize, seed: usize): void {
  items = scratch;
  keys = items + count * ENTRY_BYTES;
  slots = keys + count * ENTRY_BYTES;
  slotBits = 33 - clz<u32>(count);
  work = slots + (<usize>4 << slotBits);
  keyCount = 0;
  failures = 0;
  memory.fill(slots, 0, <usize>4 << slotBits);
  deriveCoefficients(jobs, count, items, seed);

  for (let i: u32 = 0; i < count; i++) {
    const job = jobs + i * ED25519_JOB_BYTES;
    if (load<u32>(job, ED25519_JOB_STATUS) != NOT_RUN) continue;
    if (!isBelowL(load<u32>(job, 4) + 32)) store<u32>(job, ED25519_S_RANGE, ED25519_JOB_STATUS);
    else store<u32>(items + i * ITEM_BYTES, findKey(load<u32>(job)), ITEM_KEY);
  }
  decodeKeys();
  const live = admit(jobs, count);
  decodeCommitments(live);
  const left = compact(live);
  if (left > 0) decide(0, left, false);
}

/** The entry of a key: the same for the same 32 bytes. Keys made to collide cost a scan each. */
function findKey(bytes: usize): usize {
  const hash = (load<u64>(bytes) ^ load<u64>(bytes, 16)) * 0x9e3779b97f4a7c15;
  const mask: u32 = (1 << slotBits) - 1;
  let slot = <u32>(hash >> (64 - slotBits));
  let key: usize = 0;
  while ((key = load<u32>(slots + (<usize>slot << 2))) != 0) {
    if (memory.compare(load<u32>(key, KEY_BYTES), bytes, 32) == 0) return key;
    slot = (slot + 1) & mask;
  }
  key = keys + keyCount++ * ENTRY_BYTES;
  store<u32>(key, bytes, KEY_BYTES);
  store<u32>(slots + (<usize>slot << 2), key);
  return key;
}

/** Decodes `size` encodings and points that were set, at most four; the rest is filled up. */
function decodeSome(size: u32): u32 {
  for (let lane = size; lane < 4; lane++) {
    store<u32>(encodings + 4 * lane, load<u32>(encodings));
    store<u32>(points + 4 * lane, unused);
  }
  return decodeFour(points, encodings);
}

function decodeKeys(): void {
  for (let from: u32 = 0; from < keyCount; from += 4) {
    const size = min<u32>(4, keyCount - from);
    for (let lane: u32 = 0; lane < size; lane++) {
      const key = keys + (from + lane) * ENTRY_BYTES;
      store<u32>(encodings + 4 * lane, load<u32>(key, KEY_BYTES));
      store<u32>(points + 4 * lane, key);
    }
    const valid = decodeSome(size);
    for (let lane: u32 = 0; lane < size; lane++) {
      const key = keys + (from + lane) * ENTRY_BYTES;
      let status: u32 = OK;
      if (((valid >> lane) & 1) == 0) status = ED25519_KEY_ENCODING;
      else if (isSmallOrder(key)) status = ED25519_KEY_ORDER;
      store<u32>(key, status, KEY_STATUS);
      store<u32>(key, 0, KEY_PRESENT);
      invert(key);
      cache(key + POINT_BYTES, key);
    }
  }
}

/** Moves the items whose S and key are as they must be to the front; reduces their k. */
function admit(jobs: usize, count: u32): u32 {
  let live: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const job = jobs + i * ED25519_JOB_BYTES;
    if (load<u32>(job, ED25519_JOB_STATUS) != NOT_RUN) continue;
    const item = items + i * ITEM_BYTES;
    const status = load<u32>(load<u32>(item, ITEM_KEY), KEY_STATUS);
    if (status != OK) {
      store<u32>(job, status, ED25519_JOB_STATUS);
      continue;
    }
    reduce(scalar, item + ITEM_DIGEST);
    memory.copy(item + ITEM_K, scalar, SCALAR_BYTES);
    store<u32>(item, job, ITEM_JOB);
    memory.copy(items + live++ * ITEM_BYTES, item, ITEM_BYTES);
  }
  return live;
}

function decodeCommitments(live: u32): void {
  for (let from: u32 = 0; from < live; from += 4) {
    const size = min<u32>(4, live - from);
    for (let lane: u32 = 0; lane < size; lane++) {
      const item = items + (from + lane) * ITEM_BYTES;
      store<u32>(encodings + 4 * lane, load<u32>(load<u32>(item, ITEM_JOB), 4));
      store<u32>(points + 4 * lane, item);
    }
    const valid = decodeSome(size);
    for (let lane: u32 = 0; lane < size; lane++) {
      const item = items + (from + lane) * ITEM_BYTES;
      const status = ((valid >> lane) & 1) == 0 ? ED25519_R_ENCODING : OK;
      store<u32>(load<u32>(item, ITEM_JOB), status, ED25519_JOB_STATUS);
      invert(item);
      cache(item + POINT_BYTES, item);
    }
  }
}

/** Moves the items whose R is as it must be to the front: the equation decides them. */
function compact(live: u32): u32 {
  let left: u32 = 0;
  for (let i: u32 = 0; i < live; i++) {
    const item = items + i * ITEM_BYTES;
    if (load<u32>(load<u32>(item, ITEM_JOB), ED25519_JOB_STATUS) != OK) continue;
    store<u32>(load<u32>(item, ITEM_JOB), NOT_RUN, ED25519_JOB_STATUS);
    memory.copy(items + left++ * ITEM_BYTES, item, ITEM_BYTES);
  }
  return left;
}

/** Gives the items from `from` to `to` their status; true if all are OK. */
function decide(from: u32, to: u32, knownBad: bool): bool {
  if (!knownBad && holds(from, to)) {
    for (let i = from; i < to; i++) setStatus(i, OK);
    return true;
  }
  if (to - from == 1) {
    setStatus(from, ED25519_EQUATION);
    return false;
  }
  if (++failures > MOST_FAILURES) {
    for (let i = from; i < to; i++) setStatus(i, holds(i, i + 1) ? OK : ED25519_EQUATION);
    return false;
  }
  const middle = (from + to) >> 1;
  const good = decide(from, middle, false);
  decide(middle, to, good);
  return false;
}

function setStatus(i: u32, status: u32): void {
  store<u32>(load<u32>(items + i * ITEM_BYTES, ITEM_JOB), status, ED25519_JOB_STATUS);
}

/** Whether the equation holds over the items from `from` to `to`. */
function holds(from: u32, to: u32): bool {
  const first = items + from * ITEM_BYTES;
  const end = items + to * ITEM_BYTES;
  let present: u32 = 0;
  memory.fill(wide, 0, 64);
  for (let item = first; item < end; item += ITEM_BYTES) {
    const key = load<u32>(item, ITEM_KEY);
    if (load<u32>(key, KEY_PRESENT) == 0) {
      store<u32>(key, 1, KEY_PRESENT);
      memory.fill(key + KEY_SUM, 0, 64);
      present += 1;
    }
    const signature = load<u32>(load<u32>(item, ITEM_JOB), 4);
    multiplyAdd(wide, item + ITEM_Z, 4, signature + 32);
    multiplyAdd(key + KEY_SUM, item + ITEM_Z, 4, item + ITEM_K);
    memory.fill(item + ENTRY_SCALAR, 0, SCALAR_BYTES);
    memory.copy(item + ENTRY_SCALAR, item + ITEM_Z, 16);
  }
  reduce(scalar, wide);
  recodeComb(ofBase, scalar);
  if (to - from + present <= STRAUS_MOST) {
    sumByStraus(first, end);
  } else {
    straus(sum, ofBase, 0, 0);
    for (let key = keys; key < keys + keyCount * ENTRY_BYTES; key += ENTRY_BYTES) {
      if (load<u32>(key, KEY_PRESENT) != 0) reduce(key + ENTRY_SCALAR, key + KEY_SUM);
      else memory.fill(key + ENTRY_SCALAR, 0, SCALAR_BYTES);
      store<u32>(key, 0, KEY_PRESENT);
    }
    pippenger(sum, keys, keyCount, first, to - from, work);
  }
  return isSmallOrder(sum);
}

function sumByStraus(first: usize, end: usize): void {
  let count: u32 = 0;
  for (let item = first; item < end; item += ITEM_BYTES) {
    setTerm(work + count++ * TERM_BYTES, item, item + ENTRY_SCALAR);
    const key = load<u32>(item, ITEM_KEY);
    if (load<u32>(key, KEY_PRESENT) == 0) continue;
    store<u32>(key, 0, KEY_PRESENT);
    reduce(key + ENTRY_SCALAR, key + KEY_SUM);
    setTerm(work + count++ * TERM_BYTES, key, key + ENTRY_SCALAR);
  }
  straus(sum, ofBase, work, count);
}
