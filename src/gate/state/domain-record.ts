import type { Json } from "../../bytes/canonical.js";
import type { Trust, TrustVersions } from "../../lineage/entry/gate.js";
import type { Code } from "../../verdict.js";
import { IllegalTransition } from "../lifecycle.js";

/** What a log says that its gate has seen of a domain. What was withdrawn stays so for ever. */
export class DomainRecord {
  /** The newest state. */
  trust: TrustVersions | null = null;
  view = "";
  code: Code | null = null;
  readonly authorizations = new Set<string>();
  readonly keys = new Set<string>();

  /** As it was kept. */
  static kept(kept: {
    readonly trust: TrustVersions | null;
    readonly view: string;
    readonly code: Code | null;
    readonly authorizations: readonly string[];
    readonly keys: readonly string[];
  }): DomainRecord {
    const record = new DomainRecord();
    [record.trust, record.view, record.code] = [kept.trust, kept.view, kept.code];
    for (const each of kept.authorizations) record.authorizations.add(each);
    for (const each of kept.keys) record.keys.add(each);
    return record;
  }

  apply({ trust, view, code, authorizations, keys }: Trust): void {
    if (this.trust && trust && isOlder(trust, this.trust)) {
      const [from, to] = [this.trust.timestamp, trust.timestamp].map((n) => `timestamp ${n}`);
      throw new IllegalTransition("trust", from as string, to as string);
    }
    this.trust = trust ?? this.trust;
    this.view = view;
    this.code = code;
    for (const each of authorizations) this.authorizations.add(each);
    for (const each of keys) this.keys.add(each);
  }

  toJson(): Json {
    return {
      trust: this.trust,
      view: this.view,
      code: this.code,
      authorizations: [...this.authorizations].sort(),
      keys: [...this.keys].sort(),
    };
  }
}

const ROLES = ["root", "targets", "status"] as const;

/**
 * Whether a state is one that the other has replaced. A new root may set the versions of timestamp and
 * snapshot back; those of targets and status say what is authorized and withdrawn.
 */
export function isOlder(found: TrustVersions, known: TrustVersions): boolean {
  if (found.root === known.root) {
    if (found.snapshot < known.snapshot || found.timestamp < known.timestamp) return true;
  }
  return ROLES.some((role) => found[role] < known[role]);
}
