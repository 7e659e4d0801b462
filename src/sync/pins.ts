/**
 * Which domains a store follows because its reader pinned them, and under which terms. The store is
 * the reader's own: what was pinned once, later commands trust without being told again. The pinned
 * roots are not repeated here: each is the first root of its domain's record.
 */
import * as v from "valibot";
import { formatCanonical } from "../bytes/canonical.js";
import { equalBytes } from "../bytes/concat.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { TrustStore } from "../storage/trust-store.js";
import { domainName } from "../trust/name.js";
import { MAX_FILE_BYTES, positive, readSchema } from "../trust/schema.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { DomainFiles, readRecord } from "./files.js";
import type { Pin } from "./pin.js";

/** No domain's name has an underscore, so that no domain's keys lie below this one. */
export const PINS_KEY = "pinned_domains";

export interface PinnedDomain {
  readonly domain: string;
  readonly terms: Pin["terms"];
}

const pinsSchema: v.GenericSchema<unknown, readonly PinnedDomain[]> = v.pipe(
  v.array(
    v.strictObject({
      domain: domainName,
      terms: v.strictObject({
        maxStaleness: positive,
        maxLifetime: positive,
        skew: v.pipe(v.number(), v.safeInteger("an integer"), v.minValue(0, "not negative")),
      }),
    }),
  ),
  v.check(
    (pins) => new Set(pins.map(({ domain }) => domain)).size === pins.length,
    "each domain once",
  ),
);

/** How often another writer may get in between before this gives up. */
const MAX_TRIES = 16;

/** The domains that `rememberPins` put there, in the order in which they came; empty where none did. */
export async function pinnedDomains(store: TrustStore): Promise<Result<readonly PinnedDomain[]>> {
  const found = await readPins(store);
  return found.ok ? ok(found.value.pins) : found;
}

/** Adds domains to those that the store follows, or puts other terms in the place of a domain's own. */
export async function rememberPins(
  store: TrustStore,
  pins: readonly PinnedDomain[],
): Promise<Result<undefined>> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await readPins(store);
    if (!before.ok) return before;
    const merged = new Map(before.value.pins.map((pin) => [pin.domain, pin.terms]));
    for (const { domain, terms } of pins) merged.set(domain, terms);
    const rows = [...merged].map(([domain, { maxStaleness, maxLifetime, skew }]) => ({
      domain,
      terms: { maxStaleness, maxLifetime, skew },
    }));
    const bytes = encodeUtf8(formatCanonical(rows));
    const readable = parsePins(bytes);
    if (!readable.ok) return readable;
    if (before.value.bytes && equalBytes(before.value.bytes, bytes)) return ok(undefined);
    if (await store.compareAndSwap(PINS_KEY, before.value.bytes, bytes)) return ok(undefined);
  }
  const found = `${MAX_TRIES} lost races`;
  return failure("INTERNAL", "a store in which this writer gets its turn", found);
}

/** The root that the store's reader pinned for a domain, as it was given. */
export async function pinnedRoot(
  kernel: Kernel,
  store: TrustStore,
  domain: string,
): Promise<Result<Uint8Array>> {
  const stored = await readRecord(store, domain);
  if (!stored.ok) return stored;
  const [first] = stored.value.record.roots as [string];
  return await new DomainFiles(kernel, store, domain).require(first);
}

async function readPins(store: TrustStore): Promise<
  Result<{
    readonly bytes: Uint8Array | undefined;
    readonly pins: readonly PinnedDomain[];
  }>
> {
  const bytes = await store.get(PINS_KEY, MAX_FILE_BYTES);
  if (!bytes) return ok({ bytes, pins: [] });
  const pins = parsePins(bytes);
  return pins.ok ? ok({ bytes, pins: pins.value }) : pins;
}

function parsePins(bytes: Uint8Array): Result<readonly PinnedDomain[]> {
  return readSchema("the stored list of pinned domains", pinsSchema, bytes);
}
