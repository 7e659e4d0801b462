import type { Journal } from "./storage.js";

/** What a driver does; the order is kept by `OrderedJournal`. */
interface Medium {
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A journal that appends one at a time, and nothing after an append that failed or after its end. */
export class OrderedJournal implements Journal {
  readonly #medium: Medium;
  #state: "open" | "busy" | "failed" | "closed" = "open";

  constructor(medium: Medium) {
    this.#medium = medium;
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#state === "busy") throw new TypeError("an append to this journal is under way");
    if (this.#state === "closed") throw new TypeError("this journal is closed");
    if (this.#state === "failed") throw new Error("an append to this journal has failed before");
    this.#state = "busy";
    try {
      await this.#medium.append(bytes);
      this.#state = "open";
    } catch (error) {
      // What stands at its end now is not known: what came behind it could not be found again.
      this.#state = "failed";
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#state === "busy") throw new TypeError("an append to this journal is under way");
    if (this.#state === "closed") return;
    this.#state = "closed";
    await this.#medium.close();
  }
}
