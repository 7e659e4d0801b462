/**
 * The coefficients of a batch: with D = SHA-512("writ ed25519 batch" || 00 || seed || u32 count ||
 * key || R || S || SHA-512(R || key || message) || the same of the next ...), four at a time are the
 * quarters of SHA-512(D || u32 i / 4), little-endian; 1 stands for 0. Jobs that have a status already
 * are not among the inputs; count and i count them.
 */
import { ED25519_JOB_BYTES, ED25519_JOB_STATUS, NOT_RUN, SHA512_STATE_BYTES } from "../abi";
import { ITEM_BYTES, ITEM_DIGEST, ITEM_Z } from "./batch";
import { sha512Final, sha512Init, sha512Update } from "../sha/sha512";

const DOMAIN_BYTES: u32 = 19;
const domain = memory.data<u8>([
  0x77, 0x72, 0x69, 0x74, 0x20, 0x65, 0x64, 0x32, 0x35, 0x35, 0x31, 0x39, 0x20, 0x62, 0x61, 0x74,
  0x63, 0x68, 0x00,
]);

// Scratch of one call.
const state = memory.data(SHA512_STATE_BYTES, 16);
const inputs = memory.data(72, 16);
const quarters = memory.data(64, 16);

/** Writes z of every item. `seed` is 32 bytes. */
export function deriveCoefficients(jobs: usize, count: u32, items: usize, seed: usize): void {
  sha512Init(state);
  sha512Update(state, domain, DOMAIN_BYTES);
  sha512Update(state, seed, 32);
  store<u32>(inputs, count);
  sha512Update(state, inputs, 4);
  for (let i: u32 = 0; i < count; i++) {
    const job = jobs + i * ED25519_JOB_BYTES;
    if (load<u32>(job, ED25519_JOB_STATUS) != NOT_RUN) continue;
    sha512Update(state, load<u32>(job), 32);
    sha512Update(state, load<u32>(job, 4), 64);
    sha512Update(state, items + i * ITEM_BYTES + ITEM_DIGEST, 64);
  }
  sha512Final(state, inputs);
  for (let i: u32 = 0; i < count; i++) {
    if ((i & 3) == 0) {
      store<u32>(inputs, i >> 2, 64);
      sha512Init(state);
      sha512Update(state, inputs, 68);
      sha512Final(state, quarters);
    }
    const z = items + i * ITEM_BYTES + ITEM_Z;
    memory.copy(z, quarters + ((i & 3) << 4), 16);
    if ((load<u64>(z) | load<u64>(z, 8)) == 0) store<u64>(z, 1);
  }
}
