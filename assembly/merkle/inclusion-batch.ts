/**
 * Many inclusion proofs (RFC 9162, section 2.1.3) at once. A group of jobs climbs level by level,
 * and each level's nodes are hashed four at a time. Proofs of one tree meet on their way up: nodes
 * near the root are remembered with the pair that they are the hash of. A node is taken from memory
 * only if all 64 bytes of the pair are the same: what is remembered can never change a result.
 *
 * In a job's hashes (abi.ts) the path climbs through the proof itself:
 *
 *   leaf | root | found = leaf | sibling 0 | sibling 1 | ...
 *                 \____ pair 0 _____/
 *                                node 0    | sibling 1
 *                                \______ pair 1 _____/
 */
import {
  INCLUSION_INDEX,
  INCLUSION_LENGTH,
  INCLUSION_ROOT,
  MEMO_NODES,
  OK,
  PROOF_JOB_STATUS,
} from "../abi";
import { equalHashes, nodeHash, nodeHash4 } from "./nodes";

/** Enough to fill the lanes at each level, few enough to stay in the first-level cache. */
const GROUP: u32 = 32;

// A climber: u64 index, u64 last leaf, u32 pair, u32 steps, u32 steps before the edge, u32 job.
const CLIMBER: u32 = 32;
const LAST = 8;
const PAIR = 16;
const STEPS = 20;
const INNER = 24;
const JOB = 28;
const climbers = <u32>memory.data(32 * 32, 16);
let open: u32 = 0;

// Pairs that wait for the lanes, where each is to be remembered (0: nowhere), and their nodes.
const pairs = <u32>memory.data(16, 16);
const places = <u32>memory.data(16, 16);
const nodes = <u32>memory.data(128, 16);
let waiting: u32 = 0;

// A memo: a byte a node that says whether it is there, then the nodes: pair, hash.
const REMEMBERED: u32 = 96;

/** Takes on one job (abi.ts), whose hashes lie in the arena. `memo` is 0 or MEMO_BYTES. */
export function addInclusion(job: u32, memo: u32): void {
  const index = load<u64>(job);
  const size = load<u64>(job, 8);
  if (index >= size) {
    store<u32>(job, INCLUSION_INDEX, PROOF_JOB_STATUS);
    return;
  }
  // Below `inner` both the leaf's path and the right edge still differ; above it, the path runs
  // along the right edge, where only left siblings count.
  const inner: u32 = 64 - <u32>clz<u64>(index ^ (size - 1));
  const border: u32 = inner < 64 ? <u32>popcnt<u64>(index >> inner) : 0;
  const steps = inner + border;
  if (load<u32>(job, 20) != steps) {
    store<u32>(job, INCLUSION_LENGTH, PROOF_JOB_STATUS);
    return;
  }
  const hashes = load<u32>(job, 16);
  copyHash(hashes + 64, hashes);
  const at = climbers + open * CLIMBER;
  store<u64>(at, index);
  store<u64>(at, size - 1, LAST);
  store<u32>(at, hashes + 64, PAIR);
  store<u32>(at, steps, STEPS);
  store<u32>(at, inner, INNER);
  store<u32>(at, job, JOB);
  open += 1;
  if (open == GROUP) endInclusions(memo);
}

/** Ends every job that was taken on. */
export function endInclusions(memo: u32): void {
  const end = climbers + open * CLIMBER;
  open = 0;
  let climbing = true;
  for (let level: u32 = 0; climbing; level++) {
    climbing = false;
    for (let at = climbers; at != end; at += CLIMBER) {
      if (level >= load<u32>(at, STEPS)) continue;
      climbing = true;
      const index = load<u64>(at);
      const pair = load<u32>(at, PAIR);
      store<u32>(at, pair + 32, PAIR);
      if (level >= load<u32>(at, INNER) || ((index >> level) & 1) != 0) swapPair(pair);
      const lastNode = load<u64>(at, LAST) >> level >> 1;
      if (memo == 0 || lastNode >= <u64>(MEMO_NODES / 2)) {
        enqueue(pair, 0, memo);
        continue;
      }
      // The node's number in a tree that is counted from the root: 1, 2 and 3, 4 to 7, and so on.
      const width = (<u64>1) << (64 - clz<u64>(lastNode));
      const place = <u32>(width + (index >> level >> 1));
      if (load<u8>(memo + place) != 0 && recall(entryOf(memo, place), pair)) continue;
      enqueue(pair, place, memo);
    }
    flush(memo);
  }
  for (let at = climbers; at != end; at += CLIMBER) {
    const job = load<u32>(at, JOB);
    const hashes = load<u32>(job, 16);
    copyHash(hashes + 64, load<u32>(at, PAIR));
    const status = equalHashes(hashes + 64, hashes + 32) ? OK : INCLUSION_ROOT;
    store<u32>(job, status, PROOF_JOB_STATUS);
  }
}

function enqueue(pair: u32, place: u32, memo: u32): void {
  store<u32>(pairs + (waiting << 2), pair);
  store<u32>(places + (waiting << 2), place);
  waiting += 1;
  if (waiting == 4) flush(memo);
}

/** Hashes the pairs that wait. Each node goes over its pair's right half, and to its place. */
function flush(memo: u32): void {
  if (waiting == 0) return;
  const a = load<u32>(pairs, 0);
  if (waiting == 1) {
    nodeHash(a, a + 32, nodes);
  } else {
    const b = load<u32>(pairs, 4);
    const c = waiting > 2 ? load<u32>(pairs, 8) : b;
    const d = waiting > 3 ? load<u32>(pairs, 12) : b;
    nodeHash4(a, b, c, d, nodes, nodes + 32, nodes + 64, nodes + 96);
  }
  for (let i: u32 = 0; i < waiting; i++) {
    const pair = load<u32>(pairs + (i << 2));
    const node = nodes + (i << 5);
    const place = load<u32>(places + (i << 2));
    if (place != 0) {
      const entry = entryOf(memo, place);
      copyHash(entry, pair);
      copyHash(entry + 32, pair + 32);
      copyHash(entry + 64, node);
      store<u8>(memo + place, 1);
    }
    copyHash(pair + 32, node);
  }
  waiting = 0;
}

// @ts-ignore: decorator
@inline
function entryOf(memo: u32, place: u32): u32 {
  return memo + MEMO_NODES + place * REMEMBERED;
}

/** If the entry is of this very pair, writes its node over the right half. */
function recall(entry: u32, pair: u32): bool {
  if (!equalHashes(entry, pair) || !equalHashes(entry + 32, pair + 32)) return false;
  copyHash(pair + 32, entry + 64);
  return true;
}

function swapPair(pair: u32): void {
  const low = v128.load(pair, 0);
  const high = v128.load(pair, 16);
  copyHash(pair, pair + 32);
  v128.store(pair, low, 32);
  v128.store(pair, high, 48);
}

// @ts-ignore: decorator
@inline
function copyHash(to: u32, from: u32): void {
  v128.store(to, v128.load(from, 0), 0);
  v128.store(to, v128.load(from, 16), 16);
}
