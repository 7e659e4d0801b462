import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Reader } from "../storage/storage.js";
import { TILE_WIDTH, tileWidth } from "../tlog/tile.js";
import type { Ahead } from "./ahead.js";
import { readBundle } from "./bundle.js";

/** An entry with its place in a log. */
export interface LoggedEntry {
  readonly index: number;
  readonly bytes: Uint8Array;
  /** Leaf hash, in hexadecimal. */
  readonly leaf: string;
}

/**
 * Reads entries of a log that was verified when it was opened, and may grow meanwhile: what is ahead
 * from memory, the rest from its bundles. Throws where a bundle is gone or damaged since.
 */
export class LogReader {
  readonly #kernel: Kernel;
  readonly #reader: Reader;
  readonly #ahead: Ahead;

  constructor(kernel: Kernel, reader: Reader, ahead: Ahead) {
    this.#kernel = kernel;
    this.#reader = reader;
    this.#ahead = ahead;
  }

  async read(index: number): Promise<Uint8Array | undefined> {
    if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`no index: ${index}`);
    if (index >= this.#ahead.size) return undefined;
    return (this.#ahead.at(index)?.bytes ?? (await this.#covered(index))[0])?.slice();
  }

  async *entries(from: number, to: number): AsyncGenerator<LoggedEntry> {
    for (let index = from; index < to;) {
      const ahead = this.#ahead.at(index);
      if (ahead) {
        yield { index, bytes: ahead.bytes.slice(), leaf: encodeHex(ahead.hash) };
        index++;
        continue;
      }
      const entries = (await this.#covered(index)).slice(0, to - index);
      const hashes = this.#kernel.leafHashes(entries);
      for (const [i, bytes] of entries.entries()) {
        const leaf = encodeHex(hashes.subarray(32 * i, 32 * i + 32));
        yield { index: index++, bytes, leaf };
      }
    }
  }

  /** The entries from `index` to the end of its bundle, at least one. */
  async #covered(index: number): Promise<Uint8Array[]> {
    const bundle = BigInt(Math.floor(index / TILE_WIDTH));
    const width = tileWidth(BigInt(this.#ahead.start), 0, bundle);
    const entries = await readBundle(this.#reader, bundle, width);
    if (entries.ok) return entries.value.slice(index % TILE_WIDTH);
    throw new Error(`entry ${index} cannot be read: ${entries.expected}: ${entries.found}`);
  }
}
