/** A file that a person gave to the page. */

export interface NamedFile {
  readonly name: string;
  readonly blob: Blob;
}

const PIECE = 1 << 20;

/** In pieces, in every browser: not all can iterate over a stream. */
export async function* piecesOf(blob: Blob, size = PIECE): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.size; at += size) yield await bytesOf(blob.slice(at, at + size));
}

export async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.arrayBuffer());
}
