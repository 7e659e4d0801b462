/** Who signs an envelope. */

/**
 * Holds an Ed25519 key, or reaches one that it does not hold: this is where custody of any kind plugs
 * in, such as a hardware token, a key service or a person who is asked. No private key passes through
 * here, and what a signer gives is checked like any other signature when it is read.
 */
export interface Signer {
  /** The 32 bytes of the key under which the signatures verify. */
  readonly publicKey: Uint8Array;
  /** The 64 bytes of an Ed25519 signature (RFC 8032) over `message`. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}
