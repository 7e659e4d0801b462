/**
 * Storage of a log over a trust store, which has neither folders nor appending nor owners that die.
 *
 *     state          who writes, and the journals that are there
 *     file/PATH      a file, behind the epoch of its writer
 *     list/...names  the names in a folder
 *     batch/ID/N     what was appended to a journal, piece by piece, and at its end a seal if another
 *                    writer has ended it: the seal stays, one byte for each time the place was taken
 */
import { OrderedJournal } from "./journal.js";
import type { Journal, LogStorage } from "./storage.js";
import { requirePath } from "./storage.js";
import type { TrustStore } from "./trust-store.js";
import type { JournalName, WriterState } from "./writer-state.js";
import { formatWriterState, parseWriterState } from "./writer-state.js";

const STATE = "state";
/** More than any value has. */
const WHOLE = 2 ** 31 - 1;
/** A file's epoch comes before its bytes. */
const EPOCH_BYTES = 8;
/** The first byte of a piece: bytes of the journal follow, or it is the end. */
const PIECE = 0;
const SEAL = 1;

/**
 * Where the platform has no folders, as at the edge. All of it depends on the store's compare-and-swap.
 *
 * `lock` does not wait for a writer that is gone: it takes the place of whoever has it. That one finds
 * out at its next append, new journal or removal, each of which throws then, as does its write over a
 * file that its successor wrote. Of what it had answered the successor sees all.
 */
export class TrustStoreStorage implements LogStorage {
  readonly #store: TrustStore;
  /** While this holds the lock. */
  #epoch: number | undefined;
  #locked = false;

  constructor(store: TrustStore) {
    this.#store = store;
  }

