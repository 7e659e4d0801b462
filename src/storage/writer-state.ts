/** What a `TrustStoreStorage` keeps in one value, so that one compare-and-swap changes all of it. */
export interface WriterState {
  /** How often the writer's place was taken. */
  readonly epoch: number;
  readonly journals: readonly JournalName[];
  /** Ids of removed journals of which pieces may be left. */
  readonly gone: readonly number[];
  /** Id of the next journal. */
  readonly next: number;
}

export interface JournalName {
  readonly id: number;
  readonly path: string;
}

/** That of a store where nothing is, for none. Throws on what no storage has written. */
export function parseWriterState(bytes: Uint8Array | undefined): WriterState {
  if (!bytes) return { epoch: 0, journals: [], gone: [], next: 0 };
  const state: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isWriterState(state)) throw new Error("the state of this storage is damaged");
  return state;
}

export function formatWriterState({ epoch, journals, gone, next }: WriterState): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ epoch, gone, journals, next }));
}

function isWriterState(value: unknown): value is WriterState {
  if (typeof value !== "object" || value === null) return false;
  const { epoch, journals, gone, next } = value as Partial<Record<string, unknown>>;
  return (
    isCount(epoch) &&
    isCount(next) &&
    Array.isArray(gone) &&
    gone.every(isCount) &&
    Array.isArray(journals) &&
    journals.every(isJournalName)
  );
}

function isJournalName(value: unknown): value is JournalName {
  if (typeof value !== "object" || value === null) return false;
  const { id, path } = value as Partial<Record<string, unknown>>;
  return isCount(id) && typeof path === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
