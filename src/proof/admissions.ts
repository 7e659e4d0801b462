/** Chains that were admitted, each once for as long as domains list the same issuers. */
import { admitAuthorization } from "../authorization/admit.js";
import type { AdmittedAuthorization } from "../authorization/admitted.js";
import type { KnownDomains } from "../authorization/domains.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Authority } from "../trust/contents/authority.js";
import type { TrustView } from "../trust/view.js";
import type { Result } from "../verdict.js";

/** All that admitting a chain looks at beside the chain: who lists which issuers, in which order. */
type Listed = readonly (readonly [string, Authority | undefined])[];

interface Admitted {
  readonly listed: Listed;
  readonly result: Result<AdmittedAuthorization>;
}

/** Chains of which the answer is kept. */
const MOST = 4_096;

export class Admissions {
  readonly #known = new Map<string, Admitted>();
  /** By the file's SHA-256: what it was when it was admitted last. */
  readonly #once = new Map<string, AdmittedAuthorization>();

  constructor(readonly kernel: Kernel) {}

  /** `sha256`: of the file with the chain. */
  admit(sha256: string, chain: Uint8Array, domains: KnownDomains): Result<AdmittedAuthorization> {
    const listed = listedBy(domains);
    const known = this.#known.get(sha256);
    if (known && isSame(known.listed, listed)) return known.result;
    const result = admitAuthorization(this.kernel, chain, domains);
    if (this.#known.size >= MOST) {
      this.#known.clear();
      this.#once.clear();
    }
    if (result.ok) this.#once.set(sha256, result.value);
    this.#known.set(sha256, { listed, result });
    return result;
  }

  /** What a gate still knows a chain to be, whoever lists its issuer now; undefined where nobody did. */
  once(sha256: string): AdmittedAuthorization | undefined {
    return this.#once.get(sha256);
  }
}

function listedBy({ own, peers }: KnownDomains): Listed {
  const named = ({ domain, state }: TrustView) => [domain, state?.authority] as const;
  return [
    named(own),
    ...[...peers].flatMap(([name, view]) => [[name, undefined] as const, named(view)]),
  ];
}

/** Two authorities are one where they are the same object: `renewState` keeps it. */
function isSame(a: Listed, b: Listed): boolean {
  return (
    a.length === b.length &&
    a.every(([name, authority], i) => name === b[i]?.[0] && authority === b[i]?.[1])
  );
}
