/** One round of synchronisation: the domains that are pinned, then the peers of the first of them. */
import type { Kernel } from "../../kernel/kernel.js";
import type { TrustStore } from "../../storage/trust-store.js";
import { listEvidence } from "../../sync/lift.js";
import type { Pin } from "../../sync/pin.js";
import { rememberPins } from "../../sync/pins.js";
import type { Source } from "../../sync/source.js";
import { sync } from "../../sync/sync.js";
import { failure, ok } from "../../verdict.js";
import { UsageError } from "../command.js";
import { describe } from "../print.js";
import type { Answer } from "./answer.js";
import type { Given } from "./sources.js";
import { brokenSource, urlSource } from "./sources.js";
import { peersOf } from "./store.js";
import type { Waiting } from "./waiting.js";

/** Domains that are synced at the same time. */
const AT_ONCE = 16;

export interface DomainPin extends Pin {
  readonly domain: string;
}

export interface Round {
  readonly kernel: Kernel;
  readonly store: TrustStore;
  readonly pins: readonly DomainPin[];
  readonly given: readonly Given[];
  /** Whether to follow the peers that the first pinned domain names. */
  readonly peers: boolean;
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly waiting: Waiting;
}

/** The answers by domain, in the order of the pins; peers after them. */
export async function syncRound(round: Round): Promise<Answer[]> {
  const { store, pins, given } = round;
  const answers = await inTurns(pins, (pin) =>
    syncDomain(round, pin, undefined, sourcesOf(given, pin.domain)),
  );
  const remembered = await rememberPins(store, pins);
  if (!remembered.ok) throw new UsageError(`the pins were not stored: ${describe(remembered)}`);
  const [first] = answers;
  if (!round.peers || !first?.view.ok) return answers;
  const peers = peersOf(first.view.value).filter(
    ({ peer }) => !pins.some(({ domain }) => domain === peer.name),
  );
  const ofPeers = await inTurns(peers, ({ peer, root }) => {
    // Who is asked for everything is asked for peers only where it may hold what nobody named to it.
    const known = given.filter(({ only, relays }) => only === peer.name || relays);
    const sources = sourcesOf(known, peer.name);
    if (peer.url !== undefined) sources.unshift(peerSource(peer.url, round.timeoutMs));
    return syncDomain(round, { domain: peer.name, root, terms: peer }, first.domain, sources);
  });
  return [...answers, ...ofPeers];
}

/** The results in the order of the items, of which `AT_ONCE` are worked at. */
async function inTurns<Item, R>(
  items: readonly Item[],
  work: (item: Item) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of queue) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}

function sourcesOf(given: readonly Given[], domain: string): Source[] {
  return given
    .filter(({ only }) => only === undefined || only === domain)
    .map(({ sourceOf }) => sourceOf(domain));
}

function peerSource(url: string, timeoutMs: number): Source {
  const source = urlSource(url, timeoutMs);
  return "code" in source ? brokenSource(JSON.stringify(url), source.found) : source;
}

async function syncDomain(
  { kernel, store, now, waiting }: Round,
  { domain, root, terms }: DomainPin,
  peerOf: string | undefined,
  sources: readonly Source[],
): Promise<Answer> {
  // Sources with one name are one source.
  const distinct = [...new Map(sources.map((source) => [source.name, source])).values()];
  const watched = distinct.map((source) => waiting.watch(source));
  const results = await sync(kernel, store, new Map([[domain, watched]]), [{ root, terms }], now());
  const result = results.get(domain);
  const common = { domain, peerOf, terms };
  if (!result?.ok) {
    const view = result ?? failure("INTERNAL", `an answer for ${domain}`, "none");
    return { ...common, view, sources: [], changed: false, evidence: [] };
  }
  const evidence = await listEvidence(store, domain);
  return {
    ...common,
    view: ok(result.value.view),
    sources: result.value.sources,
    changed: result.value.changed,
    evidence: evidence.ok ? evidence.value : [],
  };
}
