import { Arguments } from "../command.js";
import type { PassphraseSource } from "../passphrase.js";
import { passphraseSource } from "../passphrase.js";

const PROMPT = new Arguments([], {});

/**
 * The passphrases of one run: those of `--passphrase-file`, or what was typed. Each that is known is
 * tried on a sealed file before another is asked for.
 */
export class Passphrases {
  readonly #files: readonly string[];
  readonly #typed: string[] = [];
  #fromFiles: Promise<readonly string[]> | undefined;

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  /** Opens a key file; `open` asks its source only if the file is sealed. */
  async open<T>(open: (source: PassphraseSource) => Promise<T>): Promise<T> {
    let wrong: unknown;
    for (const known of [...(await this.#read()), ...this.#typed]) {
      try {
        return await open(async () => known);
      } catch (error) {
        wrong = error;
      }
    }
    if (this.#files.length > 0) throw wrong;
    return await open(async (file) => {
      const typed = await passphraseSource(PROMPT, { twice: false })(file);
      this.#typed.push(typed);
      return typed;
    });
  }

  /** What new files are sealed under: the first `--passphrase-file`, else what is typed twice. */
  async forSealing(what: string): Promise<string> {
    const [first] = await this.#read();
    if (first !== undefined) return first;
    const typed = await passphraseSource(PROMPT, { twice: true })(what);
    this.#typed.push(typed);
    return typed;
  }

  #read(): Promise<readonly string[]> {
    return (this.#fromFiles ??= Promise.all(
      this.#files.map((file) => {
        const args = new Arguments([], { "passphrase-file": file });
        return passphraseSource(args, { twice: false })(file);
      }),
    ));
  }
}
