/** What a trust store knows, as a gate of the domain that it pinned first would have it. */
import type { KnownDomains } from "../../authorization/domains.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Pin } from "../../sync/pin.js";
import { UsageError } from "../command.js";
import { describe } from "../print.js";
import { damaged } from "../trust/answer.js";
import { openFollowed, requireStore } from "../trust/store.js";

export interface Known {
  readonly domains: KnownDomains;
  /** Those that the own domain is pinned with. */
  readonly terms: Pin["terms"];
}

/** A store that cannot be read is misuse; what it does not hold, the decision finds missing. */
export async function readKnownDomains(kernel: Kernel, folder: string): Promise<Known> {
  const store = await requireStore(folder);
  const [own, ...others] = await openFollowed(kernel, store);
  if (own === undefined) {
    throw new UsageError(`${folder} pins no domain: writ sync ${folder} --pin FILE --from SOURCE`);
  }
  if (!own.stored.ok) {
    const advice = damaged(own.domain).join(" ");
    throw new UsageError(`${own.domain}: ${describe(own.stored)}; ${advice}`);
  }
  const peers = others.flatMap(({ domain, stored }) => {
    if (stored.ok) return [[domain, stored.value.view] as const];
    process.stderr.write(`writ: nothing is known of ${domain}: ${describe(stored)}\n`);
    return [];
  });
  const domains = { own: own.stored.value.view, peers: new Map(peers) };
  return { domains, terms: own.terms };
}
