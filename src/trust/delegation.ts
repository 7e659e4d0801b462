/** Which delegated role speaks for a target path (specification, sections 4.5 and 5.6.7). */
import { encodeHex } from "../bytes/hex.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { DelegatedRole, Keys } from "./metadata.js";
import type { VerifiedTargets } from "./roles.js";
import type { Signers } from "./threshold.js";

/** The roles that `targets` delegates `path` to, in their order. */
export function delegationsOf(
  kernel: Kernel,
  targets: VerifiedTargets,
  path: string,
): readonly DelegatedRole[] {
  const roles = targets.signed.delegations?.roles ?? [];
  return roles.filter((role) => {
    if (role.paths && role.path_hash_prefixes) return false;
    if (role.paths) return role.paths.some((pattern) => matchesPath(pattern, path));
    const hash = encodeHex(kernel.sha256(encodeUtf8(path)));
    return (role.path_hash_prefixes ?? []).some((prefix) => hash.startsWith(prefix));
  });
}

export function delegatedSigners(targets: VerifiedTargets, role: DelegatedRole): Signers {
  const keys: Keys = targets.signed.delegations?.keys ?? {};
  return { name: `role ${role.name} of targets ${targets.signed.version}`, keys, role };
}

/**
 * PATHPATTERN: `*` and `?` stand for characters of one segment, never for a slash. Linear in the
 * product of the lengths, whatever the pattern.
 */
export function matchesPath(pattern: string, path: string): boolean {
  const [patterns, segments] = [pattern.split("/"), path.split("/")];
  return (
    patterns.length === segments.length &&
    patterns.every((each, i) => matchesSegment(each, segments[i] as string))
  );
}

function matchesSegment(pattern: string, segment: string): boolean {
  let [p, s, star, mark] = [0, 0, -1, 0];
  while (s < segment.length) {
    if (p < pattern.length && pattern[p] === "*") {
      star = p++;
      mark = s;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === segment[s])) {
      p++;
      s++;
    } else if (star >= 0) {
      p = star + 1;
      s = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
