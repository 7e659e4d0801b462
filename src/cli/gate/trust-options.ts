/** The options that say which trust a gate follows, and how. */
import type { Kernel } from "../../kernel/kernel.js";
import { systemClock } from "../../runtime/clock.js";
import type { TrustFollower } from "../../gate/follower.js";
import { followTrust } from "../../gate/follower.js";
import type { Source } from "../../sync/source.js";
import type { Pin } from "../../sync/pin.js";
import { pinnedDomains } from "../../sync/pins.js";
import type { Peer } from "../../trust/contents/peers.js";
import { isDomainName } from "../../trust/name.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { describe } from "../print.js";
import { durationOf } from "../time.js";
import type { Given } from "../trust/sources.js";
import { brokenSource, parseSource, urlSource } from "../trust/sources.js";
import { requireStore } from "../trust/store.js";
import { watchFolders } from "./watch-folder.js";

export const TRUST_OPTIONS = {
  trust: { type: "string" },
  from: { type: "string", multiple: true },
  peers: { type: "boolean" },
  "max-staleness": { type: "string" },
  poll: { type: "string" },
  timeout: { type: "string" },
} as const;

export const TRUST_HELP = `  --trust STORE             a trust store, from "writ sync": the gate is of the domain that it pinned first
  --from [DOMAIN=]SOURCE    read newer trust from there, as "writ sync" does, at the start and again and
                            again; may be repeated. Without it the store alone is read, and somebody
                            else syncs it, like "writ sync STORE --watch 1s --from SOURCE"
  --peers                   goes with --from: also ask the urls of peers that the own domain names
  --max-staleness DURATION  how old trust state may be, where that is less than the pin and the chain say
  --poll DURATION           how often to look for newer trust (default: 1s); changes in folders are seen
                            at once
  --timeout DURATION        how long all sources of a domain may take (default: 5s; without a network 1s)`;

const POLL = 1_000;
const TIMEOUT = { network: 5_000, folders: 1_000 };
const LONGEST = 3_600_000;

export interface Followed {
  /** The gate's own domain. */
  readonly domain: string;
  /** How the own domain is pinned. */
  readonly terms: Pin["terms"];
  /** Milliseconds. */
  readonly maxStaleness: number;
  readonly follower: TrustFollower;
}

/** Resolves after a first round. Whoever gets it closes the follower. */
export async function followStore(kernel: Kernel, args: Arguments): Promise<Followed> {
  const folder = args.required("trust");
  const store = await requireStore(folder);
  const pins = await pinnedDomains(store);
  if (!pins.ok) throw new UsageError(`${folder} cannot be read: ${describe(pins)}`);
  const [own] = pins.value;
  if (!own) {
    throw new UsageError(`${folder} pins no domain: writ sync ${folder} --pin FILE --from SOURCE`);
  }
  const from = args.list("from");
  if (args.flag("peers") && from.length === 0) {
    throw new UsageError("--peers goes with --from SOURCE: without it the store alone is read");
  }
  const network = args.flag("peers") || from.some((text) => folderOf(text) === undefined);
  const poll = boundedOf(args, "poll", POLL);
  const within = boundedOf(args, "timeout", network ? TIMEOUT.network : TIMEOUT.folders);
  const given: Given[] = [];
  for (const text of from) given.push(await parseSource(kernel, text, within));
  const follower = await followTrust({
    kernel,
    store,
    own: own.domain,
    pins: undefined,
    sources: (domain, peer) => sourcesOf(given, domain, peer, args.flag("peers"), within),
    clock: systemClock,
    poll,
    within,
    subscriptions: [watchFolders([folder, ...from.flatMap((text) => folderOf(text) ?? [])])],
  });
  const least = durationOf(args, "max-staleness") ?? Number.POSITIVE_INFINITY;
  const { domain, terms } = own;
  return { domain, terms, maxStaleness: Math.min(least, terms.maxStaleness), follower };
}

function boundedOf(args: Arguments, name: string, otherwise: number): number {
  const duration = durationOf(args, name) ?? otherwise;
  if (duration <= LONGEST) return duration;
  throw new UsageError(`--${name} is 1ms to 1h, not ${args.text(name)}`);
}

/** Who is asked for everything is asked for peers only where it may hold what nobody named to it. */
function sourcesOf(
  given: readonly Given[],
  domain: string,
  peer: Peer | undefined,
  urls: boolean,
  timeoutMs: number,
): Source[] {
  const asked = given
    .filter(({ only, relays }) =>
      only === undefined ? peer === undefined || relays : only === domain,
    )
    .map(({ sourceOf }) => sourceOf(domain));
  if (urls && peer?.url !== undefined) {
    const source = urlSource(peer.url, timeoutMs);
    asked.unshift("code" in source ? brokenSource(JSON.stringify(peer.url), source.found) : source);
  }
  // Sources with one name are one source.
  return [...new Map(asked.map((source) => [source.name, source])).values()];
}

/** The folder of a source; undefined for a URL. */
function folderOf(text: string): string | undefined {
  const equals = text.indexOf("=");
  const named = equals > 0 && isDomainName(text.slice(0, equals));
  const place = named ? text.slice(equals + 1) : text;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place) ? undefined : place;
}
