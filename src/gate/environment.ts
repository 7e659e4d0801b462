/** What a gate runs in, held against its domain's baseline. */
import { decodeHex, encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { MeasuredPart } from "../lineage/entry/run.js";
import type { Baseline } from "../trust/contents/baseline.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";

export interface Measured {
  /** Who says so. */
  readonly source: "self-measured" | "attested";
  /** SHA-256 of the kernel, in hexadecimal. */
  readonly kernel: string;
  /** Modules and programs. */
  readonly parts: readonly MeasuredPart[];
}

/** Why this is not what the baseline says; a domain without one demands nothing. */
export function checkMeasured(
  baseline: Baseline | undefined,
  { kernel, parts }: Measured,
): Failure | undefined {
  if (!baseline) return undefined;
  if (!baseline.kernels.includes(kernel)) {
    return failure("KERNEL", `one of the kernels ${baseline.kernels.join(", ")}`, kernel);
  }
  for (const { name, sha256 } of baseline.environment) {
    const found = parts.find((part) => part.name === name);
    if (found?.sha256 === sha256) continue;
    return failure("ENV", `${name} with SHA-256 ${sha256}`, found?.sha256 ?? "not measured");
  }
  return undefined;
}

/** FIPS 180-4: SHA-256 of "abc". */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/** RFC 6962: the root of the tree over the leaves "" and 0x00 (the first two of the tests of RFC 6962's log). */
const ROOT = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
/** RFC 8032, section 7.1, test 2. */
const SIGNED = {
  key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  message: "72",
  signature:
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
};

/** KERNEL unless the kernel still gives answers that are known. */
export function checkKernel(kernel: Kernel): Failure | undefined {
  try {
    const bytes = (hex: string): Uint8Array => decodeHex(hex) as Uint8Array;
    if (encodeHex(kernel.sha256(encodeUtf8("abc"))) !== ABC) return broken("SHA-256");
    const leaves = kernel.leafHashes([new Uint8Array(), Uint8Array.of(0)]);
    if (encodeHex(kernel.treeRoot(leaves)) !== ROOT) return broken("tree hashes");
    const { key, message, signature } = SIGNED;
    const claim = { key: bytes(key), message: bytes(message), signature: bytes(signature) };
    if (kernel.checkEd25519(claim) !== "ok") return broken("Ed25519, a signature that holds");
    const forged = { ...claim, message: bytes("73") };
    if (kernel.checkEd25519(forged) === "ok") return broken("Ed25519, one that does not");
    return undefined;
  } catch (error) {
    return failure("KERNEL", "a kernel that answers", error instanceof Error ? error.message : "");
  }
}

function broken(what: string): Failure {
  return failure("KERNEL", "a kernel that gives the known answers", `another one for ${what}`);
}
