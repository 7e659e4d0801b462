/** What a loss of power leaves of a file system in memory: see crash-file-system.ts. */

/** `bytes` and `names` are what processes see, `stored` is what a loss of power leaves for sure. */
export interface File {
  bytes: Uint8Array;
  stored: Uint8Array;
}
export interface Folder {
  readonly names: Map<string, Entry>;
  stored: Map<string, Entry>;
}
export type Entry = File | Folder;

/** One name set or taken away; a rename is one of each and happens whole, as journals do it. */
interface Effect {
  readonly folder: Folder;
  readonly name: string;
  readonly entry: Entry | undefined;
}
export type Change = readonly Effect[];

/** What the processes of one run of a machine share. */
export interface Machine {
  /** Another after each loss of power. */
  readonly boot: string;
  readonly root: Folder;
  /** Changes of names that no sync covers, oldest first. */
  pending: Change[];
  readonly alive: Set<number>;
  processes: number;
  operations: number;
  losesPowerAt: number;
  /** How many turns an operation waits before it happens, so that processes get in between. */
  delay: () => number;
}

export function startMachine(boot = "", root: Folder = newFolder()): Machine {
  return {
    boot,
    root,
    pending: [],
    alive: new Set(),
    processes: 0,
    operations: 0,
    losesPowerAt: Infinity,
    delay: () => 0,
  };
}

export function newFolder(): Folder {
  return { names: new Map(), stored: new Map() };
}

export function newFile(bytes: Uint8Array = new Uint8Array()): File {
  return { bytes, stored: bytes };
}

export function isFile(entry: Entry): entry is File {
  return "bytes" in entry;
}

/** A number from 0 to below 1 at each call, the same for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a loss of power leaves of a file's unsynced bytes: new, old, a start alone or before zeros, zeros before an end. */
const TEARS: readonly ((file: File, part: number) => Uint8Array)[] = [
  ({ bytes }) => bytes,
  ({ stored }) => stored,
  ({ bytes }, part) => bytes.slice(0, Math.floor(bytes.length * part)),
  ({ bytes }, part) => bytes.slice().fill(0, Math.floor(bytes.length * part)),
  ({ bytes }, part) => bytes.slice().fill(0, 0, Math.ceil(bytes.length * part)),
];

/** One of all that a loss of power may leave, by chance. */
export function crash(machine: Machine, seed: number): Machine {
  const next = chance(seed);
  // How likely a change is to be there is itself by chance: none and all are cases as well.
  const share = [0, 1, 0.5, next()][seed % 4] as number;
  const there = machine.pending.filter(() => next() < share);
  if (next() < 0.5) {
    for (let i = there.length - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1));
      [there[i], there[j]] = [there[j] as Change, there[i] as Change];
    }
  }
  return restart(machine, there, (file) => tear(file, Math.floor(next() * TEARS.length), next()));
}

/** How many `crashes` there are. */
export function countCrashes(machine: Machine): number {
  return 2 ** machine.pending.length * TEARS.length ** unsynced(machine).length;
}

/** Each set of changes, in the order they were made, with each tear of the unsynced files. */
export function* crashes(machine: Machine): Generator<Machine> {
  const files = unsynced(machine);
  const sets = 2 ** machine.pending.length;
  const count = countCrashes(machine);
  for (let n = 0; n < count; n++) {
    const there = machine.pending.filter((_, i) => Math.floor(n / 2 ** i) % 2 === 1);
    yield restart(machine, there, (file) => {
      const digit = Math.floor(n / sets / TEARS.length ** files.indexOf(file));
      return tear(file, digit % TEARS.length, 0.5);
    });
  }
}

function tear(file: File, kind: number, part: number): Uint8Array {
  return (TEARS[kind] as (typeof TEARS)[number])(file, part);
}

/** A machine that starts with what was stored, and these changes on it. */
function restart(
  { root, pending, boot }: Machine,
  there: readonly Change[],
  leave: (file: File) => Uint8Array,
): Machine {
  const copies = new Map<Entry, Entry>();
  for (const entry of reachable(root, pending)) {
    if (!isFile(entry)) copies.set(entry, newFolder());
    else copies.set(entry, newFile(isUnsynced(entry) ? leave(entry) : entry.stored));
  }
  const copied = <T extends Entry>(entry: T): T => copies.get(entry) as T;
  const set = (folder: Folder, name: string, entry: Entry | undefined): void => {
    for (const names of [copied(folder).names, copied(folder).stored]) {
      if (entry) names.set(name, copied(entry));
      else names.delete(name);
    }
  };
  for (const folder of copies.keys()) {
    if (isFile(folder)) continue;
    for (const [name, entry] of folder.stored) set(folder, name, entry);
  }
  for (const { folder, name, entry } of there.flat()) set(folder, name, entry);
  return startMachine(`${boot}+`, copied(root));
}

/** All that may be there after a loss of power. */
function reachable(root: Folder, pending: readonly Change[]): Set<Entry> {
  const found = new Set<Entry>();
  const visit = (entry: Entry): void => {
    if (found.has(entry)) return;
    found.add(entry);
    if (!isFile(entry)) for (const each of entry.stored.values()) visit(each);
  };
  visit(root);
  for (const { folder, entry } of pending.flat()) {
    visit(folder);
    if (entry) visit(entry);
  }
  return found;
}

function isUnsynced({ bytes, stored }: File): boolean {
  return bytes !== stored;
}

function unsynced({ root, pending }: Machine): File[] {
  return [...reachable(root, pending)].filter(isFile).filter(isUnsynced);
}