  async read(path: string, limit: number): Promise<Uint8Array | undefined> {
    requirePath(path);
    const found = await this.#store.get(`file/${path}`, limit + EPOCH_BYTES);
    if (found) return found.subarray(EPOCH_BYTES);
    const journal = (await this.#state()).journals.find((each) => each.path === path);
    return journal && (await this.#pieces(journal, limit));
  }

  async list(path: string): Promise<readonly string[]> {
    if (path !== "") requirePath(path);
    const prefix = path === "" ? "" : `${path}/`;
    const { journals } = await this.#state();
    const below = journals
      .filter((each) => each.path.startsWith(prefix))
      .map((each) => each.path.slice(prefix.length).split("/", 1)[0] as string);
    return [...new Set([...parseNames(await this.#names(path)), ...below])];
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    requirePath(path);
    const value = new Uint8Array(EPOCH_BYTES + bytes.length);
    value.set(bytes, EPOCH_BYTES);
    const epoch = this.#epoch ?? (await this.#state()).epoch;
    new DataView(value.buffer).setBigUint64(0, BigInt(epoch));
    const key = `file/${path}`;
    for (;;) {
      const found = await this.#store.get(key, WHOLE);
      requireNotLater(found, epoch);
      if (await this.#store.compareAndSwap(key, found, value)) break;
    }
    await this.#addName(path);
  }

  async remove(path: string): Promise<void> {
    requirePath(path);
    const { journals, epoch } = await this.#state();
    if (journals.some((each) => each.path === path)) return await this.#removeJournal(path);
    // Not what the successor may be reading: that is what this writer's checkpoint was before.
    if (this.#epoch !== undefined && this.#epoch !== epoch) throw displaced();
    // A file that is in no list does less harm than a name without a file.
    const [folder, name] = split(path);
    await this.#changeNames(folder, (names) => names.filter((each) => each !== name));
    await this.#store.remove(`file/${path}`);
  }

  async createJournal(path: string): Promise<Journal> {
    requirePath(path);
    if ((await this.read(path, 0)) || (await this.list(path)).length > 0) {
      throw new Error(`something stands at ${JSON.stringify(path)}`);
    }
    let id = 0;
    await this.#changeState((state) => {
      id = state.next;
      if (state.journals.some((each) => each.path === path)) {
        throw new Error(`something stands at ${JSON.stringify(path)}`);
      }
      return { ...state, next: id + 1, journals: [...state.journals, { id, path }] };
    });
    let number = 0;
    return new OrderedJournal({
      append: async (bytes) => {
        const value = new Uint8Array(1 + bytes.length);
        value.set(bytes, 1);
        value[0] = PIECE;
        const key = `batch/${id}/${number++}`;
        if (!(await this.#store.compareAndSwap(key, undefined, value))) throw displaced();
      },
      close: async () => {},
    });
  }

  async lock(): Promise<() => Promise<void>> {
    if (this.#locked) throw new Error("another writer holds this storage");
    this.#locked = true;
    try {
      this.#epoch = await this.#takePlace();
    } catch (error) {
      this.#locked = false;
      throw error;
    }
    let held = true;
    return async () => {
      if (!held) return;
      held = false;
      this.#epoch = undefined;
      this.#locked = false;
    };
  }

  /** Ends all journals, so that nobody else appends to them, and gives the new writer's epoch. */
  async #takePlace(): Promise<number> {
    for (;;) {
      const bytes = await this.#store.get(STATE, WHOLE);
      const state = parseWriterState(bytes);
      for (const { id } of state.journals) await this.#seal(id);
      const next = { ...state, epoch: state.epoch + 1 };
      // If there is a journal more by now, it has to be ended first.
      if (await this.#store.compareAndSwap(STATE, bytes, formatWriterState(next))) {
        this.#epoch = next.epoch;
        for (const id of state.gone) await this.#sweep(id);
        return next.epoch;
      }
    }
  }

  async #seal(id: number): Promise<void> {
    for (let number = 0; ; number++) {
      const key = `batch/${id}/${number}`;
      const found = await this.#store.get(key, 1);
      if (found?.[0] === SEAL) return;
      if (found) continue;
      if (await this.#store.compareAndSwap(key, undefined, Uint8Array.of(SEAL))) return;
      number--;
    }
  }

  async #pieces({ id }: JournalName, limit: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for (let number = 0; length <= limit; number++) {
      const piece = await this.#store.get(`batch/${id}/${number}`, limit + 1 - length);
      if (!piece || piece[0] === SEAL) break;
      pieces.push(piece.subarray(1));
      length += piece.length - 1;
    }
    const whole = new Uint8Array(Math.min(length, limit + 1));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece.subarray(0, whole.length - at), at);
      at += piece.length;
    }
    return whole;
  }

  /** First the name goes, in one step; then what was appended, of which a crash may leave some. */
  async #removeJournal(path: string): Promise<void> {
    let id: number | undefined;
    await this.#changeState((state) => {
      id = state.journals.find((each) => each.path === path)?.id;
      if (id === undefined) return state;
      const journals = state.journals.filter((each) => each.id !== id);
      return { ...state, journals, gone: [...state.gone, id] };
    });
    if (id !== undefined) await this.#sweep(id);
  }

  /** A seal stays: it is what keeps a writer that lost its place from appending to nothing. */
  async #sweep(id: number): Promise<void> {
    let count = 0;
    while ((await this.#store.get(`batch/${id}/${count}`, 1))?.[0] === PIECE) count++;
    // From the end, so that a crash leaves what is found again.
    while (count > 0) await this.#store.remove(`batch/${id}/${--count}`);
    await this.#changeState((state) => ({
      ...state,
      gone: state.gone.filter((each) => each !== id),
    }));
  }

  async #state(): Promise<WriterState> {
    return parseWriterState(await this.#store.get(STATE, WHOLE));
  }

  /** Changes the state, unless another has taken this writer's place. */
  async #changeState(change: (state: WriterState) => WriterState): Promise<void> {
    for (;;) {
      const bytes = await this.#store.get(STATE, WHOLE);
      const state = parseWriterState(bytes);
      if (this.#epoch !== undefined && state.epoch !== this.#epoch) throw displaced();
      const next = change(state);
      if (await this.#store.compareAndSwap(STATE, bytes, formatWriterState(next))) return;
    }
  }

  /** Puts a path's name, and those of the folders above, into the lists: the upper ones first. */
  async #addName(path: string): Promise<void> {
    const [folder, name] = split(path);
    if (parseNames(await this.#names(folder)).includes(name)) return;
    if (folder !== "") await this.#addName(folder);
    await this.#changeNames(folder, (names) => [...new Set([...names, name])]);
  }

  #names(folder: string): Promise<Uint8Array | undefined> {
    return this.#store.get(namesKey(folder), WHOLE);
  }

  async #changeNames(folder: string, change: (names: string[]) => string[]): Promise<void> {
    for (;;) {
      const bytes = await this.#names(folder);
      const names = parseNames(bytes);
      const next = change(names);
      if (next.length === names.length) return;
      const value = new TextEncoder().encode(JSON.stringify(next));
      if (await this.#store.compareAndSwap(namesKey(folder), bytes, value)) return;
    }
  }
}

/** A folder's own name is never that of its list. */
function namesKey(folder: string): string {
  const parts = folder === "" ? [] : folder.split("/");
  return ["list", ...parts.map((part) => `in-${part}`), "names"].join("/");
}

function parseNames(bytes: Uint8Array | undefined): string[] {
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as string[]) : [];
}

function split(path: string): [folder: string, name: string] {
  const cut = path.lastIndexOf("/");
  return [path.slice(0, Math.max(0, cut)), path.slice(cut + 1)];
}

function requireNotLater(found: Uint8Array | undefined, epoch: number): void {
  if (!found) return;
  const { buffer, byteOffset } = found;
  if (new DataView(buffer, byteOffset).getBigUint64(0) > BigInt(epoch)) throw displaced();
}

function displaced(): Error {
  return new Error("another writer has taken this one's place; open the log again to go on");
}
