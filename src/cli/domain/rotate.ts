import { join } from "node:path";
import type { RoleKeys } from "../../domain/init.js";
import type { OpenDomain } from "../../domain/publish.js";
import type { Published } from "../../domain/published.js";
import { rotate, rotateStatus } from "../../domain/rotate.js";
import { keysOf } from "../../trust/threshold.js";
import type { Result } from "../../verdict.js";
import type { Command } from "../command.js";
import { UsageError } from "../command.js";
import { MOST_KEYS, parseCount } from "./counts.js";
import type { SigningRole } from "./domain-folder.js";
import { DomainFolder, KEY_HELP_LINES, KEY_OPTIONS, KEYS, signersOfRole } from "./domain-folder.js";
import { warn } from "./expiry.js";
import type { KeyFile } from "./key-files.js";
import { makeKeyFiles } from "./key-files.js";
import { publishedJson, publishedText } from "./published.js";

const ROLES = ["root", "targets", "timestamp", "status"] as const;
type Role = (typeof ROLES)[number];

/** Whose keys sign what a rotation publishes, besides the new ones and the log's. */
const SIGNING: { readonly [role in Role]: readonly SigningRole[] } = {
  root: ["root", "timestamp"],
  targets: ["root", "targets", "timestamp"],
  timestamp: ["root", "timestamp"],
  status: ["targets", "timestamp"],
};

export const domainRotate: Command = {
  name: "domain rotate",
  usage:
    "domain rotate DIR --role root|targets|timestamp|status [--keys N] [--threshold M] [--encrypt] [--lost] [--out FOLDER] [--key-dir FOLDER...]",
  summary: "Replace the keys of a role by new ones.",
  help: `  DIR                       the domain's folder
  --role ROLE               root, targets, timestamp (which signs snapshots too) or status
  --keys N, --threshold M   for root and targets: how many, and how many must sign (default: as now)
  --encrypt                 seal the new root or targets keys: under the first --passphrase-file, else
                            a passphrase that is asked twice
  --lost                    for targets and timestamp: the old keys are lost, and the new ones sign
                            alone; for a moment readers find no state that verifies
  --out FOLDER              where the new key files go, such as root-2-1.key: the role, the version of
                            the metadata that names it, a number (default: DIR/keys)
${KEY_HELP_LINES}
  --json                    one JSON object, as of "writ domain publish", and made, replaced: lists of
                            files
The old keys sign the change too: those of root, and for targets those of targets as well; for status
those of targets alone. What is published changes in nothing else; the draft is not published.`,
  options: {
    ...KEY_OPTIONS,
    role: { type: "string" },
    keys: { type: "string" },
    threshold: { type: "string" },
    encrypt: { type: "boolean" },
    lost: { type: "boolean" },
    out: { type: "string" },
  },
  run: async (args) => {
    const [dir] = args.exactly("DIR") as [string];
    args.required("role");
    const role = args.oneOf("role", ROLES, "root");
    const offline = role === "root" || role === "targets";
    for (const name of ["keys", "threshold", "encrypt"]) {
      if (!offline && args.text(name) !== undefined) {
        throw new UsageError(
          `--${name} goes with --role root or targets: ${role} has one online key`,
        );
      }
    }
    const lost = args.flag("lost");
    if (lost && (role === "root" || role === "status")) {
      throw new UsageError(
        role === "root"
          ? "lost root keys are replaced by nobody: make a new domain, and have it pinned anew"
          : "--lost is not needed for status, whose old key does not sign",
      );
    }
    const count = parseCount(args, "keys", MOST_KEYS);
    const domain = await DomainFolder.open(args, dir);
    // Nothing is made before it is sure that the old keys can sign.
    const signing = SIGNING[role].filter((each) => !lost || each !== role);
    const before = await domain.openKeys(signing);
    const signers = signersOfRole(before, role);
    const old = [...keysOf(signers).values()].map(({ material }) => material);
    const keys = count ?? new Set(old.map(String)).size;
    const threshold = parseCount(args, "threshold", keys) ?? signers.role.threshold;
    if (threshold > keys) {
      throw new UsageError(
        `the threshold is ${threshold} now, and --keys ${keys} is below it: add --threshold M`,
      );
    }
    const replaced = await pathsOf(domain, old);
    const out = args.text("out") ?? join(dir, KEYS);
    const passphrase = args.flag("encrypt")
      ? await domain.passphrases.forSealing(`the new ${role} keys`)
      : undefined;
    const files = filesFor(role, before, keys, passphrase);
    const made = await makeKeyFiles(domain.kernel, out, files, domain.ring);
    const next: RoleKeys = { keys: made.map(({ publicKey }) => publicKey), threshold };
    const published = await domain.change([], (open) => rotateTo(open, role, next, lost));
    const paths = files.map(({ file }) => join(out, file));
    say(role, paths, replaced);
    await warn(domain, published);
    return {
      outcome: "DONE",
      json: { ...publishedJson(published), made: paths, replaced },
      text: publishedText(published),
    };
  },
};

async function rotateTo(
  domain: OpenDomain,
  role: Role,
  next: RoleKeys,
  lost: boolean,
): Promise<Result<Published>> {
  return role === "status"
    ? await rotateStatus(domain, next.keys[0] as Uint8Array)
    : await rotate(domain, role, next, { lost });
}

/** Named by the version of the metadata that will name the keys: root, or targets for status. */
function filesFor(
  role: Role,
  { root, state }: Published,
  count: number,
  passphrase: string | undefined,
): KeyFile[] {
  const by = role === "status" ? state.metadata.targets : root;
  const stem = `${role}-${by.signed.version + 1}`;
  const offline = role === "root" || role === "targets";
  return Array.from({ length: count }, (_, i) => {
    const part = offline ? `${stem}-${i + 1}` : stem;
    return { file: `${part}.key`, name: `${state.domain}/${part}`, passphrase };
  });
}

async function pathsOf(domain: DomainFolder, keys: readonly Uint8Array[]): Promise<string[]> {
  const paths = keys.map((key) => domain.ring.pathOf(key));
  return [...new Set(paths.filter((path) => path !== undefined))].sort();
}

function say(role: Role, made: readonly string[], replaced: readonly string[]): void {
  const lines = [`the new ${role} keys: ${made.join(", ")}`];
  if (replaced.length > 0) {
    lines.push(`these sign nothing any more, and may be destroyed: ${replaced.join(", ")}`);
  }
  process.stderr.write(lines.map((line) => `writ: ${line}\n`).join(""));
}
