/**
 * Following the trust that a gate decides by. Every domain has rounds of its own, so that a source
 * that does not answer holds up nobody but its own domain, and that for a bounded time.
 */
import type { KnownDomains } from "../authorization/domains.js";
import { equalBytes } from "../bytes/concat.js";
import type { Kernel } from "../kernel/kernel.js";
import type { TrustStore } from "../storage/trust-store.js";
import type { Source } from "../sync/source.js";
import type { Peer } from "../trust/contents/peers.js";
import { peerRootPath } from "../trust/contents/peers.js";
import type { TrustView } from "../trust/view.js";
import { viewDigest } from "../trust/view.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { Clock } from "./clock.js";
import { Rounds } from "./rounds.js";
import type { OpenQuestions } from "./source-budget.js";
import { withinBudget } from "./source-budget.js";
import type { DomainPin } from "./trust-round.js";
import { runRound, storedPins } from "./trust-round.js";

/** What a gate reads of the trust that it follows. */
export interface TrustFollower {
  /** The newest views. Immutable: at each change another object. */
  readonly domains: KnownDomains;
  /** Milliseconds from a publication at a source to its effect here, at most, while the source answers. */
  readonly worstDelay: number;
  /** Why the latest round of a domain changed nothing, the own one's first; undefined where all is well. */
  readonly lastFailure: Failure | undefined;
  /** Calls after each change of `domains`, and must not throw. The result takes it back. */
  onChange(call: () => void): () => void;
  /** One round of every domain, that begins now; resolves when `domains` says what came of it. */
  refresh(): Promise<void>;
  /** Ends all of it; resolves when nothing is written to the store any more. */
  close(): Promise<void>;
}

/**
 * Tells of a change that there may be: of one domain where it names it. Rounds go on without. The
 * result ends it.
 */
export type Subscription = (changed: (domain?: string) => void) => () => void;

export interface FollowOptions {
  readonly kernel: Kernel;
  readonly store: TrustStore;
  /** The gate's own domain, which is among the pins. Its peers are followed by the roots that it pins. */
  readonly own: string;
  /** Undefined: those that the store remembers, as they are at each round. */
  readonly pins: readonly DomainPin[] | undefined;
  /**
   * Who is asked for a domain, in each round anew; for a peer, with what the own domain says of it.
   * Where there is none the store is only read: another process syncs it.
   */
  readonly sources: (domain: string, peer: Peer | undefined) => readonly Source[];
  readonly clock: Clock;
  /** Milliseconds from the beginning of a round to that of the next. */
  readonly poll: number;
  /** Milliseconds that a round may take. */
  readonly within: number;
  readonly subscriptions?: readonly Subscription[];
}

/** Milliseconds between two rounds, however many changes are told of. */
const GAP = 20;

/** Resolves after the first round, whatever came of it. */
export async function followTrust(options: FollowOptions): Promise<TrustFollower> {
  const { poll, within } = options;
  if (!(poll > 0 && within > 0 && Number.isFinite(poll + within))) {
    throw new RangeError("`poll` and `within` are milliseconds, more than 0");
  }
  const follower = new Follower(options);
  await follower.refresh();
  return follower;
}

interface Lane {
  readonly domain: string;
  peer: Peer | undefined;
  pin: DomainPin | undefined;
  view: TrustView | undefined;
  /** The pin by which the view was verified; undefined where the view only says why there is none. */
  under: DomainPin | undefined;
  /** What tells the view from another. */
  digest: string;
  failure: Failure | undefined;
  readonly rounds: Rounds;
  /** A round that somebody may wait for, since only after it the view is what it should be. */
  turn: Promise<void>;
}

class Follower implements TrustFollower {
  readonly worstDelay: number;
  readonly #options: FollowOptions;
  readonly #own: Lane;
  /** All but the own domain's, by domain. */
  readonly #others = new Map<string, Lane>();
  readonly #open = new Map<string, OpenQuestions>();
  readonly #listeners = new Set<() => void>();
  readonly #ending = new AbortController();
  readonly #leaving = new Set<Promise<void>>();
  readonly #unsubscribe: readonly (() => void)[];
  #domains: KnownDomains;

