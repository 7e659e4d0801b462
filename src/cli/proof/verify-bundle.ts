/** `writ verify BUNDLE --pin FILE...`: the part of `verify` that is about proof bundles. */
import { stat } from "node:fs/promises";
import { encodeHex } from "../../bytes/hex.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { BundleDemand } from "../../proof/demand.js";
import type { BundleReport } from "../../proof/report.js";
import { verifyBundle } from "../../proof/verify-bundle.js";
import { verifyPin } from "../../sync/pin.js";
import { loadVerifiers, NO_VERIFIERS } from "../../tlog/verifiers.js";
import { parseVkey } from "../../tlog/vkey.js";
import { parseCheckpoint } from "../../tlog/checkpoint.js";
import type { Arguments, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { readInput } from "../input.js";
import { loadKernel } from "../kernel.js";
import { wholeOf } from "../numbers.js";
import { readPolicy } from "../policy-file.js";
import { describe } from "../print.js";
import { Progress } from "../progress.js";
import { nowOf, parseDuration, parseTime } from "../time.js";
import { formatReport } from "./report-text.js";

export const BUNDLE_OPTIONS = {
  pin: { type: "string", multiple: true },
  policy: { type: "string" },
  now: { type: "string" },
  skew: { type: "string" },
  "witness-interval": { type: "string" },
  "as-of": { type: "string" },
  remember: { type: "string", multiple: true },
  compromised: { type: "string", multiple: true },
  "max-bytes": { type: "string" },
} as const;

export const DEFAULT_SKEW = "60s";
const DEFAULT_INTERVAL = "60s";

export const BUNDLE_HELP = `  BUNDLE                    a proof bundle, from "writ prove"
  --pin FILE                root metadata of a domain, obtained in a way that you trust; once for each
                            domain whose word shall count
  --policy FILE             a C2SP tlog-policy: the witnesses that count and how many (default: one of a
                            pinned domain other than the log's own)
  --as-of TIME              every gate's log must be vouched for up to then: else it is TRUNCATED
  --remember FILE           a checkpoint of such a log that you have seen: what is shorter, or another
                            history, is found out; may be repeated
  --compromised KEY         a stolen key of a log, a witness, a chain or a resumer, in hexadecimal or as a
                            vkey: what it signed counts nothing; may be repeated
  --witness-interval DURATION  within which others must bear out when a decision was made (default:
                            ${DEFAULT_INTERVAL})
  --max-bytes N             of a bundle (default: 268435456)`;

/** A bundle's manifest begins with its first member by name. */
export function isBundle(start: Uint8Array): boolean {
  return new TextDecoder().decode(start.subarray(0, 12)) === '{"domains":[';
}

/** `stream`: the bytes of the file at `path`. */
export async function verifyBundleInput(
  args: Arguments,
  path: string,
  stream: AsyncIterable<Uint8Array>,
): Promise<Ending> {
  const kernel = await loadKernel();
  const demand = await readDemand(kernel, args);
  const size = path === "-" ? 0 : ((await stat(path).catch(() => undefined))?.size ?? 0);
  const progress = new Progress("verifying");
  const onProgress = (bytes: number): void => {
    if (size > 0) progress.update(bytes, size);
  };
  const report = await verifyBundle(kernel, stream, { ...demand, onProgress });
  progress.end();
  return endWithReport(report);
}

export function endWithReport(report: BundleReport): Ending {
  const { outcome, ...json } = report;
  return { outcome, json, text: formatReport(report) };
}

/** What the options demand of a bundle. */
export async function readDemand(kernel: Kernel, args: Arguments): Promise<BundleDemand> {
  const pins = args.list("pin");
  if (pins.length === 0) {
    throw new UsageError("--pin is missing: a root of each domain whose word shall count");
  }
  const roots: Uint8Array[] = [];
  for (const file of pins) {
    const root = await readInput(file);
    const verified = await verifyPin(kernel, root);
    if (!verified.ok) {
      throw new UsageError(`--pin ${file} is no root of a domain: ${describe(verified)}`);
    }
    roots.push(root);
  }
  const policyPath = args.text("policy");
  const policy = policyPath === undefined ? undefined : await readPolicy(kernel, policyPath);
  const [asOf, most] = [args.text("as-of"), args.text("max-bytes")];
  const remembered: Uint8Array[] = [];
  for (const file of args.list("remember")) {
    const bytes = await readInput(file);
    const checkpoint = parseCheckpoint(bytes);
    if (!checkpoint.ok) {
      throw new UsageError(`--remember ${file} is no checkpoint: ${describe(checkpoint)}`);
    }
    remembered.push(bytes);
  }
  return {
    roots,
    now: nowOf(args),
    skew: parseDuration(args.text("skew") ?? DEFAULT_SKEW),
    policy,
    verifiers: policy ? await loadVerifiers(policy) : NO_VERIFIERS,
    witnessInterval: parseDuration(args.text("witness-interval") ?? DEFAULT_INTERVAL),
    asOf: asOf === undefined ? undefined : parseTime(asOf),
    remembered,
    compromised: new Set(args.list("compromised").map((each) => keyOf(kernel, each))),
    ...(most === undefined ? {} : { limit: wholeOf("--max-bytes", most, 1) }),
  };
}

function keyOf(kernel: Kernel, text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  const key = parseVkey(kernel, text);
  if (key.ok) return encodeHex(key.value.publicKey);
  throw new UsageError(`--compromised is 64 hexadecimal digits or a vkey, not "${text}"`);
}
