/** Handing a run on to another gate, and taking one over. */
import { domainOfAudience } from "../authorization/demands.js";
import type { KnownDomains } from "../authorization/domains.js";
import { viewOfDomain } from "../authorization/domains.js";
import { decodeHex, encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { Accept } from "../lineage/entry/crossing.js";
import type { CheckedPacket } from "../lineage/handover.js";
import { checkPacket } from "../lineage/handover.js";
import { keepContent } from "../lineage/kept.js";
import { parsePolicy } from "../tlog/policy.js";
import { NO_VERIFIERS } from "../tlog/verifiers.js";
import type { CheckpointDemand } from "../tlog/verify-checkpoint.js";
import type { VerifierKey } from "../tlog/vkey.js";
import { formatVkey, makeVerifierKey } from "../tlog/vkey.js";
import { checkGate } from "../trust/view.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { GateCore } from "./core.js";
import type { GovernedRun } from "./governed-run.js";
import type { Placed } from "./ledger.js";
import { listedBy, trustedOf } from "./listed-witnesses.js";
import { messageOf } from "./message.js";

/** The entries that a packet proves: the decision that allowed, and the hand-over. */
export interface HandedOver {
  readonly decision: EntryName;
  readonly handover: EntryName;
}

/** Writes the hand-over. It is a packet once a checkpoint covers it that enough have cosigned. */
export async function handOver(
  core: GateCore,
  run: GovernedRun,
  receiver: string,
): Promise<Result<HandedOver>> {
  if (run.broken || run.over || !run.decision) {
    return failure("CONTAINED", "a run that is executing", run.broken?.code ?? "one that is over");
  }
  let nonce: string;
  try {
    nonce = encodeHex(core.options.random(32));
  } catch (error) {
    const found = messageOf(error);
    return failure("INTERNAL", "random bytes", found);
  }
  const written = core.write([
    { kind: "handover", run: run.id, state: "executing", receiver, nonce },
  ]);
  if (!written.ok) return written;
  const lost = await core.notDurable(written.value);
  if (lost) return lost;
  const [placed] = written.value.entries as [Placed];
  const { origin } = core;
  return ok({
    decision: { origin, ...run.decision },
    handover: { origin, index: placed.index, leaf: placed.leaf },
  });
}

/** The entry that takes a run over, or ORPHAN or HOLDER. The packet is kept beside the log. */
export async function acceptPacket(
  core: GateCore,
  run: string,
  packet: Uint8Array,
): Promise<Result<Accept>> {
  const checked = readPacket(core, packet);
  if (!checked.ok) return checked;
  const { sha256, parent } = checked.value;
  await keepContent(core.options.storage, sha256, packet);
  return ok({ kind: "accept", run, state: "baseline", parent, packet: sha256 });
}

/** What a packet proves to this gate, by the trust that it has now. */
export function readPacket(core: GateCore, packet: Uint8Array): Result<CheckedPacket> {
  const { kernel, signer } = core.options;
  const domains = core.domains();
  return checkPacket(kernel, packet, {
    receiver: encodeHex(signer.key.publicKey),
    demandOf: (origin) => demandOf(core, domains, origin),
  });
}

/**
 * The gate must be one of a domain that is accepted and fresh, and its checkpoint cosigned by a witness
 * of another such domain: what a domain's own witness says proves nothing to others.
 */
function demandOf(core: GateCore, domains: KnownDomains, origin: string): Result<CheckpointDemand> {
  const { kernel, maxStaleness, terms } = core.options;
  const domain = domainOfAudience(origin);
  const view = viewOfDomain(domains, domain);
  if (!view) return failure("UNTRUSTED", "a gate of a domain that is known", origin);
  const trusted = trustedOf(core, domains, view);
  if (!trusted.ok) return trusted;
  const gate = checkGate(view, origin);
  if (!gate.ok) return gate;
  const key = makeVerifierKey(kernel, origin, "ed25519", decodeHex(gate.value) as Uint8Array);
  const witnesses = new Map<string, VerifierKey>();
  for (const other of [domains.own, ...domains.peers.values()]) {
    const listed = other.domain === domain ? [] : listedBy(core, domains, other);
    for (const each of listed) witnesses.set(encodeHex(each.publicKey), each);
  }
  if (witnesses.size === 0) {
    const expected = "a witness of another domain, from trust that is fresh";
    return failure("QUORUM", expected, "none is known");
  }
  const { now } = core;
  return demandOn(kernel, key, [...witnesses.values()], { now, maxStaleness, skew: terms.skew });
}

function demandOn(
  kernel: Kernel,
  log: VerifierKey,
  witnesses: readonly VerifierKey[],
  at: { readonly now: number; readonly maxStaleness: number; readonly skew: number },
): Result<CheckpointDemand> {
  const names = witnesses.map((_, i) => `w${i}`);
  const lines = [
    `log ${formatVkey(log)}`,
    ...witnesses.map((key, i) => `witness w${i} ${formatVkey(key)}`),
    `group known any ${names.join(" ")}`,
    "quorum known",
  ];
  const policy = parsePolicy(kernel, encodeUtf8(`${lines.join("\n")}\n`));
  if (!policy.ok) return policy;
  return ok({ policy: policy.value, verifiers: NO_VERIFIERS, origin: undefined, ...at });
}
