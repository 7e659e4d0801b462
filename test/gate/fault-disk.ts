/** Storage that fails in every way that its contract allows, and shows what a crash would leave. */
import { OrderedJournal } from "../../src/storage/journal.js";
import type { Journal, LogStorage } from "../../src/storage/storage.js";
import { requirePath } from "../../src/storage/storage.js";
import type { Random } from "../authorization/random.js";

/** How often operations go wrong, from 0 to 1. */
export interface Weather {
  fail: number;
  hang: number;
}

/** What survives a crash. Each process that uses it holds a `FaultStorage`. */
export class Disk {
  readonly files = new Map<string, Uint8Array>();
  /** Faults that happened. */
  faults = 0;
  holder: FaultStorage | undefined;

  constructor(
    readonly random: Random,
    readonly weather: Weather,
  ) {}

  /** All that is durable now, as text of one character a byte. */
  text(): string {
    return [...this.files.values()]
      .map((bytes) => Buffer.from(bytes).toString("latin1"))
      .join("\n");
  }
}

/** One process's storage; after `kill` it answers nothing any more, and changes nothing. */
export class FaultStorage implements LogStorage {
  #dead = false;
  /** Bytes that are being appended: a crash may leave any part of them. */
  readonly #pending = new Map<string, Uint8Array>();
  readonly #writing = new Map<string, Uint8Array>();

  constructor(readonly disk: Disk) {}

  /** The process ends here and now. */
  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    const { random, files } = this.disk;
    for (const [path, bytes] of this.#pending) {
      const torn = bytes.slice(0, random.below(bytes.length + 1));
      if (torn.length > 0 && random.chance(0.3)) torn.fill(0, random.below(torn.length));
      if (files.has(path)) files.set(path, joined(files.get(path) as Uint8Array, torn));
    }
    for (const [path, bytes] of this.#writing) if (random.chance(0.5)) files.set(path, bytes);
    if (this.disk.holder === this) this.disk.holder = undefined;
  }

  async #reach(): Promise<void> {
    const { random, weather } = this.disk;
    if (this.#dead) return await NEVER;
    for (let i = random.below(3); i > 0; i--) await undefined;
    if (this.#dead) return await NEVER;
    if (random.chance(weather.hang)) {
      this.disk.faults += 1;
      return await NEVER;
    }
  }

  #breaks(): boolean {
    const { random, weather } = this.disk;
    if (!random.chance(weather.fail)) return false;
    this.disk.faults += 1;
    return true;
  }

  async read(path: string, limit: number): Promise<Uint8Array | undefined> {
    requirePath(path);
    await this.#reach();
    if (this.#dead) return await NEVER;
    if (this.#breaks()) throw new Error("read: input/output error");
    return this.disk.files.get(path)?.slice(0, limit + 1);
  }

  async list(path: string): Promise<readonly string[]> {
    await this.#reach();
    if (this.#dead) return await NEVER;
    if (this.#breaks()) throw new Error("list: input/output error");
    const prefix = path === "" ? "" : `${path}/`;
    const names = [...this.disk.files.keys()].filter((file) => file.startsWith(prefix));
    return [...new Set(names.map((file) => file.slice(prefix.length).split("/", 1)[0] as string))];
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    requirePath(path);
    const copy = bytes.slice();
    this.#writing.set(path, copy);
    await this.#reach();
    if (this.#dead) return await NEVER;
    const broken = this.#breaks();
    // A write that failed may have happened.
    if (!broken || this.disk.random.chance(0.5)) this.disk.files.set(path, copy);
    if (this.#writing.get(path) === copy) this.#writing.delete(path);
    if (broken) throw new Error("write: no space left");
  }

  async remove(path: string): Promise<void> {
    await this.#reach();
    if (this.#dead) return await NEVER;
    if (this.#breaks()) throw new Error("remove: input/output error");
    this.disk.files.delete(path);
  }

  async createJournal(path: string): Promise<Journal> {
    requirePath(path);
    await this.#reach();
    if (this.#dead) return await NEVER;
    if (this.#breaks()) throw new Error("create: no space left");
    if (this.disk.files.has(path)) throw new Error("something stands there");
    this.disk.files.set(path, new Uint8Array());
    return new OrderedJournal({
      append: async (bytes) => await this.#append(path, bytes.slice()),
      close: async () => await this.#reach(),
    });
  }

  async #append(path: string, bytes: Uint8Array): Promise<void> {
    this.#pending.set(path, bytes);
    await this.#reach();
    if (this.#dead) return await NEVER;
    const broken = this.#breaks();
    const { files, random } = this.disk;
    const kept = broken ? bytes.slice(0, random.below(bytes.length + 1)) : bytes;
    const file = files.get(path);
    if (file) files.set(path, joined(file, kept));
    this.#pending.delete(path);
    if (broken) throw new Error("append: input/output error");
  }

  async lock(): Promise<() => Promise<void>> {
    await this.#reach();
    if (this.#dead) return await NEVER;
    if (this.disk.holder) throw new Error("another writer holds this storage");
    this.disk.holder = this;
    return async () => {
      if (this.disk.holder === this) this.disk.holder = undefined;
    };
  }
}

const NEVER: Promise<never> = new Promise(() => {});

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