  constructor(options: FollowOptions) {
    this.#options = options;
    const { poll, within, own, subscriptions = [] } = options;
    this.worstDelay = Math.max(poll, within) + within;
    this.#own = this.#lane(own);
    const why = failure("NO_TRUST", `a trust state of ${own}`, "none yet");
    this.#domains = Object.freeze({ own: emptyView(own, why), peers: new Map() });
    this.#unsubscribe = subscriptions.map((subscribe) =>
      subscribe((domain) => {
        for (const lane of this.#lanes()) {
          if (domain === undefined || lane.domain === domain) lane.rounds.soon();
        }
      }),
    );
  }

  get domains(): KnownDomains {
    return this.#domains;
  }

  get lastFailure(): Failure | undefined {
    return this.#lanes().find((lane) => lane.failure)?.failure;
  }

  onChange(call: () => void): () => void {
    // Its own object, so that a function that is given twice is called twice.
    const listener = (): void => call();
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async refresh(): Promise<void> {
    await Promise.all(this.#lanes().map(({ rounds }) => rounds.now()));
    // The own domain may have named other peers, or other roots of them.
    await Promise.all(this.#lanes().map(({ turn }) => turn));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    for (const end of this.#unsubscribe) end();
    await Promise.all([...this.#leaving, ...this.#lanes().map(({ rounds }) => rounds.close())]);
  }

  #lanes(): Lane[] {
    return [this.#own, ...this.#others.values()];
  }

  #lane(domain: string): Lane {
    const { clock, poll } = this.#options;
    const lane: Lane = {
      domain,
      peer: undefined,
      pin: undefined,
      view: undefined,
      under: undefined,
      digest: "",
      failure: undefined,
      rounds: new Rounds(() => this.#round(lane), clock, poll, GAP),
      turn: Promise.resolve(),
    };
    return lane;
  }

  async #round(lane: Lane): Promise<void> {
    let result: Awaited<ReturnType<typeof runRound>>;
    let pins: Result<readonly DomainPin[]> = ok([]);
    let pin = lane.pin;
    try {
      if (lane === this.#own) pins = await this.#readPins();
      pin = lane.pin;
      result = pins.ok ? await this.#ask(lane) : pins;
    } catch (error) {
      const found = error instanceof Error ? abbreviate(error.message) : "it threw";
      result = failure("UNREACHABLE", `a store that answers for ${lane.domain}`, found);
    }
    if (this.#ending.signal.aborted) return;
    const other = this.#take(lane, pin, result);
    const fewer = lane === this.#own && result.ok && pins.ok && this.#choose(pins.value);
    if (!other && !fewer) return;
    const peers = [...this.#others.values()].flatMap(({ domain, view }) =>
      view ? [[domain, view] as const] : [],
    );
    const own = this.#own.view ?? this.#domains.own;
    this.#domains = Object.freeze({ own, peers: new Map(peers) });
    for (const listener of this.#listeners) listener();
  }

  async #readPins(): Promise<Result<readonly DomainPin[]>> {
    const { kernel, store, own, pins } = this.#options;
    const read = pins ? ok(pins) : await storedPins(kernel, store);
    if (!read.ok) return read;
    const pin = read.value.find(({ domain }) => domain === own);
    if (!pin) return failure("NO_TRUST", `a pinned root of ${own}`, "none");
    this.#own.pin = pin;
    return read;
  }

  async #ask(lane: Lane): ReturnType<typeof runRound> {
    const { kernel, store, sources, clock, within } = this.#options;
    const asked = sources(lane.domain, lane.peer);
    const open = this.#open.get(lane.domain) ?? new Map<string, number>();
    this.#open.set(lane.domain, open);
    // All are asked at the same time, and after that one after the other for their logs.
    const budget = within / (asked.length + 1);
    const bounded = asked.map((source) =>
      withinBudget(source, budget, clock, this.#ending.signal, open),
    );
    return await runRound(kernel, store, lane.pin as DomainPin, bounded, clock.now());
  }

  /** Puts the view in the place of the one before; a failure leaves that. True if it is another. */
  #take(
    lane: Lane,
    pin: DomainPin | undefined,
    result: Awaited<ReturnType<typeof runRound>>,
  ): boolean {
    lane.failure = result.ok ? result.value.unanswered : result;
    // Of a root that is pinned no more, nothing is kept.
    if (!result.ok && lane.under && isSamePin(lane.under, lane.pin)) return false;
    const view = result.ok ? result.value.view : emptyView(lane.domain, result);
    const state = view.state?.digest ?? "none";
    const digest = [viewDigest(this.#options.kernel, view), state, view.failure?.code].join();
    lane.under = result.ok ? pin : undefined;
    if (lane.digest === digest) return false;
    lane.digest = digest;
    lane.view = view;
    return true;
  }

  /** Follows what is pinned, and the peers that the own domain names now. True if some went. */
  #choose(pins: readonly DomainPin[]): boolean {
    const wanted = new Map<string, { readonly pin: DomainPin; readonly peer: Peer | undefined }>();
    for (const each of peersOf(this.#own.view)) wanted.set(each.peer.name, each);
    for (const pin of pins) wanted.set(pin.domain, { pin, peer: undefined });
    wanted.delete(this.#options.own);
    let fewer = false;
    for (const lane of this.#others.values()) {
      if (wanted.has(lane.domain)) continue;
      fewer = true;
      this.#others.delete(lane.domain);
      const left = lane.rounds.close().finally(() => this.#leaving.delete(left));
      this.#leaving.add(left);
    }
    for (const [domain, { pin, peer }] of wanted) {
      const known = this.#others.get(domain);
      const lane = known ?? this.#lane(domain);
      const same = known && isSamePin(pin, lane.pin);
      Object.assign(lane, { pin, peer });
      this.#others.set(domain, lane);
      if (!same) lane.turn = lane.rounds.now();
    }
    return fewer;
  }
}

function isSamePin(one: DomainPin, other: DomainPin | undefined): boolean {
  return other !== undefined && equalBytes(one.root, other.root);
}

/** The peers that a trusted domain names, each with the root that it pins. */
function peersOf(view: TrustView | undefined): { readonly pin: DomainPin; readonly peer: Peer }[] {
  if (!view?.state || view.failure) return [];
  const { peers, contents } = view.state;
  return peers.peers.map((peer) => {
    const root = contents.get(peerRootPath(peer.name)) ?? new Uint8Array();
    return { pin: { domain: peer.name, root, terms: peer }, peer };
  });
}

/** Nothing is known of the domain, for that reason. */
function emptyView(domain: string, why: Failure): TrustView {
  const withdrawn = { authorizations: new Set<string>(), keys: new Set<string>() };
  return {
    domain,
    state: undefined,
    failure: why,
    withdrawn: { ...withdrawn, contained: new Map() },
    contradictions: [],
  };
}
