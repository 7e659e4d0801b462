/** The options that state what an authorization allows, and for how long. */
import type { AuthorizationTerms } from "../../authorization/issue.js";
import { domainOfAudience } from "../../authorization/demands.js";
import { isPrincipal } from "../../authorization/predicate.js";
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import type { Kernel } from "../../kernel/kernel.js";
import { isKeyName } from "../../tlog/vkey.js";
import { isCommand } from "../../trust/command.js";
import { sortBy } from "../../trust/contents/sorted.js";
import { isDomainName } from "../../trust/name.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { parseKey } from "../domain/key-argument.js";
import { wholeOf } from "../numbers.js";
import { describe } from "../print.js";
import { durationOf, parseWhen } from "../time.js";
import { measureFiles } from "./artifacts.js";
import { CONFINEMENT_HELP, CONFINEMENT_OPTIONS, isolationOf } from "./confinement.js";
import { LIMITS_HELP, LIMITS_OPTIONS, limitsOf } from "./limits.js";
import { POLICY_HELP, POLICY_OPTIONS, readPolicy } from "./policy-options.js";

export const TERMS_OPTIONS = {
  principal: { type: "string" },
  command: { type: "string" },
  audience: { type: "string", multiple: true },
  expires: { type: "string" },
  "not-before": { type: "string" },
  ...POLICY_OPTIONS,
  ...LIMITS_OPTIONS,
  "max-staleness": { type: "string" },
  recheck: { type: "string" },
  baseline: { type: "string" },
  quorum: { type: "string" },
  ...CONFINEMENT_OPTIONS,
  cleanup: { type: "string", multiple: true },
  witnessed: { type: "boolean" },
  artifact: { type: "string", multiple: true },
  digest: { type: "string", multiple: true },
  now: { type: "string" },
} as const;

const FIRST_HELP = `  --principal ID=KEY        who may act: a type and a name like agent:billing-bot, and its Ed25519 public
                            key in hexadecimal or as a vkey, from "writ key new"
  --command CMD             what may be done, like /pay/transfer: it and what lies below it
  --audience NAME           who may honour it: a domain like ship.example, or one gate of it like
                            ship.example/gate-1; may be repeated
  --expires WHEN            until when: RFC 3339, or from now like 90s, 2h, 7d
  --not-before WHEN         from when on (default: at once)`;

const LAST_HELP = `  --max-staleness DURATION  how old trust state may be that supports an allow
  --recheck DURATION        after how long a run is decided on again (default: the lesser of half of
                            the staleness and 1s)
  --baseline HEX            SHA-256 of the baseline.json that must be in force in the gate's domain
  --quorum K=DOMAIN,...     how many of these domains must be fresh
${CONFINEMENT_HELP}
  --cleanup CMD             a command that is still allowed when the gate is contained; may be repeated
  --witnessed               the intent must be cosigned by a peer before the effect
  --artifact FILE           what may run, by its digest; may be repeated
  --digest ALG              by which algorithm, such as sha256, sha512, sha3_512 or blake3; may be
                            repeated (default: sha256)
  --now TIME                RFC 3339, or seconds since the epoch (default: this machine's clock)`;

export const TERMS_HELP = [FIRST_HELP, POLICY_HELP, LIMITS_HELP, LAST_HELP].join("\n");

export const TERMS_USAGE = "[--where TEXT...] [--policy FILE] [OPTION...]";

/** What RFC 3339 can write. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59);

/** What was stated; nothing is there that was not. */
export type StatedTerms = Pick<AuthorizationTerms, "principal"> &
  Partial<Omit<AuthorizationTerms, "nonce">>;

