/**
 * A file system in memory that forgets at a loss of power what was not synced, as POSIX lets it:
 * the bytes of a file until the file is synced, a name in a folder until that folder is.
 */
import type { FileSystem, GrowingFile, NewFile } from "../../src/storage/file-system.js";
import type { Owner, Owners } from "../../src/storage/owner.js";
import type { Change, Entry, Folder, Machine } from "./crash-machine.js";
import {
  chance,
  countCrashes,
  crash,
  crashes,
  isFile,
  newFile,
  newFolder,
  startMachine,
} from "./crash-machine.js";

/** What every operation throws once the power is gone. */
export class PowerLoss extends Error {}

/** What every operation of a process throws that was killed. */
export class Killed extends Error {}

/** The files of a machine as one of its processes sees them. */
export class CrashFileSystem implements FileSystem {
  /** Operations of this process so far: the next one's number. */
  operations = 0;
  /** What this process synced, in order, with what was left out. */
  readonly syncs: string[] = [];
  /**
   * Of each sync its operation, and what had happened in the folder since the one before, but to
   * names with a dot. */
  readonly syncDetails: { readonly operation: number; readonly changes: string }[] = [];
  readonly #machine: Machine;
  readonly #pid: number;
  #killedAt = Infinity;
  #skipped = new Set<number>();

