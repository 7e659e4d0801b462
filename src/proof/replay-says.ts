/** The answers of a replay, to whoever listens. */
import type { Entry } from "../lineage/entry.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { Failure } from "../verdict.js";

/** What a replay says of the entries, check by check; undefined: this one holds. */
export interface ReplaySays {
  /** Could a gate have written it there? */
  transition(failure: Failure | undefined): void;
  /** Does it rest on a state that is trusted, and on the policy in it? */
  trust(failure: Failure | undefined): void;
  /** Are the chain and the proof of possession what the admission says? */
  authorization(failure: Failure | undefined): void;
  /** Does the decision come out as it is written? */
  decision(failure: Failure | undefined): void;
  /** Was the run decided on in time, so that it was trusted all along? */
  continuity(failure: Failure | undefined): void;
  /** Is the word of a resumer one that answers the drift? */
  resume(failure: Failure | undefined): void;
  /** Was nothing of the chain withdrawn for longer than the trust that was used may be old? */
  withdrawal(failure: Failure | undefined): void;
  /** Does the packet prove the hand-over? */
  accept(entry: Entry & { readonly kind: "accept" }, at: EntryName): void;
}