export async function readTerms(
  kernel: Kernel,
  args: Arguments,
  now: number,
): Promise<StatedTerms> {
  const principal = principalOf(kernel, args.required("principal"));
  const stated: { [Name in keyof StatedTerms]: StatedTerms[Name] | undefined } = {
    principal,
    command: args.text("command") === undefined ? undefined : commandOf(args, "command"),
    audience: args.list("audience").length > 0 ? audienceOf(args) : undefined,
    expires: timeOf(args, "expires", now),
    notBefore: timeOf(args, "not-before", now),
    maxStaleness: durationOf(args, "max-staleness"),
    recheck: durationOf(args, "recheck"),
    baseline: baselineOf(args),
    limits: limitsOf(args),
    quorum: quorumOf(args),
    isolation: isolationOf(args),
    cleanup: args.list("cleanup").length > 0 ? cleanupOf(args) : undefined,
    witnessed: args.flag("witnessed") ? "intent" : undefined,
    policy: await readPolicy(args),
    artifacts: await artifactsOf(kernel, args),
  };
  const given = Object.entries(stated).filter(([, value]) => value !== undefined);
  return { principal, ...(Object.fromEntries(given) as Partial<StatedTerms>) };
}

function principalOf(kernel: Kernel, text: string): AuthorizationTerms["principal"] {
  // An id, and the name in a vkey, may hold the sign too.
  for (let at = text.indexOf("="); at >= 0; at = text.indexOf("=", at + 1)) {
    const [id, key] = [text.slice(0, at), text.slice(at + 1)];
    if (!isPrincipal(id) || !/^[0-9a-f]{64}$|\+/i.test(key)) continue;
    return { id, key: parseKey(kernel, "--principal", key) };
  }
  throw new UsageError(
    `--principal is like agent:billing-bot=KEY, KEY in 64 hexadecimal digits or as a vkey, not "${text}"`,
  );
}

function commandOf(args: Arguments, name: string): string {
  return requireCommand(name, args.required(name));
}

function cleanupOf(args: Arguments): string[] {
  const commands = args.list("cleanup").map((each) => requireCommand("cleanup", each));
  return sortBy(commands, (each) => each);
}

function requireCommand(name: string, text: string): string {
  if (isCommand(text)) return text;
  throw new UsageError(`--${name} is a command like /pay/transfer, not "${text}"`);
}

function audienceOf(args: Arguments): string[] {
  const names = args.list("audience");
  const bad = names.find((name) => !isKeyName(name) || !isDomainName(domainOfAudience(name)));
  if (bad === undefined) return sortBy(names, (each) => each);
  throw new UsageError(
    `--audience is a domain like ship.example, or a gate of it like ship.example/gate-1, not "${bad}"`,
  );
}

function timeOf(args: Arguments, name: string, now: number): string | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const time = parseWhen(text, now);
  if (time > LAST) {
    throw new UsageError(`--${name} is before the year 10000, not "${text}"`);
  }
  if (name === "expires" && time <= now) {
    throw new UsageError(`--expires is a time to come, not ${text}`);
  }
  return formatRfc3339(time, time % 1000 === 0 ? "s" : "ms");
}

function baselineOf(args: Arguments): AuthorizationTerms["baseline"] {
  const hex = args.text("baseline");
  if (hex === undefined) return undefined;
  if (/^[0-9a-f]{64}$/i.test(hex)) return { sha256: hex.toLowerCase() };
  throw new UsageError(`--baseline is a SHA-256 in 64 hexadecimal digits, not "${hex}"`);
}

function quorumOf(args: Arguments): AuthorizationTerms["quorum"] {
  const text = args.text("quorum");
  if (text === undefined) return undefined;
  const [, count = "", list = ""] = /^([0-9]+)=(.+)$/.exec(text) ?? [];
  const domains = sortBy(list.split(","), (each) => each);
  const bad = domains.find((each) => !isDomainName(each));
  if (count === "" || bad !== undefined) {
    throw new UsageError(`--quorum is like 2=pay.example,ship.example,bank.example, not "${text}"`);
  }
  return { k: wholeOf("--quorum: K", count, 1, domains.length), domains };
}

async function artifactsOf(
  kernel: Kernel,
  args: Arguments,
): Promise<AuthorizationTerms["artifacts"]> {
  const files = args.list("artifact");
  const algorithms = args.list("digest");
  if (files.length === 0) {
    if (algorithms.length > 0) throw new UsageError("--digest goes with --artifact FILE");
    return undefined;
  }
  const measured = await measureFiles(
    kernel,
    files,
    algorithms.length > 0 ? algorithms : ["sha256"],
  );
  if (measured.ok) return measured.value;
  throw new UsageError(`--digest: ${describe(measured)}`);
}
