import { formatRfc3339 } from "../../bytes/rfc3339.js";
import { withdraw } from "../../domain/publish.js";
import type { Published } from "../../domain/published.js";
import { keysIn } from "../../trust/contents/authority.js";
import type { Status } from "../../trust/contents/status.js";
import { FOREVER } from "../../trust/contents/status.js";
import type { Command, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { parseTime } from "../time.js";
import { DomainFolder, KEY_HELP_LINES, KEY_OPTIONS } from "./domain-folder.js";
import { warn } from "./expiry.js";
import { parseKey } from "./key-argument.js";
import { publishedJson, publishedText } from "./published.js";

export const domainRevoke: Command = {
  name: "domain revoke",
  usage: "domain revoke DIR [ID...] [--key KEY...] [--until TIME] [--key-dir FOLDER...]",
  summary: "Revoke authorizations or keys; published at once, with the online keys.",
  help: `  DIR                       the domain's folder
  ID...                     authorizations, each by the SHA-256 of its payload: 64 hexadecimal digits
  --key KEY                 an Ed25519 public key, in hexadecimal or as a vkey; may be repeated
  --until TIME              when the revocation is listed no longer: not before what it revokes
                            expires (default: never). One that is there already is not shortened
${KEY_HELP_LINES}
  --json                    one JSON object, as of "writ domain publish", and authorizations and keys:
                            all that are revoked now, with their times
Whoever saw a revocation once keeps to it for ever. The draft is not published with it.`,
  options: {
    ...KEY_OPTIONS,
    key: { type: "string", multiple: true },
    until: { type: "string" },
  },
  run: async (args) => {
    const [dir, ...ids] = args.positionals;
    const given = args.list("key");
    if (dir === undefined || (ids.length === 0 && given.length === 0)) {
      throw new UsageError("expected DIR, and what to revoke: ID... or --key KEY");
    }
    const bad = ids.find((id) => !/^[0-9a-f]{64}$/i.test(id));
    if (bad !== undefined) {
      throw new UsageError(`ID is the SHA-256 of an authorization, in hexadecimal, not "${bad}"`);
    }
    const domain = await DomainFolder.open(args, dir);
    const until = args.text("until");
    const expires = until === undefined ? FOREVER : formatRfc3339(parseTime(until), "ms");
    if (until !== undefined && parseTime(until) <= domain.now()) {
      throw new UsageError(`--until is a time to come, not ${until}`);
    }
    const keys = given.map((text) => ({ key: parseKey(domain.kernel, "--key", text), expires }));
    const authorizations = ids.map((id) => ({ sha256: id.toLowerCase(), expires }));
    return await endWithdrawn(domain, { authorizations, keys });
  },
};

/** Revokes with the online keys, and says until when each revocation is listed. */
export async function endWithdrawn(
  domain: DomainFolder,
  { authorizations, keys }: Pick<Status, "authorizations" | "keys">,
): Promise<Ending> {
  const published = await domain.change(["status", "timestamp"], (open) =>
    withdraw(open, { authorizations, keys }),
  );
  const { authority } = published.state;
  const inUse = keys.map(({ key }) => key).filter((key) => keysIn(authority).has(key));
  for (const key of inUse) {
    process.stderr.write(`writ: revoked, and still listed: ${key}; remove it from the draft too\n`);
  }
  await warn(domain, published);
  const revoked = [
    ...authorizations.map(({ sha256, expires }) => `${listed(expires)}: authorization ${sha256}`),
    ...keys.map(({ key, expires }) => `${listed(expires)}: key ${key}`),
  ];
  return endRevoked(published, revoked.map((each) => `revoked; ${each}\n`).join(""));
}

/** `said`: what was revoked, in lines. */
export function endRevoked(published: Published, said: string): Ending {
  const { status } = published.state;
  return {
    outcome: "DONE",
    json: {
      ...publishedJson(published),
      authorizations: status.authorizations,
      keys: status.keys,
    },
    text: `${said}${publishedText(published)}`,
  };
}

/** How long a revocation stands in what is published; who saw it keeps to it for ever. */
export function listed(expires: string): string {
  return expires === FOREVER ? "listed for ever" : `listed until ${expires}`;
}
