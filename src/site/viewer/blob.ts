/** A file in pieces, in every browser: not all can be iterated as a stream. */

/** Small enough for progress to show, large enough that reading is not what takes the time. */
const PIECE = 256 << 10;

export async function* piecesOf(blob: Blob, size = PIECE): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.size; at += size) {
    yield new Uint8Array(await blob.slice(at, at + size).arrayBuffer());
  }
}

export async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.arrayBuffer());
}

/** The same bytes, but for one bit of the byte at `position`. Nothing is copied. */
export async function flipBit(blob: Blob, position: number, bit: number): Promise<Blob> {
  if (!(Number.isSafeInteger(position) && position >= 0 && position < blob.size)) {
    throw new RangeError(`no byte ${position} in ${blob.size}`);
  }
  const [byte] = await bytesOf(blob.slice(position, position + 1));
  const flipped = Uint8Array.of((byte as number) ^ (1 << bit));
  return new Blob([blob.slice(0, position), flipped, blob.slice(position + 1)]);
}
