/** A request while it is decided on. */
import type { Terms } from "../trust/contents/peers.js";
import type { Trusted, TrustView } from "../trust/view.js";
import type { Failure } from "../verdict.js";
import type { AdmittedAuthorization } from "./admitted.js";
import type { Charge } from "./charges.js";
import { viewOfDomain } from "./domains.js";
import type { AuthorizationRequest } from "./request.js";
import type { Situation } from "./situation.js";

/** What is asked, and what the steps have found so far. */
export class Question {
  /** The own domain's state, once it is known to be fresh. */
  own: Trusted | undefined;
  /** That of the issuer's domain, which may be the own. */
  issuers: Trusted | undefined;
  /** Under which the issuer's domain is accepted. */
  terms: Pick<Terms, "maxStaleness" | "maxLifetime" | "skew">;
  charges: readonly Charge[] = [];
  gate: { readonly origin: string; readonly key: string } | undefined;
  /** Milliseconds that trust state may be old: the least of all that has a say. */
  readonly maxStaleness: number;

  constructor(
    readonly authorization: AdmittedAuthorization,
    readonly request: AuthorizationRequest,
    readonly situation: Situation,
  ) {
    const { demands } = authorization;
    const { maxStaleness, terms } = situation;
    this.maxStaleness = Math.min(maxStaleness, demands.maxStaleness ?? Number.POSITIVE_INFINITY);
    this.terms = { ...terms, maxStaleness: this.maxStaleness };
  }

  get isForeign(): boolean {
    return this.authorization.issuer.domain !== this.situation.domains.own.domain;
  }

  /** The view of the issuer's domain, if there is one. */
  get issuersView(): TrustView | undefined {
    return viewOfDomain(this.situation.domains, this.authorization.issuer.domain);
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
