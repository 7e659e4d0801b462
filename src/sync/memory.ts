/**
 * What is remembered of one domain. It is a set: authentic states are put in as they come, in any
 * order, and everything else follows from which of them are in it. Nothing here reads, waits or
 * verifies; a state that comes in has been verified under the root in force.
 */
import { formatCanonical } from "../bytes/canonical.js";
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { VerifiedMetadata } from "../trust/metadata.js";
import type { VerifiedRoot } from "../trust/root.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Withdrawn } from "../trust/view.js";
import type { StateRows } from "./rows.js";
import type {
  ContradictionRow,
  SnapshotRow,
  TargetsRow,
  TimestampRow,
  TrustRecord,
} from "./record.js";

/** Versions of each role that are kept: within so many, the order of arrival changes nothing. */
export const WINDOW = 64;

/** Two signed parts of one role and version, by the digests of their files. */
export interface Contradiction {
  readonly role: Exclude<ContradictionRow["role"], "log">;
  readonly version: number;
  readonly files: readonly [string, string];
  /** For the role `status`: the file of the targets that delegate to it. */
  readonly delegator?: string;
}

type Tables = {
  timestamp: Map<string, TimestampRow>;
  snapshot: Map<string, SnapshotRow>;
  targets: Map<string, TargetsRow>;
  status: Map<string, TargetsRow>;
};

