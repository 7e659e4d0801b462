/**
 * The platform's own synchronous SHA-256. It knows the processor's instructions for it, which
 * WebAssembly cannot reach, but costs more for each call: the kernel hands it the longer messages.
 */
export interface PlatformHash {
  /** Bytes from which one call here is faster than the kernel (measured). */
  readonly from: number;
  /** SHA-256 of one message. */
  sha256(message: Uint8Array): Uint8Array;
  /** SHA-256 of a message in parts. */
  stream(): PlatformStream;
}

export interface PlatformStream {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}
