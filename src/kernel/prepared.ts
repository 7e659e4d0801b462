import { ED25519_PREPARED_BYTES, OK } from "../../assembly/abi.js";
import type { Border } from "./border.js";

const MOST_TABLES = 64;

/** An Ed25519 public key for repeated use, from `kernel.prepareKey`. It serves with any kernel. */
export class PreparedKey {
  readonly #bytes: Uint8Array;
  /** @internal */
  readonly name: string;

  /** @internal */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice();
    this.name = this.#bytes.join();
  }

  /** The 32 bytes of the key. */
  get bytes(): Uint8Array {
    return this.#bytes.slice();
  }
}

/**
 * The tables of prepared keys, by key; the least recently used go first. They lie outside the
 * kernel's memory and are brought into the arena with each call, so that no call can leave a wrong
 * one behind: copying 20 KB takes about a microsecond.
 */
export class PreparedKeys {
  readonly #border: Border;
  readonly #tables = new Map<string, Uint8Array>();

  constructor(border: Border) {
    this.#border = border;
  }

  /** Makes the table, unless the rule refuses the key: that shows when the key is used. */
  prepare(publicKey: Uint8Array): PreparedKey {
    const border = this.#border;
    const key = new PreparedKey(publicKey);
    if (this.table(key)) return key;
    border.begin();
    const out = border.reserve(8 + ED25519_PREPARED_BYTES);
    border.call("prepareEd25519", border.put(publicKey), out);
    if (border.getU32(out) === OK) {
      this.#tables.set(key.name, border.take(out + 8, ED25519_PREPARED_BYTES));
      const [oldest] = this.#tables.keys();
      if (this.#tables.size > MOST_TABLES && oldest) this.#tables.delete(oldest);
    }
    return key;
  }

  /** The key's 32 bytes and table, or undefined. */
  table(key: PreparedKey): Uint8Array | undefined {
    const table = this.#tables.get(key.name);
    if (table) {
      this.#tables.delete(key.name);
      this.#tables.set(key.name, table);
    }
    return table;
  }
}
