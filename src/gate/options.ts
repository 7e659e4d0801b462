/** What a gate is made of. */
import type { Kernel } from "../kernel/kernel.js";
import type { Opening } from "../lineage/openings.js";
import type { LogStorage } from "../storage/storage.js";
import type { Signer } from "../tlog/signer.js";
import type { Terms } from "../trust/contents/peers.js";
import type { Clock } from "./clock.js";
import type { Measured } from "./environment.js";
import type { TrustFollower } from "./follower.js";
import type { Witness } from "./witness.js";

/** In place of a witness: a log that was cut or set back is then not found out. It shows in the log. */
export const UNWITNESSED: unique symbol = Symbol("unwitnessed");

export interface GateOptions {
  readonly kernel: Kernel;
  /** Where the gate's log is kept, and beside it what its entries name. One writer. */
  readonly storage: LogStorage;
  /** The gate's key; its name is the gate's origin. */
  readonly signer: Signer;
  /** What is known of the gate's own domain, and of those that it accepts. */
  readonly follower: TrustFollower;
  /** How the own domain is pinned. */
  readonly terms: Pick<Terms, "maxLifetime" | "skew">;
  /** Milliseconds that trust state may be old at most, whatever peers and authorizations say. */
  readonly maxStaleness: number;
  /** Who tells whether the log is the newest of its origin. */
  readonly witness: Witness | typeof UNWITNESSED;
  /**
   * Witnesses of peer domains, which cosign the log's checkpoints: what others are convinced by. Each
   * counts while a peer's trust state lists it, and the own domain's does not.
   */
  readonly peerWitnesses?: readonly Witness[] | undefined;
  readonly clock: Clock;
  /** Random bytes that nobody can guess. */
  readonly random: (length: number) => Uint8Array;
  /** Measures what the gate runs in. */
  readonly measure: () => Promise<Measured>;
  /** For people: what the gate runs in, like `node 24`. */
  readonly host: string;
  /**
   * Is given the clear text of arguments, with what opens their digests, and the salt of 32 bytes that
   * opens the request's digest in the proof of possession; they may be kept, or not.
   */
  readonly onOpenings?:
    ((run: string, openings: readonly Opening[], salt: Uint8Array) => void) | undefined;
  readonly cadence?: Partial<Cadence> | undefined;
}

export interface Cadence {
  /** Milliseconds from one measurement of the environment, and heartbeat, to the next. */
  readonly beat: number;
  /** Milliseconds from one question to the domain's witness to the next, while the log grows. */
  readonly witness: number;
  /** The same of the witnesses of peer domains. */
  readonly peers: number;
  /**
   * Milliseconds that one of them is waited for: also before the effect of a run whose intent a peer
   * must have cosigned.
   */
  readonly peerAnswer: number;
  /** Milliseconds from an entry to the checkpoint that covers it, about. */
  readonly checkpoint: number;
  /** Entries that no checkpoint covers, at most about. */
  readonly checkpointEntries: number;
  /** Entries from one state to the next. */
  readonly state: number;
}

export const CADENCE: Cadence = {
  beat: 10_000,
  witness: 5_000,
  peers: 15_000,
  peerAnswer: 5_000,
  checkpoint: 1_000,
  checkpointEntries: 4_096,
  state: 4_096,
};
