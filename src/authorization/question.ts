/** A request while it is decided on. */
import type { Peer } from "../trust/contents/peers.js";
import type { Trusted, TrustView } from "../trust/view.js";
import type { Failure } from "../verdict.js";
import type { AdmittedAuthorization } from "./admitted.js";
import type { Charge } from "./charges.js";
import { viewOfDomain } from "./domains.js";
import type { AuthorizationRequest } from "./request.js";
import type { Rehearsal } from "./situation.js";

/** What is asked, and what the steps have found so far. */
export class Question {
  /** Whether the chain is by an issuer of another domain than the gate's. */
  readonly isForeign: boolean;
  /** The view of the issuer's domain, if there is one. */
  readonly issuersView: TrustView | undefined;
  /** Milliseconds that trust state may be old: the least of all that has a say. */
  readonly maxStaleness: number;
  /** The own domain's state, once it is known to be fresh. */
  own: Trusted | undefined;
  /** That of the issuer's domain, which may be the own. */
  issuers: Trusted | undefined;
  /** Under which another domain's chain is accepted. */
  peer: Peer | undefined;
  gate: { readonly origin: string; readonly key: string } | undefined;
  /** The other domains that quorums count on. */
  quorum: readonly Trusted[] = [];
  /** The last millisecond at which every quorum is met by what is known. */
  quorumUntil = Number.POSITIVE_INFINITY;
  charges: readonly Charge[] = [];

  constructor(
    readonly authorization: AdmittedAuthorization,
    readonly request: AuthorizationRequest,
    readonly situation: Rehearsal,
  ) {
    const { issuer, demands } = authorization;
    const { domains, maxStaleness } = situation;
    this.isForeign = issuer.domain !== domains.own.domain;
    this.issuersView = viewOfDomain(domains, issuer.domain);
    this.maxStaleness = Math.min(maxStaleness, demands.maxStaleness ?? Number.POSITIVE_INFINITY);
  }

  /** Milliseconds that the clock of the issuer's domain may run ahead; none that is not accepted. */
  get skew(): number {
    if (!this.isForeign) return this.situation.terms.skew;
    return this.peer?.skew ?? 0;
  }

  /** Milliseconds after which the trust that this rests on is too old. */
  get bound(): number {
    return Math.min(this.maxStaleness, this.peer?.maxStaleness ?? Number.POSITIVE_INFINITY);
  }
}

export type StepName =
  | "own trust"
  | "gate"
  | "peer"
  | "issuer's trust"
  | "issuer"
  | "not withdrawn"
  | "validity"
  | "audience"
  | "baseline"
  | "quorum"
  | "principal"
  | "command"
  | "artifacts"
  | "own policy"
  | "policy"
  | "limits"
  | "possession";

export interface Step {
  readonly name: StepName;
  /** Steps without which this one has nothing to look at. */
  readonly needs: readonly StepName[];
  readonly check: (question: Question) => Failure | undefined;
}
