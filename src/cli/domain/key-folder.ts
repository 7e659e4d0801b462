/** The private keys of a domain in folders of key files, found by the public keys that they name. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { encodeHex } from "../../bytes/hex.js";
import type { KeyRing } from "../../domain/key-ring.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Signer } from "../../tlog/signer.js";
import { readSigner, readVerifierKey } from "../key-file.js";
import type { Passphrases } from "./passphrases.js";

const SUFFIX = ".key";

export class KeyFolders implements KeyRing {
  /** Files that hold no usable key, and why. */
  readonly unusable = new Map<string, string>();
  readonly #kernel: Kernel;
  readonly #folders: string[];
  readonly #passphrases: Passphrases;
  /** By public key, in hexadecimal. */
  readonly #files = new Map<string, string>();
  readonly #signers = new Map<string, Signer>();

  /** A folder that is not there holds no key. */
  constructor(kernel: Kernel, folders: readonly string[], passphrases: Passphrases) {
    this.#kernel = kernel;
    this.#folders = [...folders];
    this.#passphrases = passphrases;
  }

  /** Opens the file of the key, at most once; a sealed one asks for its passphrase. */
  async find(publicKey: Uint8Array): Promise<Signer | undefined> {
    const name = encodeHex(publicKey);
    const open = this.#signers.get(name);
    if (open) return open;
    // Keys may have come since: a domain that is kept fresh for months has its keys rotated.
    if (!this.#files.has(name)) await this.#scan();
    const path = this.#files.get(name);
    if (path === undefined) return undefined;
    const signer = await this.#passphrases.open((source) => readSigner(this.#kernel, path, source));
    this.#signers.set(name, signer);
    return signer;
  }

  /** A key that was opened already. */
  add(signer: Signer): void {
    this.#signers.set(encodeHex(signer.key.publicKey), signer);
  }

  /** Looks into another folder too. */
  look(folder: string): void {
    if (!this.#folders.includes(folder)) this.#folders.push(folder);
  }

  /** Where the file of a key lies, of those that were looked for. */
  pathOf(publicKey: Uint8Array): string | undefined {
    return this.#files.get(encodeHex(publicKey));
  }

  async #scan(): Promise<void> {
    this.#files.clear();
    this.unusable.clear();
    for (const folder of this.#folders) {
      for (const name of await namesIn(folder)) await this.#note(join(folder, name));
    }
  }

  async #note(path: string): Promise<void> {
    try {
      const key = await readVerifierKey(this.#kernel, path);
      // A witness's key, of type 04, signs nothing of a domain.
      if (key.type !== "ed25519") return;
      const name = encodeHex(key.publicKey);
      if (!this.#files.has(name)) this.#files.set(name, path);
    } catch (error) {
      this.unusable.set(path, error instanceof Error ? error.message : String(error));
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => name.endsWith(SUFFIX) && !name.startsWith(".")).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
