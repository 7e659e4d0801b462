/**
 * Digests of artifacts by in-toto's names of algorithms (in-toto/attestation, spec/v1/digest_set.md).
 *
 * Computed here: what has at least 128 bits of collision resistance, a fixed length and one meaning.
 * `blake2b` is of 512 bits and `blake2s` of 256, as RFC 7693 has them without a length in the name;
 * `blake3`, which in-toto does not list, is of 256 bits in lowercase hexadecimal. Not computed: sha1,
 * md5, ripemd160 and all of 224 bits, which collide sooner; shake128 and shake256, whose length in-toto
 * leaves open; gost, which names two algorithms; sha512_256, for want of an implementation here; git's
 * and dirHash, which are not of one stream of bytes.
 */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { DigestSet } from "./statement.js";

/** By the kernel, on every runtime. */
const OWN = ["sha256", "sha512"] as const;
/** By hash-wasm, where the platform lets it compile. */
const LOADED = [
  "sha384",
  "sha3_256",
  "sha3_384",
  "sha3_512",
  "blake2b",
  "blake2s",
  "blake3",
  "sm3",
] as const;

export type LoadedAlgorithm = (typeof LOADED)[number];

/** A digest in progress. It takes bytes of any length, at any split point, until it is asked once. */
export interface Digester {
  update(bytes: Uint8Array): void;
  /** Lowercase hexadecimal. The digester takes nothing more after it. */
  digest(): string;
}

/**
 * Opens a digest by an algorithm. UNSUPPORTED_DIGEST: none of ours, or one of hash-wasm's on a platform
 * that does not let it load or compile (workerd).
 */
export async function openDigester(kernel: Kernel, algorithm: string): Promise<Result<Digester>> {
  const own = OWN.find((name) => name === algorithm);
  if (own) {
    const hasher = kernel.hasher(own);
    return ok(new StreamDigester(hasher, () => encodeHex(hasher.digest())));
  }
  const loaded = LOADED.find((name) => name === algorithm);
  if (!loaded) {
    const expected = `a digest of ${[...OWN, ...LOADED].join(", ")}`;
    return failure("UNSUPPORTED_DIGEST", expected, abbreviate(algorithm));
  }
  try {
    const { OPENERS } = await import("./hash-wasm.js");
    const hasher = await OPENERS[loaded]();
    return ok(new StreamDigester(hasher, () => hasher.digest("hex")));
  } catch (error) {
    const expected = `a platform that compiles WebAssembly as it runs, for ${loaded}`;
    return failure("UNSUPPORTED_DIGEST", expected, abbreviate(String(error)));
  }
}

/**
 * The digests of an artifact by each of `algorithms`, in one pass and in memory that does not grow with
 * it. UNSUPPORTED_DIGEST, before anything of it is read, where one of them cannot be computed. Throws
 * what the stream throws, and a TypeError on chunks that are not bytes.
 */
export async function measureArtifact(
  kernel: Kernel,
  algorithms: Iterable<string>,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Result<DigestSet>> {
  const digesters = new Map<string, Digester>();
  for (const algorithm of new Set(algorithms)) {
    const opened = await openDigester(kernel, algorithm);
    if (!opened.ok) return opened;
    digesters.set(algorithm, opened.value);
  }
  for await (const chunk of chunks) {
    for (const digester of digesters.values()) digester.update(chunk);
  }
  const digests = [...digesters].map(([name, digester]) => [name, digester.digest()] as const);
  return ok(Object.freeze(Object.fromEntries(digests)));
}

/**
 * Whether an artifact with the digests `measured` is the one with the digests `expected`: each that is
 * expected must have been measured, and be equal. in-toto's reading, that one acceptable digest is
 * enough, would let each runtime pick another; here all decide alike, or one denies for want of an
 * algorithm. DIGEST: one differs. UNSUPPORTED_DIGEST: one was not measured. MISSING: none is expected.
 */
export function matchDigests(expected: DigestSet, measured: DigestSet): Result<undefined> {
  const names = Object.keys(expected);
  if (names.length === 0) return failure("MISSING", "at least one digest of the artifact", "none");
  for (const name of names) {
    if (!Object.hasOwn(measured, name)) {
      return failure("UNSUPPORTED_DIGEST", `a digest by ${abbreviate(name)}`, "none was measured");
    }
    const [digest, found] = [expected[name] as string, measured[name] as string];
    if (digest !== found) {
      return failure("DIGEST", `${abbreviate(name)} ${shown(digest)}`, shown(found));
    }
  }
  return ok(undefined);
}

function shown(digest: string): string {
  return /^[0-9a-f]{1,256}$/.test(digest) ? digest : abbreviate(String(digest));
}

class StreamDigester implements Digester {
  #open = true;
  readonly #hasher: { update(bytes: Uint8Array): unknown };
  readonly #end: () => string;

  constructor(hasher: { update(bytes: Uint8Array): unknown }, end: () => string) {
    this.#hasher = hasher;
    this.#end = end;
  }

  update(bytes: Uint8Array): void {
    this.#demandOpen();
    if (!(bytes instanceof Uint8Array)) throw new TypeError("a digest is of bytes");
    this.#hasher.update(bytes);
  }

  digest(): string {
    this.#demandOpen();
    this.#open = false;
    return this.#end();
  }

  #demandOpen(): void {
    if (!this.#open)
      throw new TypeError("this digester has already given its digest; open another");
  }
}