  constructor(machine: Machine = startMachine()) {
    this.#machine = machine;
    this.#pid = ++machine.processes;
    machine.alive.add(this.#pid);
  }

  /** The processes of the machine: none outlives a loss of power. */
  readonly owners: Owners = {
    self: async () => this.#owner(),
    fate: async ({ boot, pid }) =>
      boot === this.#machine.boot && this.#machine.alive.has(pid) ? "alive" : "dead",
  };

  #owner(): Owner {
    return { pid: this.#pid, start: null, boot: this.#machine.boot, space: null, host: "" };
  }

  /** Another process of the same machine. */
  another(): CrashFileSystem {
    return new CrashFileSystem(this.#machine);
  }

  /** Operations of all processes of the machine so far. */
  get allOperations(): number {
    return this.#machine.operations;
  }

  /** The machine loses power before its operation n. */
  losePowerAt(n: number): void {
    this.#machine.losesPowerAt = n;
  }

  /** This process is killed before its operation n. */
  killAt(n: number): void {
    this.#killedAt = n;
  }

  /** These syncs of this process, of files or folders, do nothing. */
  skipSync(...numbers: readonly number[]): void {
    this.#skipped = new Set(numbers);
  }

  /** From now on processes get in between each other's operations, the same for the same seed. */
  interleave(seed: number): void {
    const next = chance(seed);
    this.#machine.delay = () => Math.floor(next() * 8);
  }

  /** What the first process sees after a loss of power now: one of all that may be left, by chance. */
  crash(seed: number): CrashFileSystem {
    return new CrashFileSystem(crash(this.#machine, seed));
  }

  /** All that a loss of power now may leave, but in the order of the calls; undefined if over `most`. */
  crashes(most: number): CrashFileSystem[] | undefined {
    if (countCrashes(this.#machine) > most) return undefined;
    return Array.from(crashes(this.#machine), (machine) => new CrashFileSystem(machine));
  }

  async read(path: string, most: number): Promise<Uint8Array | undefined> {
    await this.#step();
    const found = this.#find(path);
    return isFile(found) ? found.bytes.slice(0, most) : undefined;
  }

  async list(folder: string): Promise<readonly string[]> {
    await this.#step();
    return [...this.#folder(folder).names.keys()];
  }

  async create(path: string): Promise<NewFile> {
    await this.#step();
    const file = newFile();
    this.#add(path, file);
    return {
      writeFile: async (bytes) => {
        await this.#step();
        file.bytes = Uint8Array.from(bytes);
      },
      sync: async () => {
        await this.#step();
        if (this.#syncs("file")) file.stored = file.bytes;
      },
      close: () => this.#step(),
    };
  }

  async createGrowing(path: string): Promise<GrowingFile> {
    await this.#step();
    const file = newFile(undefined, true);
    this.#add(path, file);
    let whole = true;
    return {
      // Of each second write a half: a caller that takes the first answer for the whole loses bytes.
      write: async (bytes) => {
        await this.#step();
        whole = !whole;
        const part = whole ? bytes : bytes.subarray(0, Math.ceil(bytes.length / 2));
        const grown = new Uint8Array(file.bytes.length + part.length);
        grown.set(file.bytes);
        grown.set(part, file.bytes.length);
        file.bytes = grown;
        return part.length;
      },
      sync: async () => {
        await this.#step();
        if (this.#syncs("file")) file.stored = file.bytes;
      },
      close: () => this.#step(),
    };
  }

  async link(path: string, name: string): Promise<void> {
    await this.#step();
    const found = this.#find(path);
    if (!isFile(found)) throw failure("EPERM", path);
    this.#add(name, found);
  }

  async rename(path: string, name: string): Promise<void> {
    await this.#step();
    const found = this.#find(path);
    if (!isFile(found)) throw failure("EPERM", path);
    const to = this.#place(name);
    const there = to.folder.names.get(to.name);
    if (there && !isFile(there)) throw failure("EISDIR", name);
    // Two names of one file: rename(2) leaves both.
    if (there === found) return;
    this.#change([
      { ...this.#place(path), entry: undefined },
      { ...to, entry: found },
    ]);
  }

  async unlink(path: string): Promise<void> {
    await this.#step();
    if (!isFile(this.#find(path))) throw failure("EISDIR", path);
    this.#change([{ ...this.#place(path), entry: undefined }]);
  }

  async makeFolder(folder: string): Promise<void> {
    await this.#step();
    this.#add(folder, newFolder());
  }

  async syncFolder(folder: string): Promise<void> {
    await this.#step();
    const found = this.#folder(folder);
    if (!this.#syncs(folder, [...found.changes].sort().join(" "))) return;
    found.changes.clear();
    found.stored = new Map(found.names);
    this.#machine.pending = this.#machine.pending
      .map((change) => change.filter((effect) => effect.folder !== found))
      .filter((change) => change.length > 0);
  }

  /** Stands at the head of every operation. */
  async #step(): Promise<void> {
    const machine = this.#machine;
    for (let turns = machine.delay(); turns > 0; turns--) await Promise.resolve();
    if (machine.operations >= machine.losesPowerAt) throw new PowerLoss("the power is gone");
    if (this.operations >= this.#killedAt) {
      machine.alive.delete(this.#pid);
      throw new Killed(`process ${this.#pid} was killed`);
    }
    this.operations++;
    machine.operations++;
  }

  /** Counts a sync; true if it is to be done. */
  #syncs(what: string, changes = ""): boolean {
    this.syncDetails.push({ operation: this.operations - 1, changes });
    return !this.#skipped.has(this.syncs.push(what) - 1);
  }

  #find(path: string): Entry {
    let at: Entry = this.#machine.root;
    for (const part of path.split("/").filter((each) => each !== "")) {
      if (isFile(at)) throw failure("ENOTDIR", path);
      const next = at.names.get(part);
      if (next === undefined) throw failure("ENOENT", path);
      at = next;
    }
    return at;
  }

  #folder(path: string): Folder {
    const found = this.#find(path);
    if (isFile(found)) throw failure("ENOTDIR", path);
    return found;
  }

  #place(path: string): { folder: Folder; name: string } {
    const cut = path.lastIndexOf("/");
    return { folder: this.#folder(path.slice(0, cut)), name: path.slice(cut + 1) };
  }

  #add(path: string, entry: Entry): void {
    const { folder, name } = this.#place(path);
    if (folder.names.has(name)) throw failure("EEXIST", path);
    this.#change([{ folder, name, entry }]);
  }

  #change(change: Change): void {
    for (const { folder, name, entry } of change) {
      if (entry) folder.names.set(name, entry);
      else folder.names.delete(name);
      // The drivers' own names are for the run of the machine.
      if (!name.startsWith(".")) folder.changes.add(entry ? "added" : "removed");
    }
    this.#machine.pending.push(change);
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
