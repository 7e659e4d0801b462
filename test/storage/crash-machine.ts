/** What a loss of power leaves of a file system in memory: see crash-file-system.ts. */

/** `bytes` and `names` are what processes see, `stored` is what a loss of power leaves for sure. */
export interface File {
  bytes: Uint8Array;
  stored: Uint8Array;
  /** Only appended to: what is stored of it stays, and a loss of power tears what is behind. */
  readonly growing: boolean;
}
export interface Folder {
  readonly names: Map<string, Entry>;
  stored: Map<string, Entry>;
  /** What happened since it was synced. */
  readonly changes: Set<"added" | "removed">;
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
  return { names: new Map(), stored: new Map(), changes: new Set() };
}

export function newFile(bytes: Uint8Array = new Uint8Array(), growing = false): File {
  return { bytes, stored: bytes, growing };
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

type Tear = (bytes: Uint8Array, old: Uint8Array, part: number) => Uint8Array;

/** What a loss of power leaves of unsynced bytes: new, old, a start alone or before zeros, zeros before an end. */
const TEARS: readonly Tear[] = [
  (bytes) => bytes,
  (_, old) => old,
  (bytes, _, part) => bytes.slice(0, Math.floor(bytes.length * part)),
  (bytes, _, part) => bytes.slice().fill(0, Math.floor(bytes.length * part)),
  (bytes, _, part) => bytes.slice().fill(0, 0, Math.ceil(bytes.length * part)),
];

/** And of bytes that were appended: some pages, whichever came to the medium first. */
const DISORDER: Tear = (bytes, _, part) => {
  const next = chance(Math.floor(part * 2 ** 30));
  const page = [4, 32, 256, 4096][Math.floor(next() * 4)] as number;
  const left = bytes.slice();
  for (let at = 0; at < left.length; at += page) if (next() < 0.5) left.fill(0, at, at + page);
  return next() < 0.5 ? left : left.slice(0, left.findLastIndex((byte) => byte !== 0) + 1);
};

function tearsOf({ growing }: File): readonly Tear[] {
  return growing ? [...TEARS, DISORDER] : TEARS;
}

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
  return restart(machine, there, (file) =>
    tear(file, Math.floor(next() * tearsOf(file).length), next()),
  );
}

/** How many `crashes` there are. */
export function countCrashes(machine: Machine): number {
  const tears = unsynced(machine).map((file) => tearsOf(file).length);
  return tears.reduce((product, each) => product * each, 2 ** machine.pending.length);
}

/** Each set of changes, in the order they were made, with each tear of the unsynced files. */
export function* crashes(machine: Machine): Generator<Machine> {
  const files = unsynced(machine);
  let step = 2 ** machine.pending.length;
  const steps = files.map((file) => {
    const mine = step;
    step *= tearsOf(file).length;
    return mine;
  });
  const count = countCrashes(machine);
  for (let n = 0; n < count; n++) {
    const there = machine.pending.filter((_, i) => Math.floor(n / 2 ** i) % 2 === 1);
    yield restart(machine, there, (file) => {
      const digit = Math.floor(n / (steps[files.indexOf(file)] as number));
      return tear(file, digit % tearsOf(file).length, 0.5);
    });
  }
}

function tear(file: File, kind: number, part: number): Uint8Array {
  const { bytes, stored, growing } = file;
  const by = tearsOf(file)[kind] as Tear;
  if (!growing) return by(bytes, stored, part);
  const tail = by(bytes.slice(stored.length), new Uint8Array(), part);
  const left = new Uint8Array(stored.length + tail.length);
  left.set(stored);
  left.set(tail, stored.length);
  return left;
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
    else {
      const bytes = isUnsynced(entry) ? leave(entry) : entry.stored;
      copies.set(entry, newFile(bytes, entry.growing));
    }
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
