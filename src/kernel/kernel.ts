import { NO_PREFIX } from "../../assembly/abi.js";
import { Border } from "./border.js";
import type { Ed25519Status, SignatureClaim } from "./ed25519.js";
import { Ed25519 } from "./ed25519.js";
import type { HashAlgorithm } from "./hash.js";
import { Hasher, sha256Many, sha256One } from "./hash.js";
import type { PlatformHash } from "./platform-hash.js";
import type { PreparedKey } from "./prepared.js";
import type {
  ConsistencyClaim,
  ConsistencyResult,
  InclusionClaim,
  InclusionResult,
} from "./proofs.js";
import { checkConsistencies, checkInclusions } from "./proofs.js";
import type { LeafRange } from "./tree.js";
import { consistencyRanges, Frontier, hashCount, inclusionRanges, nodeHashes } from "./tree.js";

const LEAF = 0;

export interface KernelOptions {
  /** Hashes the longer messages; without one, the kernel hashes everything. Results are equal. */
  readonly platformHash?: PlatformHash | undefined;
}

/**
 * The WebAssembly kernel behind one synchronous interface. Bytes go in and come out as copies; work
 * larger than the kernel's memory is split without showing. Wrong argument shapes throw `TypeError`
 * or `RangeError`; bad data gives a status; a defect of the kernel itself throws `KernelFault`, now
 * and at every later call.
 */
export class Kernel {
  readonly #border: Border;
  readonly #platform: PlatformHash | undefined;
  readonly #ed25519: Ed25519;

  /** Instantiates a compiled kernel module. Most callers use `loadKernel()`. */
  constructor(module: WebAssembly.Module, options: KernelOptions = {}) {
    this.#border = new Border(module);
    this.#platform = options.platformHash;
    this.#ed25519 = new Ed25519(this.#border);
  }

  /** SHA-256 (FIPS 180-4), 32 bytes. */
  sha256(message: Uint8Array): Uint8Array {
    return sha256One(this.#border, this.#platform, message);
  }

  /** SHA-512 (FIPS 180-4), 64 bytes. */
  sha512(message: Uint8Array): Uint8Array {
    return this.hasher("sha512").update(message).digest();
  }

  /** A streaming digest. */
  hasher(algorithm: HashAlgorithm): Hasher {
    return new Hasher(this.#border, algorithm, this.#platform);
  }

  /** SHA-256 of each message: 32 bytes each, one behind the other, in `out` where it is given. */
  sha256Many(messages: readonly Uint8Array[], out?: Uint8Array): Uint8Array {
    return sha256Many(this.#border, this.#platform, messages, NO_PREFIX, out);
  }

  /** Leaf hash of an entry: SHA-256(0x00 || entry) (RFC 6962, section 2.1). */
  leafHash(entry: Uint8Array): Uint8Array {
    return sha256One(this.#border, this.#platform, entry, LEAF);
  }

  /** Leaf hashes of many entries: 32 bytes each, one behind the other, in `out` where it is given. */
  leafHashes(entries: readonly Uint8Array[], out?: Uint8Array): Uint8Array {
    return sha256Many(this.#border, this.#platform, entries, LEAF, out);
  }

  /**
   * Interior hashes: each pair of 32-byte hashes becomes SHA-256(0x01 || left || right), in `out`
   * where it is given.
   */
  nodeHashes(pairs: Uint8Array, out?: Uint8Array): Uint8Array {
    return nodeHashes(this.#border, pairs, out);
  }

  /**
   * A compact frontier: the tree root of any number of leaves in little memory. It is empty, or that
   * of a tree of `size` leaves whose complete subtrees have these roots, the largest first.
   */
  frontier(size = 0n, subtrees: readonly Uint8Array[] = []): Frontier {
    return Frontier.of(this.#border, size, subtrees);
  }

  /** Root hash of the tree over leaf hashes, 32 bytes each; SHA-256("") for none. */
  treeRoot(leafHashes: Uint8Array): Uint8Array {
    return this.frontier().append(leafHashes).root();
  }

  /** The leaf ranges whose roots make up an inclusion proof, in its order. */
  inclusionRanges(index: bigint, size: bigint): LeafRange[] {
    return inclusionRanges(this.#border, index, size);
  }

  /** The leaf ranges whose roots make up a consistency proof, in its order. */
  consistencyRanges(oldSize: bigint, newSize: bigint): LeafRange[] {
    return consistencyRanges(this.#border, oldSize, newSize);
  }

  /** Inclusion proof of leaf `index` in the tree over these leaf hashes. Hashes every leaf once. */
  proveInclusion(leafHashes: Uint8Array, index: bigint): Uint8Array[] {
    return this.#roots(leafHashes, this.inclusionRanges(index, BigInt(hashCount(leafHashes))));
  }

  /** Consistency proof from the first `oldSize` leaves to the tree over all these leaf hashes. */
  proveConsistency(leafHashes: Uint8Array, oldSize: bigint): Uint8Array[] {
    return this.#roots(leafHashes, this.consistencyRanges(oldSize, BigInt(hashCount(leafHashes))));
  }

  /** Checks one inclusion proof (RFC 9162, section 2.1.3.2). */
  checkInclusion(claim: InclusionClaim): InclusionResult {
    return this.checkInclusions([claim])[0] as InclusionResult;
  }

  /** Checks many inclusion proofs; each gets its own result. */
  checkInclusions(claims: readonly InclusionClaim[]): InclusionResult[] {
    return checkInclusions(this.#border, claims);
  }

  /** Checks one consistency proof (RFC 9162, section 2.1.4.2). */
  checkConsistency(claim: ConsistencyClaim): ConsistencyResult {
    return this.checkConsistencies([claim])[0] as ConsistencyResult;
  }

  /** Checks many consistency proofs; each gets its own result. */
  checkConsistencies(claims: readonly ConsistencyClaim[]): ConsistencyResult[] {
    return checkConsistencies(this.#border, claims);
  }

  /**
   * Checks one Ed25519 signature by the one rule of this project: S below the group order, key and R
   * canonical, key not of small order, and the cofactored equation.
   */
  checkEd25519(claim: SignatureClaim): Ed25519Status {
    return this.checkEd25519Many([claim])[0] as Ed25519Status;
  }

  /**
   * Checks many signatures; each gets the status that it would get alone. Many at once are checked
   * by one equation, whose coefficients come from all the inputs and `seed`, which may be any 32
   * bytes or nothing: no verdict depends on them.
   */
  checkEd25519Many(claims: readonly SignatureClaim[], seed?: Uint8Array): Ed25519Status[] {
    return this.#ed25519.check(claims, seed);
  }

  /**
   * Prepares a key of 32 bytes that will be used often: in the `key` of a claim the result stands
   * for the key, and single signatures are checked about twice as fast. The tables of the 64 keys
   * used last are kept, 20 KB each; a key whose table is gone is checked like any other.
   */
  prepareKey(publicKey: Uint8Array): PreparedKey {
    return this.#ed25519.prepare(publicKey);
  }

  #roots(leafHashes: Uint8Array, ranges: readonly LeafRange[]): Uint8Array[] {
    return ranges.map(({ start, end }) =>
      this.treeRoot(leafHashes.subarray(Number(start) * 32, Number(end) * 32)),
    );
  }
}
