/** What the parts of a trust state must agree on, beyond each having its form. */
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Authority } from "./contents/authority.js";
import { keysIn } from "./contents/authority.js";
import type { Baseline } from "./contents/baseline.js";
import type { Peers } from "./contents/peers.js";
import { peerRootPath } from "./contents/peers.js";
import { parseMetadata } from "./metadata.js";
import type { VerifiedRoot } from "./root.js";
import { signersOf } from "./root.js";
import type { Signers } from "./threshold.js";
import { keysOf } from "./threshold.js";

/** One key, one part to play: who signs metadata is neither issuer, resumer, gate nor log. */
export function checkRoleKeys(
  root: VerifiedRoot,
  status: Signers,
  authority: Authority,
): Failure | undefined {
  const roles = (["root", "targets", "timestamp", "snapshot"] as const).map((role) =>
    signersOf(root, role),
  );
  // Both sign metadata of one type: a key of both could be made to contradict itself.
  const own = new Set([...keysOf(signersOf(root, "targets")).values()].map((key) => key.identity));
  const shared = [...keysOf(status).values()].find(({ identity }) => own.has(identity));
  if (shared) {
    return failure("MALFORMED", "keys of the role status that are its own", shared.identity);
  }
  const listed = keysIn(authority);
  for (const role of [...roles, status]) {
    for (const { algorithm, material } of keysOf(role).values()) {
      const key = encodeHex(material);
      if (algorithm === "ed25519" && listed.has(key)) {
        return failure("MALFORMED", `no key of ${role.name} among the keys of the authority`, key);
      }
    }
  }
  return undefined;
}

export function checkPeerRoots(
  kernel: Kernel,
  { peers }: Peers,
  contents: ReadonlyMap<string, Uint8Array>,
): Failure | undefined {
  for (const { name, root } of peers) {
    const path = peerRootPath(name);
    const bytes = contents.get(path);
    if (!bytes) return failure("MISSING", `the target file ${path}`, "no role names it");
    const found = encodeHex(kernel.sha256(bytes));
    if (found !== root.sha256) return failure("DIGEST", `${path} with ${root.sha256}`, found);
    const parsed = parseMetadata("root", bytes);
    if (!parsed.ok) return parsed;
    const { domain, version } = parsed.value.signed;
    if (domain !== name || version !== root.version) {
      const expected = `root ${root.version} of ${name} in ${path}`;
      return failure("MALFORMED", expected, `root ${version} of ${domain ?? "no named domain"}`);
    }
  }
  return undefined;
}

export function checkPolicyDigest(
  kernel: Kernel,
  baseline: Baseline,
  policy: Uint8Array,
): Failure | undefined {
  const found = encodeHex(kernel.sha256(policy));
  if (found === baseline.policy) return undefined;
  return failure("DIGEST", `the policy that the baseline names: ${baseline.policy}`, found);
}
