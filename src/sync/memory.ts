/**
 * What is remembered of one domain. It is a set: files that the keys in force have signed are put in
 * as they come, in any order, and everything else follows from which of them are in it. Nothing here
 * reads, waits or verifies.
 */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { VerifiedRoot } from "../trust/root.js";
import { millisecondsOf } from "../trust/schema.js";
import type { Withdrawn } from "../trust/view.js";
import type {
  ContradictionRow,
  SnapshotRow,
  StatusRow,
  TargetsRow,
  TimestampRow,
  TrustRecord,
} from "./record.js";
import type { Rows } from "./rows.js";
import type { Row } from "./table.js";
import { Table } from "./table.js";

/** Two signed parts of one role and version. */
export interface Contradiction {
  readonly role: "root" | "timestamp" | "snapshot" | "targets" | "status";
  readonly version: number;
  readonly sides: readonly [Pick<Row, "digest" | "file">, Pick<Row, "digest" | "file">];
  /** For the role `status`: the file of the targets that delegate to it. */
  readonly delegator?: string | undefined;
}

/** The rows of a state that is whole. */
interface WholeState {
  readonly timestamp: TimestampRow;
  readonly snapshot: SnapshotRow;
  readonly targets: TargetsRow;
  readonly status: StatusRow;
}

