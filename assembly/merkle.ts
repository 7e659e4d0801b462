/**
 * Hashes and trees of RFC 6962, section 2.1: leaf = SHA-256(0x00 || data),
 * node = SHA-256(0x01 || left || right), empty root = SHA-256("").
 */
import { SHA256_STATE_BYTES } from "./abi";
import { sha256Final, sha256Init, sha256Update } from "./sha256";

const state = memory.data(SHA256_STATE_BYTES, 16);
const prefixByte = memory.data(1);

/** SHA-256 of one message after an optional prefix byte (`prefix` below 0: none). */
export function hashMessage(prefix: i32, data: usize, length: u32, out: usize): void {
  sha256Init(state);
  if (prefix >= 0) {
    store<u8>(prefixByte, prefix);
    sha256Update(state, prefixByte, 1);
  }
  sha256Update(state, data, length);
  sha256Final(state, out);
}

/** The interior hash. `out` may be `left` or `right`. */
export function nodeHash(left: usize, right: usize, out: usize): void {
  sha256Init(state);
  store<u8>(prefixByte, 1);
  sha256Update(state, prefixByte, 1);
  sha256Update(state, left, 32);
  sha256Update(state, right, 32);
  sha256Final(state, out);
}

/** One level up: `count` pairs of 64 bytes to `count` nodes of 32. `out` may be `pairs`. */
export function nodeHashes(pairs: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    nodeHash(pairs, pairs + 32, out);
    pairs += 64;
    out += 32;
  }
}

export function equalHashes(a: usize, b: usize): bool {
  return memory.compare(a, b, 32) == 0;
}
