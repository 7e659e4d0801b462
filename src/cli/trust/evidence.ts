/** What a store holds against a domain: to give to third parties, and to lift. */
import { decodeUtf8 } from "../../bytes/utf8.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { TrustStore } from "../../storage/trust-store.js";
import type { RecordedEvidence } from "../../sync/lift.js";
import { liftEvidence, listEvidence, readEvidence } from "../../sync/lift.js";
import { pinnedRoot } from "../../sync/pins.js";
import type { Failure } from "../../verdict.js";
import type { Arguments, Command, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { writeNew } from "../output.js";
import { describe } from "../print.js";
import { jsonOfFailure } from "./answer.js";
import { openFollowedDomain, requireDomainName, requireStore } from "./store.js";

/** How often another writer may get in between. */
const MAX_TRIES = 5;

const ARGUMENTS_HELP = `  STORE                     the folder of a trust store, from "writ sync"
  DOMAIN                    the domain that contradicts itself
  DIGEST                    of the evidence, as "writ trust show STORE DOMAIN" prints it`;

export const trustEvidence: Command = {
  name: "trust evidence",
  usage: "trust evidence STORE DOMAIN DIGEST [--out FILE]",
  summary: "Write evidence of equivocation, for third parties to verify with their own pin.",
  help: `${ARGUMENTS_HELP}
  --out FILE                the file, made new (default: stdout)
  --json                    one JSON object: command, outcome, code, domain, digest, role, version,
                            file, and without --out the evidence itself
Whoever pinned a root of the domain checks it with "writ verify FILE --pin ROOT".`,
  options: { out: { type: "string" } },
  run: async (args) => {
    const { folder, domain, digest } = readArguments(args);
    const store = await requireStore(folder);
    const { role, version } = await requireEvidence(store, domain, digest);
    const bytes = await readEvidence(await loadKernel(), store, domain, digest);
    if (!bytes.ok) throw new UsageError(`the evidence cannot be read: ${describe(bytes)}`);
    const text = decodeUtf8(bytes.value) ?? "";
    const out = args.text("out");
    if (out !== undefined) await writeNew(out, bytes.value);
    const common = { code: null, domain, digest, role, version, file: out ?? null };
    const evidence = out === undefined ? { evidence: JSON.parse(text) as unknown } : {};
    const said = `${out}: two of ${role} ${version} of ${domain}, sha256 ${digest}\n`;
    const json = { ...common, ...evidence };
    return { outcome: "DONE", json, text: out === undefined ? text : said };
  },
};

export const trustLift: Command = {
  name: "trust lift",
  usage: "trust lift STORE DOMAIN DIGEST",
  summary: "Trust a domain again in spite of one piece of evidence, from now on.",
  help: `${ARGUMENTS_HELP}
  --json                    one JSON object: command, outcome, code, domain, digest, trusted, failure
It asks nothing. The evidence stays, and any other evidence still counts. Two roots of one version
cannot be lifted: pin one of them with "writ sync STORE --pin FILE".`,
  options: {},
  run: async (args) => {
    const { folder, domain, digest } = readArguments(args);
    const store = await requireStore(folder);
    const evidence = await requireEvidence(store, domain, digest);
    let lifted = await liftEvidence(store, domain, digest);
    for (let tries = 1; tries < MAX_TRIES && !lifted.ok && lifted.code === "UNREACHABLE"; tries++) {
      lifted = await liftEvidence(store, domain, digest);
    }
    if (!lifted.ok) return notLifted(lifted, domain, digest, folder);
    return await endLifted(await loadKernel(), store, domain, evidence);
  },
};

function readArguments(args: Arguments): { folder: string; domain: string; digest: string } {
  const [folder, name, digest] = args.exactly("STORE", "DOMAIN", "DIGEST") as [
    string,
    string,
    string,
  ];
  const domain = requireDomainName(name);
  if (/^[0-9a-f]{64}$/.test(digest)) return { folder, domain, digest };
  throw new UsageError("DIGEST is 64 hexadecimal digits in lower case, as trust show prints them");
}

async function requireEvidence(
  store: TrustStore,
  domain: string,
  digest: string,
): Promise<RecordedEvidence> {
  const listed = await listEvidence(store, domain);
  if (!listed.ok) throw new UsageError(`nothing is recorded of ${domain}: ${describe(listed)}`);
  const found = listed.value.find(({ evidence }) => evidence === digest);
  if (found) return found;
  const known = listed.value.map(({ evidence }) => evidence).join(", ");
  throw new UsageError(
    known === ""
      ? `there is no evidence against ${domain} in the store`
      : `there is no such evidence against ${domain}; expected ${known}`,
  );
}

function notLifted(failed: Failure, domain: string, digest: string, folder: string): Ending {
  const json = {
    code: failed.code,
    domain,
    digest,
    trusted: false,
    failure: jsonOfFailure(failed),
  };
  process.stderr.write(`writ: not lifted: ${describe(failed)}\n`);
  if (failed.code === "KEY") {
    process.stderr.write(
      `writ: find out which of the two roots is ${domain}'s, then: writ sync ${folder} --pin FILE --from SOURCE\n`,
    );
  }
  return { outcome: "REFUTED", json, text: "" };
}

async function endLifted(
  kernel: Kernel,
  store: TrustStore,
  domain: string,
  { evidence, role, version }: RecordedEvidence,
): Promise<Ending> {
  const root = await pinnedRoot(kernel, store, domain);
  const stored = root.ok ? await openFollowedDomain(kernel, store, root.value) : root;
  const failed = stored.ok ? stored.value.view.failure : stored;
  const json = {
    code: null,
    domain,
    digest: evidence,
    trusted: failed === undefined,
    failure: failed ? jsonOfFailure(failed) : null,
  };
  const text = [
    `${domain} signed two of ${role} ${version}, and this store no longer holds it against it.`,
    failed
      ? `It is still not trusted: ${describe(failed)}.`
      : "Its newest state is trusted again, as long as it is fresh.",
    "Whoever held its keys then may hold them still: it should rotate them. Other stores decide for",
    "themselves; the evidence stays in this one, and any other evidence still counts.",
    "",
  ].join("\n");
  return { outcome: "DONE", json, text };
}