export class Memory {
  readonly domain: string;
  readonly kernel: Kernel;
  /** From the pinned one to the one in force. */
  readonly roots: VerifiedRoot[];
  readonly contradictions: ContradictionRow[];
  readonly lifted: Set<string>;
  readonly validators: Map<string, { timestamp: string; validator: string }>;
  log: { file: string; size: string } | null;
  readonly #tables: Tables;
  readonly #withdrawn: {
    authorizations: Set<string>;
    keys: Set<string>;
    contained: Map<string, string>;
  };

  constructor(kernel: Kernel, roots: readonly VerifiedRoot[], record?: TrustRecord) {
    const [pinned] = roots as [VerifiedRoot];
    this.kernel = kernel;
    this.domain = pinned.signed.domain ?? "";
    this.roots = [...roots];
    const byDigest = <Row extends { digest: string }>(rows: readonly Row[] = []) =>
      new Map(rows.map((row) => [row.digest, row]));
    const byFile = <Row extends { file: string }>(rows: readonly Row[] = []) =>
      new Map(rows.map((row) => [row.file, row]));
    this.#tables = {
      timestamp: byDigest(record?.timestamps),
      snapshot: byFile(record?.snapshots),
      targets: byFile(record?.targets),
      status: byFile(record?.statuses),
    };
    this.#withdrawn = {
      authorizations: new Set(record?.withdrawn.authorizations),
      keys: new Set(record?.withdrawn.keys),
      contained: new Map(record?.withdrawn.contained.map(({ gate, since }) => [gate, since])),
    };
    this.contradictions = [...(record?.contradictions ?? [])];
    this.lifted = new Set(record?.lifted);
    this.validators = new Map(Object.entries(record?.validators ?? {}));
    this.log = record?.log ?? null;
  }

  /** The root in force. */
  get root(): VerifiedRoot {
    return this.roots.at(-1) as VerifiedRoot;
  }

  get withdrawn(): Withdrawn {
    return this.#withdrawn;
  }

  /** True if this timestamp, with all that it names, is remembered. */
  knows(timestamp: VerifiedMetadata<"timestamp">): boolean {
    return this.#tables.timestamp.has(timestamp.digest);
  }

  timestamps(): readonly TimestampRow[] {
    return [...this.#tables.timestamp.values()];
  }

  /** Where a timestamp's snapshot and what it names lie. */
  rowsOf(timestamp: TimestampRow) {
    const snapshot = this.#tables.snapshot.get(timestamp.snapshot) as SnapshotRow;
    const targets = this.#tables.targets.get(snapshot.targets) as TargetsRow;
    const status = this.#tables.status.get(snapshot.status) as TargetsRow;
    return { timestamp, snapshot, targets, status };
  }

  /** Puts a state in, and gives what it contradicts. It was verified under the root in force. */
  learn({ timestamp, snapshot, targets, status, withdrawn }: StateRows): Contradiction[] {
    const found = [
      ...this.#insert("status", status, status.file, targets.file),
      ...this.#insert("targets", targets, targets.file),
      ...this.#insert("snapshot", snapshot, snapshot.file),
      // Other signatures over one signed part are not another timestamp.
      ...this.#insert("timestamp", timestamp, timestamp.digest),
    ];
    this.#withdraw(withdrawn);
    if (this.#tables.timestamp.size > WINDOW) this.#prune();
    return found;
  }

  /**
   * Keeps these timestamps, by digest, and drops the others: the root in force changed, and they do
   * not verify under it (specification, section 5.3.11). Withdrawals stay.
   */
  retain(verified: ReadonlySet<string>): void {
    for (const digest of this.#tables.timestamp.keys()) {
      if (!verified.has(digest)) this.#tables.timestamp.delete(digest);
    }
    this.#prune();
  }

  /**
   * The newest timestamp that goes back in nothing: from the lowest version on, one whose snapshot,
   * or a file that its snapshot names, is of a lower version than before is passed over (5.4.3, 5.5.5).
   */
  current(): TimestampRow | undefined {
    const marks = new Map<string, number>();
    let last: TimestampRow | undefined;
    for (const timestamp of [...this.timestamps()].sort(byVersion)) {
      const { snapshot } = this.rowsOf(timestamp);
      const versions = Object.entries({ ...snapshot.meta, "snapshot.json": snapshot.version });
      const whole = [...marks.keys()].every(
        (name) => name === "snapshot.json" || Object.hasOwn(snapshot.meta, name),
      );
      if (!whole || versions.some(([name, version]) => version < (marks.get(name) ?? 0))) continue;
      for (const [name, version] of versions) marks.set(name, version);
      last = timestamp;
    }
    return last;
  }

  /** Contradictions under keys in force that nobody has lifted, as role and version. */
  distrust(): string[] {
    const live = this.contradictions.filter(
      ({ evidence, live: inForce }) => inForce && !this.lifted.has(evidence),
    );
    return [...new Set(live.map(({ role, version }) => `${role} ${version}`))].sort();
  }

  /** One digest over all that decisions can depend on. */
  digest(): string {
    const current = this.current();
    const { authorizations, keys, contained } = this.#withdrawn;
    const rows = current ? Object.entries(this.rowsOf(current)) : [];
    const text = formatCanonical({
      domain: this.domain,
      root: { version: this.root.signed.version, digest: this.root.digest },
      state: Object.fromEntries(
        rows.map(([role, { version, digest }]) => [role, { version, digest }]),
      ),
      authorizations: [...authorizations].sort(),
      keys: [...keys].sort(),
      contained: Object.fromEntries(contained),
      distrust: this.distrust(),
    });
    return encodeHex(this.kernel.sha256(encodeUtf8(text)));
  }

  /** Every file that the record names, by digest. */
  files(): ReadonlySet<string> {
    const files = new Set<string>(this.contradictions.map(({ evidence }) => evidence));
    for (const root of this.roots) files.add(encodeHex(this.kernel.sha256(root.bytes)));
    const { timestamp, snapshot, targets, status } = this.#tables;
    for (const { file } of [...timestamp.values(), ...snapshot.values()]) files.add(file);
    for (const { file, contents } of [...targets.values(), ...status.values()]) {
      files.add(file);
      Object.values(contents).forEach((each) => files.add(each));
    }
    if (this.log) files.add(this.log.file);
    return files;
  }

  toRecord(): TrustRecord {
    const { timestamp, snapshot, targets, status } = this.#tables;
    const { authorizations, keys, contained } = this.#withdrawn;
    return {
      format: "writ-trust/v1",
      domain: this.domain,
      roots: this.roots.map(({ bytes }) => encodeHex(this.kernel.sha256(bytes))),
      timestamps: [...timestamp.values()].sort(byVersion),
      snapshots: [...snapshot.values()].sort(byVersion),
      targets: [...targets.values()].sort(byVersion),
      statuses: [...status.values()].sort(byVersion),
      withdrawn: {
        authorizations: [...authorizations].sort(),
        keys: [...keys].sort(),
        contained: [...contained.keys()]
          .sort()
          .map((gate) => ({ gate, since: contained.get(gate) as string })),
      },
      contradictions: this.contradictions,
      lifted: [...this.lifted].sort(),
      log: this.log,
      validators: Object.fromEntries(this.validators),
    };
  }

  #insert<Role extends keyof Tables>(
    role: Role,
    row: TimestampRow | SnapshotRow | TargetsRow,
    key: string,
    delegator?: string,
  ): Contradiction[] {
    const table = this.#tables[role] as Map<string, typeof row>;
    if (table.has(key)) return [];
    const others = [...table.values()].filter(
      ({ version, digest }) => version === row.version && digest !== row.digest,
    );
    table.set(key, row);
    return others.map((other) => ({
      role,
      version: row.version,
      files: [other.file, row.file],
      ...(delegator === undefined ? {} : { delegator }),
    }));
  }

  #withdraw(seen: Withdrawn): void {
    const { authorizations, keys, contained } = this.#withdrawn;
    for (const sha256 of seen.authorizations) authorizations.add(sha256);
    for (const key of seen.keys) keys.add(key);
    for (const [gate, since] of seen.contained) {
      const before = contained.get(gate);
      if (before === undefined || millisecondsOf(since) > millisecondsOf(before)) {
        contained.set(gate, since);
      }
    }
  }

  /** Keeps the newest WINDOW timestamps and the current one, and of the rest what these need. */
  #prune(): void {
    const { timestamp, snapshot, targets, status } = this.#tables;
    const current = this.current();
    const old = [...timestamp.values()].sort(byVersion).slice(0, -WINDOW);
    for (const row of old) if (row !== current) timestamp.delete(row.digest);
    const kept = [...timestamp.values()].map((row) => this.rowsOf(row));
    dropOthers(snapshot, new Set(kept.map((rows) => rows.snapshot.file)));
    dropOthers(targets, new Set(kept.map((rows) => rows.targets.file)));
    dropOthers(status, new Set(kept.map((rows) => rows.status.file)));
  }
}

function dropOthers(table: Map<string, unknown>, kept: ReadonlySet<string>): void {
  for (const key of table.keys()) if (!kept.has(key)) table.delete(key);
}

/** By version, and by digest where two contradict each other, so that the order is one. */
function byVersion(
  a: { readonly version: number; readonly digest: string },
  b: { readonly version: number; readonly digest: string },
): number {
  return a.version - b.version || (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0);
}
