/** What makes a list of links a chain: each is one that the holder of the one before may make. */
import { coversCommand } from "../trust/command.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Link } from "./link.js";

/** Whether the last of these links follows from those before it, which do. */
export function checkFollows(links: readonly Link[]): Failure | undefined {
  const child = links.at(-1) as Link;
  const parent = links.at(-2);
  const [named] = child.authorization.parents ?? [];
  if (parent) return checkParent(parent, child) ?? checkDelegations(links);
  return named && failure("MISSING", `the parent, ${named.sha256}, on the line before`, "none");
}

function checkParent(parent: Link, { authorization }: Link): Failure | undefined {
  const { issuer, command, parents } = authorization;
  const above = parent.authorization;
  if (parents?.[0]?.sha256 !== parent.sha256) {
    const found = parents?.[0]?.sha256 ?? "no parent";
    return failure("DIGEST", `the authorization before it as its parent, ${parent.sha256}`, found);
  }
  if (issuer.key !== above.principal.key) {
    const expected = `the key of ${above.principal.id}, the principal before: ${above.principal.key}`;
    return failure("KEY", expected, issuer.key);
  }
  if (issuer.domain !== above.issuer.domain) {
    return failure("SCOPE", `the domain of its parent, ${above.issuer.domain}`, issuer.domain);
  }
  if (coversCommand(above.command, command)) return undefined;
  return failure("SCOPE", `a command that its parent covers: ${above.command}`, command);
}

function checkDelegations(links: readonly Link[]): Failure | undefined {
  for (const [i, { authorization }] of links.entries()) {
    const most = authorization.limits?.delegations;
    const depth = links.length - 1 - i;
    if (most !== undefined && depth > most) {
      return failure("LIMIT", `links below link ${i + 1}: at most ${most}`, `${depth}`);
    }
  }
  return undefined;
}
