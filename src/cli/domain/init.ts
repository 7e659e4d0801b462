import { join } from "node:path";
import { encodeHex } from "../../bytes/hex.js";
import { initDomain } from "../../domain/init.js";
import { PUBLIC } from "../../domain/layout.js";
import type { Lifetimes } from "../../domain/lifetimes.js";
import { DEFAULT_LIFETIMES } from "../../domain/lifetimes.js";
import type { Published } from "../../domain/published.js";
import { trustLogOrigin } from "../../trust/contents/authority.js";
import { isDomainName } from "../../trust/name.js";
import { rootPath } from "../../trust/repository.js";
import type { VerifiedRoot } from "../../trust/root.js";
import type { Arguments, Command, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { PASSPHRASE_HELP } from "../passphrase.js";
import { parseDuration } from "../time.js";
import { MOST_KEYS, parseCount } from "./counts.js";
import { DomainFolder, KEYS, NOW_HELP, NOW_OPTION } from "./domain-folder.js";
import { formatDuration } from "./durations.js";
import type { KeyFile } from "./key-files.js";
import { makeKeyFiles } from "./key-files.js";

const DEFAULT_KEYS = 3;
const DEFAULT_THRESHOLD = 2;
const PIN = `${PUBLIC}/${rootPath(1)}`;
const LONGEST = 36_600 * 86_400_000;

export const domainInit: Command = {
  name: "domain init",
  usage:
    "domain init NAME --dir DIR [--keys N] [--threshold M] [--encrypt [--passphrase-file FILE]] [--lifetimes LIST]",
  summary: "Make a trust domain with new keys, and publish it for the first time.",
  help: `  NAME                      the domain's name, like pay.example
  --dir DIR                 its folder, made if it is not there: DIR/public is for everybody, all
                            else for nobody
  --keys N                  how many root keys, and how many targets keys (default: ${DEFAULT_KEYS})
  --threshold M             how many of them must sign (default: ${DEFAULT_THRESHOLD})
  --encrypt                 seal the root and targets keys under a passphrase; the keys that must be
                            online (timestamp, status, log) stay as they are
${PASSPHRASE_HELP}
  --lifetimes LIST          how long what a role signs is valid; default:
                            ${formatLifetimes(DEFAULT_LIFETIMES)}
${NOW_HELP}
  --json                    one JSON object: command, outcome, code, domain, pin, sha256, public, keys
The pin, DIR/${PIN}, is what others trust this domain by. No key is ever
written over; after an interruption run the same command again.`,
  options: {
    dir: { type: "string" },
    keys: { type: "string" },
    threshold: { type: "string" },
    encrypt: { type: "boolean" },
    lifetimes: { type: "string" },
    "passphrase-file": { type: "string", multiple: true },
    ...NOW_OPTION,
  },
  run: async (args) => {
    const [name] = args.exactly("NAME") as [string];
    if (!isDomainName(name)) {
      throw new UsageError(`NAME is like a host name in lower case, not "${name}"`);
    }
    const dir = args.required("dir");
    const count = parseCount(args, "keys", MOST_KEYS) ?? DEFAULT_KEYS;
    const threshold = parseCount(args, "threshold", count) ?? Math.min(DEFAULT_THRESHOLD, count);
    const lifetimes = parseLifetimes(args.text("lifetimes"));
    if (args.list("passphrase-file").length > 0 && !args.flag("encrypt")) {
      throw new UsageError("--passphrase-file goes with --encrypt");
    }
    const domain = await DomainFolder.any(args, dir);
    const there = await finished(domain, name);
    if (!there) await make(domain, args, { name, count, threshold, lifetimes });
    return ending(domain, there ?? (await domain.read()), lifetimes);
  },
};

/** The domain whose making was interrupted once the keys were there and the files were signed. */
async function finished(domain: DomainFolder, name: string): Promise<Published | undefined> {
  if (!(await domain.holdsDomain())) {
    if ((await domain.storage.list(PUBLIC)).length === 0) return undefined;
    throw new UsageError(`${join(domain.folder, PUBLIC)} holds other files: choose another --dir`);
  }
  const interrupted = await domain.interrupted();
  const there = interrupted ? await domain.openKeys([]) : await domain.read();
  const { state } = there;
  const first = state.domain === name && state.metadata.timestamp.signed.version === 1;
  if (interrupted && first) return there;
  throw new UsageError(
    `${domain.folder} holds the domain ${state.domain} already, and nothing was changed; its pin is ${join(domain.folder, PIN)}`,
  );
}

interface Plan {
  readonly name: string;
  readonly count: number;
  readonly threshold: number;
  readonly lifetimes: Lifetimes;
}

async function make(domain: DomainFolder, args: Arguments, plan: Plan): Promise<void> {
  const { name, count, threshold, lifetimes } = plan;
  const passphrase = args.flag("encrypt")
    ? await domain.passphrases.forSealing("the root and targets keys")
    : undefined;
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const offline = ["root", "targets"]
    .flatMap((role) => numbers.map((number) => `${role}-${number}`))
    .map((part) => ({ file: `${part}.key`, name: `${name}/${part}`, passphrase }));
  const online = ["timestamp", "status"].map((part) => ({
    file: `${part}.key`,
    name: `${name}/${part}`,
    passphrase: undefined,
  }));
  const log: KeyFile = { file: "log.key", name: trustLogOrigin(name), passphrase: undefined };
  const files = [...offline, ...online, log];
  const { kernel, storage, ring } = domain;
  const made = await makeKeyFiles(kernel, join(domain.folder, KEYS), files, ring);
  const keys = made.map(({ publicKey }) => publicKey);
  const [timestamp, status, logKey] = keys.slice(2 * count) as [Uint8Array, Uint8Array, Uint8Array];
  const all = {
    root: { keys: keys.slice(0, count), threshold },
    targets: { keys: keys.slice(count, 2 * count), threshold },
    timestamp,
    status,
    log: logKey,
  };
  const result = await initDomain(kernel, storage, ring, name, all, lifetimes, domain.now());
  domain.require("no domain was made", result);
}

function ending(
  { folder, kernel }: DomainFolder,
  { roots, state }: Published,
  lifetimes: Lifetimes,
): Ending {
  const pin = join(folder, PIN);
  const sha256 = encodeHex(kernel.sha256((roots[0] as VerifiedRoot).bytes));
  const keys = join(folder, KEYS);
  process.stderr.write(
    [
      `writ: serve ${join(folder, PUBLIC)} with any static file server, and nothing else of ${folder}`,
      `writ: give the pin to those who shall accept this domain, in a way that they trust`,
      `writ: keep root-*.key and targets-*.key offline: move them out of ${keys}, and give --key-dir`,
      `writ: a timestamp lasts ${formatDuration(lifetimes.timestamp)}: keep "writ domain refresh ${folder} --every ${formatDuration(Math.max(1000, lifetimes.timestamp / 3))}" running`,
      "",
    ].join("\n"),
  );
  return {
    outcome: "DONE",
    json: { domain: state.domain, pin, sha256, public: join(folder, PUBLIC), keys },
    text: `domain   ${state.domain}\npin      ${pin}\nsha-256  ${sha256}\n`,
  };
}

function formatLifetimes(lifetimes: Lifetimes): string {
  return Object.entries(lifetimes)
    .map(([role, lifetime]) => `${role}=${formatDuration(lifetime)}`)
    .join(",");
}

/** `timestamp=60s,status=1h`: the roles that are not named keep their default. */
function parseLifetimes(text: string | undefined): Lifetimes {
  const lifetimes: { -readonly [role in keyof Lifetimes]: Lifetimes[role] } = {
    ...DEFAULT_LIFETIMES,
  };
  for (const part of text?.split(",") ?? []) {
    const [role = "", duration = "", ...more] = part.split("=");
    if (!isRole(role) || more.length > 0) {
      const roles = Object.keys(DEFAULT_LIFETIMES).join(", ");
      throw new UsageError(`--lifetimes is a list like timestamp=60s of ${roles}, not "${part}"`);
    }
    lifetimes[role] = parseDuration(duration);
    if (lifetimes[role] < 1000 || lifetimes[role] > LONGEST) {
      throw new UsageError(`--lifetimes: ${role} is from 1s to 36600d, not ${duration}`);
    }
  }
  return lifetimes;
}

function isRole(text: string): text is keyof Lifetimes {
  return Object.hasOwn(DEFAULT_LIFETIMES, text);
}
