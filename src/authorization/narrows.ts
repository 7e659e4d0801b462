/** What the holder of an authorization may make of it. */
import { coversCommand } from "../trust/command.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import type { Link } from "./link.js";

/** Whether the last link is one that the one before allows to be made. */
export function checkNarrows(links: readonly Link[]): Failure | undefined {
  const child = links.at(-1) as Link;
  const parent = links.at(-2) as Link;
  const { issuer, command, parents } = child.authorization;
  const above = parent.authorization;
  if (parents?.[0]?.sha256 !== parent.sha256) {
    const found = parents?.[0]?.sha256 ?? "no parent";
    return failure("DIGEST", `the authorization before it as its parent, ${parent.sha256}`, found);
  }
  if (issuer.domain !== above.issuer.domain) {
    return failure("SCOPE", `the domain of its parent, ${above.issuer.domain}`, issuer.domain);
  }
  if (!coversCommand(above.command, command)) {
    return failure("SCOPE", `a command that its parent covers: ${above.command}`, command);
  }
  for (const [i, { authorization }] of links.entries()) {
    const most = authorization.limits?.delegations;
    const depth = links.length - 1 - i;
    if (most !== undefined && depth > most) {
      return failure("LIMIT", `links below link ${i + 1}: at most ${most}`, `${depth}`);
    }
  }
  return undefined;
}
