import { formatRfc3339 } from "../../bytes/rfc3339.js";
import type { Link } from "../../authorization/link.js";
import { MAX_SKEW } from "../../trust/contents/peers.js";
import { FOREVER } from "../../trust/contents/status.js";
import { millisecondsOf } from "../../trust/schema.js";
import type { Arguments, Command, Ending } from "../command.js";
import { DomainFolder, KEY_HELP_LINES, KEY_OPTIONS } from "../domain/domain-folder.js";
import { formatDuration } from "../domain/durations.js";
import { timeOf } from "../domain/published.js";
import { endRevoked, endWithdrawn, listed } from "../domain/revoke.js";
import { wholeOf } from "../numbers.js";
import { CHAIN_HELP, readChain } from "./chain-argument.js";

export const revoke: Command = {
  name: "revoke",
  usage: "revoke CHAIN --domain DIR [--link N] [--key-dir FOLDER...]",
  summary: "Revoke a link of a chain, in its issuer's domain; published at once.",
  help: `${CHAIN_HELP}
  --domain DIR              the folder of the domain in whose name the chain was issued
  --link N                  which link, from 1, the issuer's; what narrows it falls with it (default:
                            the last, which leaves those above it as they are)
${KEY_HELP_LINES}
  --json                    one JSON object, as of "writ domain revoke", and revoked: the identity,
                            and already: whether it was revoked before, and nothing was published
The revocation is listed until an hour after the link expires, for gates whose clocks are behind.
"writ domain revoke DIR ID" revokes by identity, without the chain, and keys.`,
  options: { ...KEY_OPTIONS, domain: { type: "string" }, link: { type: "string" } },
  run: async (args) => {
    const [path] = args.exactly("CHAIN") as [string];
    const folder = args.required("domain");
    const domain = await DomainFolder.open(args, folder);
    const { links } = await readChain(domain.kernel, path);
    const link = linkOf(args, links);
    const { issuer } = link.authorization;
    const published = await domain.read();
    const { domain: name, status } = published.state;
    if (issuer.domain !== name) {
      throw new Error(
        `${path} was issued in the name of ${issuer.domain}, and ${folder} is ${name}: name the folder of ${issuer.domain} with --domain`,
      );
    }
    if (link.expires <= domain.now()) {
      const since = formatDuration(domain.now() - link.expires);
      throw new Error(
        `nothing to revoke: it expired at ${timeOf(link.expires)}, ${since} ago, and no gate takes it`,
      );
    }
    const { sha256 } = link;
    const until = Math.min(link.expires + MAX_SKEW, millisecondsOf(FOREVER));
    const before = status.authorizations.find((each) => each.sha256 === sha256);
    const already = before && millisecondsOf(before.expires) >= until;
    if (already && !(await domain.interrupted())) {
      const said = `revoked already; ${listed(before.expires)}: authorization ${sha256}\n`;
      return withRevoked(endRevoked(published, said), sha256, true);
    }
    const expires = until === millisecondsOf(FOREVER) ? FOREVER : formatRfc3339(until, "ms");
    const authorizations = [{ sha256, expires }];
    return withRevoked(await endWithdrawn(domain, { authorizations, keys: [] }), sha256, false);
  },
};

function withRevoked(ending: Ending, revoked: string, already: boolean): Ending {
  return { ...ending, json: { ...ending.json, revoked, already } };
}

function linkOf(args: Arguments, links: readonly [Link, ...Link[]]): Link {
  const text = args.text("link");
  const number = text === undefined ? links.length : wholeOf("--link", text, 1, links.length);
  return links[number - 1] as Link;
}
