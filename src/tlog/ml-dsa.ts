/** Apart from the rest, so that a bundler makes it a chunk of its own, loaded on demand. */
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";

/** ML-DSA-44 (FIPS 204, pure, empty context). False for any defect of the signature or the key. */
export function mlDsa44(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ml_dsa44.verify(signature, message, key);
  } catch {
    return false;
  }
}
