/** What a gate is asked to run, and what has to be known before it can be decided on. */
import type { DigestSet } from "../attestation/statement.js";
import { admitAuthorization } from "../authorization/admit.js";
import type { AdmittedAuthorization } from "../authorization/admitted.js";
import type { KnownDomains } from "../authorization/domains.js";
import type { Possession } from "../authorization/possession.js";
import { checkPossession } from "../authorization/possession.js";
import type { AuthorizationRequest, RequestParts } from "../authorization/request.js";
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Challenges } from "./challenges.js";
import type { Effect } from "./confinement.js";

export interface RunRequest {
  /** The file of the authorization's chain. */
  readonly chain: Uint8Array;
  /** What shall be done. It is copied when the gate is called. */
  readonly request: RequestParts;
  /** By the principal's key, over a challenge of this gate. */
  readonly possession: {
    readonly nonce: string;
    readonly proof: Uint8Array;
    /** 32 bytes. */
    readonly salt: Uint8Array;
  };
  readonly effect: Effect;
  /** Decisions of this gate that caused this one. */
  readonly parents?: readonly EntryName[] | undefined;
  /** A hand-over of another gate that caused it: the packet, as it came. */
  readonly packet?: Uint8Array | undefined;
  /** What would run, as the host has measured it: a digest set an artifact. */
  readonly artifacts?: readonly DigestSet[] | undefined;
}

/** A request that could be read, under an authorization that was admitted, by its holder. */
export interface ReadRequest {
  readonly authorization: AdmittedAuthorization;
  readonly request: AuthorizationRequest;
  readonly possession: Possession;
  /** SHA-256 of the chain's file, in hexadecimal. */
  readonly chain: string;
}

/** Chains whose signatures need not be verified again. */
const MOST_CHAINS = 256;

/** Reads requests. An admitted chain is remembered: what may change of it is decided at each request. */
export class RequestDesk {
  readonly #chains = new Map<string, AdmittedAuthorization>();

  constructor(
    readonly kernel: Kernel,
    readonly challenges: Challenges,
  ) {}

  /** The nonce is spent, whatever comes of it. */
  read(
    { chain, possession }: Pick<RunRequest, "chain" | "possession">,
    request: Result<AuthorizationRequest>,
    domains: KnownDomains,
    at: { readonly now: number; readonly skew: number },
  ): Result<ReadRequest> {
    const { kernel, challenges } = this;
    const fresh = challenges.take(possession.nonce);
    if (!request.ok) return request;
    const digest = encodeHex(kernel.sha256(chain));
    const admitted = this.#admit(digest, chain, domains);
    if (!admitted.ok) return admitted;
    if (!fresh) {
      return failure(
        "HOLDER",
        "a challenge of this gate, open and used once",
        "another, or one used",
      );
    }
    const { nonce, proof, salt } = possession;
    const terms = { gate: challenges.gate, nonce, salt };
    const proven = checkPossession(kernel, proof, admitted.value, request.value, terms, at);
    if (!proven.ok) return proven;
    return ok({
      authorization: admitted.value,
      request: request.value,
      possession: proven.value,
      chain: digest,
    });
  }

  #admit(digest: string, chain: Uint8Array, domains: KnownDomains): Result<AdmittedAuthorization> {
    const known = this.#chains.get(digest);
    if (known) return ok(known);
    const admitted = admitAuthorization(this.kernel, chain, domains);
    if (!admitted.ok) return admitted;
    const oldest = this.#chains.size >= MOST_CHAINS ? this.#chains.keys().next().value : undefined;
    if (oldest !== undefined) this.#chains.delete(oldest);
    this.#chains.set(digest, admitted.value);
    return admitted;
  }
}
