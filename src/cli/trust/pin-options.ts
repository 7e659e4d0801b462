/** The options that pin domains: roots from files, or what the store remembers, and the terms. */
import { encodeHex } from "../../bytes/hex.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { TrustStore } from "../../storage/trust-store.js";
import type { Pin } from "../../sync/pin.js";
import { verifyPin } from "../../sync/pin.js";
import { pinnedDomains, pinnedRoot } from "../../sync/pins.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { readInput } from "../input.js";
import { describe } from "../print.js";
import { parseDuration } from "../time.js";
import type { DomainPin } from "./round.js";

const DEFAULTS = { "max-staleness": "30s", "max-lifetime": "2m", skew: "1s" } as const;
const DAY = 86_400_000;
const MOST = { "max-staleness": 3660 * DAY, "max-lifetime": 3660 * DAY, skew: 3_600_000 } as const;

export const TERMS_OPTIONS = {
  "max-staleness": { type: "string" },
  "max-lifetime": { type: "string" },
  skew: { type: "string" },
} as const;

export const TERMS_HELP = `  --max-staleness DURATION  how old a state may be (default: ${DEFAULTS["max-staleness"]})
  --max-lifetime DURATION   how long a timestamp may be valid (default: ${DEFAULTS["max-lifetime"]})
  --skew DURATION           how far a domain's clock may run ahead (default: ${DEFAULTS.skew})`;

/** A duration within what a pin may state. */
export function durationOf(args: Arguments, name: keyof typeof DEFAULTS): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms <= MOST[name] && (ms > 0 || name === "skew")) return ms;
  const most = name === "skew" ? "0s to 1h" : "1ms to 3660d";
  throw new UsageError(`--${name} is ${most}, not ${text}`);
}

/** What `--pin` names; without it, what the store has pinned. Terms that are stated go for all. */
export async function readPins(
  kernel: Kernel,
  store: TrustStore,
  args: Arguments,
): Promise<DomainPin[]> {
  const files = args.list("pin");
  const pins: DomainPin[] = [];
  for (const file of files) {
    const root = await readInput(file);
    const verified = await verifyPin(kernel, root);
    if (!verified.ok) {
      throw new UsageError(`--pin ${file} is no root of a domain: ${describe(verified)}`);
    }
    const domain = verified.value.signed.domain as string;
    if (pins.some((pin) => pin.domain === domain)) {
      throw new UsageError(`--pin ${file}: ${domain} is pinned twice`);
    }
    pins.push({ domain, root, terms: termsOf(args, undefined) });
    await tellOfOtherRoot(kernel, store, domain, root);
  }
  if (files.length > 0) return pins;
  for (const { domain, root, terms } of await storedPins(kernel, store)) {
    pins.push({ domain, root, terms: termsOf(args, terms) });
  }
  if (pins.length > 0) return pins;
  throw new UsageError("--pin is missing, and the store has pinned nothing yet");
}

/** What the store has pinned, in the order in which that came. */
export async function storedPins(kernel: Kernel, store: TrustStore): Promise<DomainPin[]> {
  const known = await pinnedDomains(store);
  if (!known.ok) throw new UsageError(`the store cannot be read: ${describe(known)}`);
  const pins: DomainPin[] = [];
  for (const { domain, terms } of known.value) {
    const root = await pinnedRoot(kernel, store, domain);
    if (!root.ok) {
      throw new UsageError(`${domain} must be pinned again with --pin FILE: ${describe(root)}`);
    }
    pins.push({ domain, root: root.value, terms });
  }
  return pins;
}

function termsOf(args: Arguments, known: Pin["terms"] | undefined): Pin["terms"] {
  return {
    maxStaleness:
      durationOf(args, "max-staleness") ??
      known?.maxStaleness ??
      parseDuration(DEFAULTS["max-staleness"]),
    maxLifetime:
      durationOf(args, "max-lifetime") ??
      known?.maxLifetime ??
      parseDuration(DEFAULTS["max-lifetime"]),
    skew: durationOf(args, "skew") ?? known?.skew ?? parseDuration(DEFAULTS.skew),
  };
}

async function tellOfOtherRoot(
  kernel: Kernel,
  store: TrustStore,
  domain: string,
  root: Uint8Array,
): Promise<void> {
  const before = await pinnedRoot(kernel, store, domain);
  if (!before.ok) return;
  const [old, now] = [before.value, root].map((bytes) => encodeHex(kernel.sha256(bytes)));
  if (old === now) return;
  process.stderr.write(
    `writ: ${domain} is pinned anew, at the root with sha256 ${now}, before at ${old}: ` +
      "versions count from here on; what was withdrawn stays withdrawn\n",
  );
}
