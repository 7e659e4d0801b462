import { encodeHex } from "../../bytes/hex.js";
import { PUBLIC } from "../../domain/layout.js";
import { addPeer, removePeer } from "../../domain/edit.js";
import { verifyPin } from "../../sync/pin.js";
import type { Peer } from "../../trust/contents/peers.js";
import { isDomainName } from "../../trust/name.js";
import { rootPath } from "../../trust/repository.js";
import { UsageError } from "../command.js";
import { readInput } from "../input.js";
import { describe } from "../print.js";
import { parseDuration } from "../time.js";
import { formatDuration } from "./durations.js";
import { editCommand } from "./edit.js";
import { parseCommands } from "./key-argument.js";

const DEFAULT_LIFETIME = "2m";
const DEFAULT_SKEW = "1s";

export const peerAdd = editCommand({
  name: "domain peer add",
  usage:
    "domain peer add DIR NAME --root FILE --commands LIST --max-staleness DURATION [--max-lifetime DURATION] [--skew DURATION] [--url URL]",
  summary: "Accept another domain, by its root, for some commands.",
  help: `  DIR                       the domain's folder
  NAME                      the other domain
  --root FILE               its root metadata, such as its ${PUBLIC}/${rootPath(1)},
                            from where you trust it to be right: nothing else vouches for it
  --commands LIST           what its authorizations may be for here, such as /pay,/read/log
  --max-staleness DURATION  how old its trust state may be, such as 30s: so long, too, a permission
                            that it withdraws may go on working where it cannot be heard
  --max-lifetime DURATION   how long its timestamps may be valid (default: ${DEFAULT_LIFETIME}; a domain's are valid
                            for 1m unless it chose otherwise)
  --skew DURATION           how far its clock may run ahead (default: ${DEFAULT_SKEW})
  --url URL                 where it serves its public folder
For a peer that is there, root and terms are replaced. Peers of a peer are not accepted.`,
  options: {
    root: { type: "string" },
    commands: { type: "string" },
    "max-staleness": { type: "string" },
    "max-lifetime": { type: "string" },
    skew: { type: "string" },
    url: { type: "string" },
  },
  positionals: ["DIR", "NAME"],
  prepare: async (args, domain) => {
    const name = args.positionals[1] as string;
    if (!isDomainName(name)) {
      throw new UsageError(`NAME is like a host name in lower case, not "${name}"`);
    }
    const file = args.required("root");
    const commands = parseCommands(args.required("commands"));
    const url = args.text("url");
    const terms = {
      maxStaleness: parseDuration(args.required("max-staleness")),
      maxLifetime: parseDuration(args.text("max-lifetime") ?? DEFAULT_LIFETIME),
      skew: parseDuration(args.text("skew") ?? DEFAULT_SKEW),
    };
    const bytes = await readInput(file);
    const root = await verifyPin(domain.kernel, bytes);
    if (!root.ok) throw new UsageError(`--root ${file} is no root to pin: ${describe(root)}`);
    const { domain: named, version } = root.value.signed;
    if (named !== name)
      throw new UsageError(`--root ${file} is a root of ${named}, not of ${name}`);
    const own = (await domain.read()).state.domain;
    if (own === name) throw new UsageError(`${name} is this domain, and no peer of itself`);
    const sha256 = encodeHex(domain.kernel.sha256(bytes));
    const peer: Peer = {
      name,
      commands,
      ...terms,
      root: { version, sha256 },
      ...(url === undefined ? {} : { url }),
    };
    return {
      edit: (draft) => addPeer(draft, peer, bytes),
      said: `peer ${name} is accepted for ${commands.join(", ")}, at most ${formatDuration(terms.maxStaleness)} old, by its root ${version}, sha-256 ${sha256}`,
    };
  },
});

export const peerRemove = editCommand({
  name: "domain peer remove",
  usage: "domain peer remove DIR NAME",
  summary: "Accept a domain no longer.",
  help: `  DIR                       the domain's folder
  NAME                      the other domain`,
  options: {},
  positionals: ["DIR", "NAME"],
  prepare: (args) => {
    const name = args.positionals[1] as string;
    return {
      edit: (draft) => removePeer(draft, name),
      said: `peer ${name} is accepted no longer`,
    };
  },
});