export class Memory {
  readonly domain: string;
  /** From the pinned one to the one in force. */
  readonly roots: VerifiedRoot[];
  readonly contradictions: ContradictionRow[];
  readonly lifted: Set<string>;
  readonly validators: Map<string, { timestamp: string; validator: string }>;
  log: { file: string; size: string } | null;
  readonly #kernel: Kernel;
  #doubted: string | undefined;
  readonly #timestamps: Table<TimestampRow>;
  readonly #snapshots: Table<SnapshotRow>;
  readonly #targets: Table<TargetsRow>;
  readonly #statuses: Table<StatusRow>;
  readonly #withdrawn: {
    authorizations: Set<string>;
    keys: Set<string>;
    contained: Map<string, string>;
  };

  constructor(
    kernel: Kernel,
    roots: readonly VerifiedRoot[],
    stored?: { readonly record: TrustRecord; readonly withdrawn: Withdrawn },
  ) {
    const [pinned] = roots as [VerifiedRoot];
    const record = stored?.record;
    this.#kernel = kernel;
    this.domain = pinned.signed.domain ?? "";
    this.roots = [...roots];
    // Other signatures over one signed part are not another timestamp; the rest is named by its file.
    this.#timestamps = new Table("digest", record?.timestamps);
    this.#snapshots = new Table("file", record?.snapshots);
    this.#targets = new Table("file", record?.targets);
    // A role that had two keys one after the other has not contradicted itself.
    this.#statuses = new Table("file", record?.statuses, ({ signers }) => signers);
    this.#withdrawn = {
      authorizations: new Set(stored?.withdrawn.authorizations),
      keys: new Set(stored?.withdrawn.keys),
      contained: new Map(stored?.withdrawn.contained),
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

  /** The root of the chain with this version. */
  rootAt(version: number): VerifiedRoot | undefined {
    return this.roots[version - (this.roots[0] as VerifiedRoot).signed.version];
  }

  get withdrawn(): Withdrawn {
    return this.#withdrawn;
  }

  /** True if the timestamp with this digest is remembered with all that it names. */
  knows(digest: string): boolean {
    return digest !== this.#doubted && this.#timestamps.get(digest)?.whole === true;
  }

  /** Puts in what was signed under the root in force, and gives what it contradicts. */
  learn({ timestamp, snapshot, targets, status, withdrawn }: Rows): Contradiction[] {
    const found: Contradiction[] = [];
    const put = <R extends Row>(
      role: Contradiction["role"],
      table: Table<R>,
      row: R | undefined,
      delegator?: string,
    ): void => {
      if (!row) return;
      for (const other of table.put(row)) {
        found.push({ role, version: row.version, sides: [other, row], delegator });
      }
    };
    put("timestamp", this.#timestamps, timestamp);
    put("snapshot", this.#snapshots, snapshot);
    put("targets", this.#targets, targets);
    put("status", this.#statuses, status, targets?.file);
    if (timestamp?.whole) {
      this.#timestamps.change(timestamp.digest, { whole: true });
      if (timestamp.digest === this.#doubted) this.#doubted = undefined;
    }
    if (status) {
      const known = this.#statuses.get(status.file) ?? status;
      const delegators = [...new Set([...known.delegators, ...status.delegators])].sort();
      const signers = known.signers < status.signers ? known.signers : status.signers;
      this.#statuses.change(status.file, { delegators, signers });
    }
    if (withdrawn) this.#withdraw(withdrawn);
    if (this.#timestamps.isOver()) this.#prune();
    return found;
  }

  /**
   * A file of the newest state is gone from the store: it must be read anew, and until it was, nothing
   * older takes its place.
   */
  doubt(): void {
    this.#doubted = this.current()?.timestamp.digest;
    this.validators.clear();
  }

  /** Every row, with how it is verified. */
  rows(): { role: "timestamp" | "snapshot" | "targets"; row: Row }[] {
    return [
      ...this.#timestamps.rows().map((row) => ({ role: "timestamp" as const, row })),
      ...this.#snapshots.rows().map((row) => ({ role: "snapshot" as const, row })),
      ...this.#targets.rows().map((row) => ({ role: "targets" as const, row })),
    ];
  }

  /**
   * Drops files that do not verify under the root in force, which has changed (specification, section
   * 5.3.11). Versions are counted anew from what is left; withdrawals stay.
   */
  drop(files: ReadonlySet<string>): void {
    const keep = ({ file }: Row): boolean => !files.has(file);
    this.#timestamps.keep(keep);
    this.#snapshots.keep(keep);
    this.#targets.keep(keep);
    for (const { file, delegators } of this.#statuses.rows()) {
      this.#statuses.change(file, {
        delegators: delegators.filter((each) => this.#targets.get(each)),
      });
    }
    this.#statuses.keep(({ delegators }) => delegators.length > 0);
    for (const row of this.#timestamps.rows()) {
      this.#timestamps.change(row.digest, { whole: row.whole && this.#whole(row) !== undefined });
    }
    this.#prune();
  }

  /**
   * The newest state: of those that are whole the one with the highest version of targets, then of
   * status, of the snapshot, of the timestamp. No order of arrival, and no version that the online key
   * can put on a timestamp or a snapshot, brings older targets or an older status back (5.4.3, 5.5.5).
   */
  current(): WholeState | undefined {
    let newest: WholeState | undefined;
    for (const row of this.#timestamps.sorted()) {
      const state = row.whole ? this.#whole(row) : undefined;
      if (state && (!newest || compareStates(newest, state) <= 0)) newest = state;
    }
    return newest;
  }

  /** What contradicts itself under keys in force, and was not lifted: as role and version. */
  distrust(): string[] {
    const lifted = new Set(
      this.contradictions
        .filter(({ evidence }) => this.lifted.has(evidence))
        .map(({ role, digests }) => [role, ...digests].join(" ")),
    );
    const tables = {
      timestamp: this.#timestamps,
      snapshot: this.#snapshots,
      targets: this.#targets,
      status: this.#statuses,
    };
    const found: string[] = [];
    const signers = this.current()?.status.signers;
    for (const [role, table] of Object.entries(tables)) {
      for (const { version, digests, group } of table.contradictions()) {
        // Keys that the role has no longer distrust nobody.
        if (role === "status" && signers !== undefined && group !== signers) continue;
        if (!lifted.has([role, ...digests].join(" "))) found.push(`${role} ${version}`);
      }
    }
    for (const { role, version, evidence, settled } of this.contradictions) {
      const open = !settled && !this.lifted.has(evidence);
      if ((role === "root" || role === "log") && open) found.push(`${role} ${version}`);
    }
    return [...new Set(found)].sort();
  }

  /** `withdrawn`: the file that holds the withdrawals. */
  toRecord(withdrawn: string): TrustRecord {
    return {
      format: "writ-trust/v1",
      domain: this.domain,
      roots: this.roots.map(({ bytes }) => encodeHex(this.#kernel.sha256(bytes))),
      timestamps: this.#timestamps.sorted(),
      snapshots: this.#snapshots.sorted(),
      targets: this.#targets.sorted(),
      statuses: this.#statuses.sorted(),
      withdrawn,
      contradictions: this.contradictions,
      lifted: [...this.lifted].sort(),
      log: this.log,
      validators: Object.fromEntries(this.validators),
    };
  }

  #whole(timestamp: TimestampRow): WholeState | undefined {
    const snapshot = this.#snapshots.get(timestamp.snapshot);
    const targets = snapshot && this.#targets.get(snapshot.targets);
    const status = snapshot && this.#statuses.get(snapshot.status);
    if (!targets || !status?.delegators.includes(targets.file)) return undefined;
    return { timestamp, snapshot, targets, status };
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

  /** Keeps the newest timestamps and the current one, what contradicts, and what these need. */
  #prune(): void {
    const current = this.current()?.timestamp.digest;
    this.#timestamps.keepNewest(({ digest }) => digest === current);
    const snapshots = new Set(this.#timestamps.rows().map(({ snapshot }) => snapshot));
    this.#snapshots.keepNamed(snapshots);
    const named = this.#snapshots.rows();
    this.#statuses.keepNamed(new Set(named.map(({ status }) => status)));
    const delegators = this.#statuses.rows().flatMap((row) => row.delegators.slice(0, 1));
    this.#targets.keepNamed(new Set([...named.map(({ targets }) => targets), ...delegators]));
  }
}

function compareStates(a: WholeState, b: WholeState): number {
  return (
    a.snapshot.targetsVersion - b.snapshot.targetsVersion ||
    a.snapshot.statusVersion - b.snapshot.statusVersion ||
    a.snapshot.version - b.snapshot.version ||
    a.timestamp.version - b.timestamp.version
  );
}
