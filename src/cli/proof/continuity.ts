import { stat } from "node:fs/promises";
import { encodeHex } from "../../bytes/hex.js";
import type { Kernel } from "../../kernel/kernel.js";
import { openBundle } from "../../proof/read-bundle.js";
import { parseCheckpoint } from "../../tlog/checkpoint.js";
import { TreeReader } from "../../tlog/tree-reader.js";
import type { Failure, Result } from "../../verdict.js";
import { failure, ok, Plan } from "../../verdict.js";
import { verifyBundle } from "../../proof/verify-bundle.js";
import { FileStorage } from "../../storage/files.js";
import { equalBytes } from "../../bytes/concat.js";
import type { Arguments, Command } from "../command.js";
import { UsageError } from "../command.js";
import { readGateLog } from "../gate/log-reading.js";
import { readInput } from "../input.js";
import { loadKernel } from "../kernel.js";
import { describe, endWith } from "../print.js";
import { BUNDLE_OPTIONS, readDemand } from "./verify-bundle.js";

export const continuity: Command = {
  name: "continuity",
  usage: "continuity OLD NEW --pin FILE... [OPTION...]",
  summary: "Show that a later bundle or log goes on from an earlier one, and rewrote nothing.",
  help: `  OLD, NEW                  proof bundles, or gates' logs, folders
  --pin FILE                root metadata of a domain that you trust; once for each domain whose word
                            shall count. Not needed where both are logs
  --policy, --now, --skew, --compromised, --witness-interval, --max-bytes  of bundles, as in "writ verify"
  --json                    one JSON object: command, outcome, code, checks
Each bundle is verified first. Then every log of OLD must be in NEW with at least as many entries, and
have had the same root at that size. PROVEN: it goes on. REFUTED: one of the two is refuted, or there are
two histories (EQUIVOCATION): keep both files. INCOMPLETE: NEW is shorter, or does not hold that part.`,
  options: BUNDLE_OPTIONS,
  run: async (args) => {
    const [older, newer] = args.exactly("OLD", "NEW") as [string, string];
    const kernel = await loadKernel();
    const plan = new Plan([]);
    const before = await headsOf(kernel, args, older, plan, "the older");
    if (before) await checkAll(kernel, args, newer, before, plan);
    return endWith(plan.verdict());
  },
};

/** A log as it was: how many entries, under which root, as a signed checkpoint. */
interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly checkpoint: Uint8Array;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** The largest checkpoints of the gates' logs; undefined where it does not verify. */
async function headsOf(
  kernel: Kernel,
  args: Arguments,
  path: string,
  plan: Plan,
  which: string,
): Promise<readonly Head[] | undefined> {
  const name = `${which}: verifies`;
  plan.add(name);
  if (await isFolder(path)) {
    const read = await readGateLog(kernel, path, undefined);
    if (!read.ok) return refuse(plan, name, read);
    const { checkpoint } = read.value.log;
    if (!checkpoint) return refuse(plan, name, failure("MISSING", "a checkpoint", "none"));
    plan.pass(name, undefined, path);
    return [headOf(checkpoint)];
  }
  const bytes = await readInput(path);
  const report = await verifyBundle(kernel, bytes, await readDemand(kernel, args));
  if (report.outcome !== "PROVEN") return refuse(plan, name, firstOf(report.checks));
  plan.pass(name, undefined, `${path}, as of ${report.asOf}`);
  const bundle = await openBundle(kernel, bytes, bytes.length);
  if (!bundle.ok) return refuse(plan, name, bundle);
  return bundle.value.manifest.logs.flatMap(({ kind, checkpoints }) => {
    const file = checkpoints.at(-1)?.sha256;
    const note = file === undefined ? undefined : bundle.value.files.get(file);
    return kind === "gate" && note ? [headOf(note)] : [];
  });
}

function headOf(checkpoint: Uint8Array): Head {
  const signed = parseCheckpoint(checkpoint);
  if (!signed.ok) throw new UsageError(`not a checkpoint: ${describe(signed)}`);
  const { origin, size, rootHash: root } = signed.value.checkpoint;
  return { origin, size: Number(size), root, checkpoint };
}

function refuse(plan: Plan, name: string, why: Failure): undefined {
  plan.fail(name, why);
}

type Checks = Awaited<ReturnType<typeof verifyBundle>>["checks"];

function firstOf(checks: Checks): Failure {
  const bad =
    checks.find(({ outcome }) => outcome === "failed") ??
    checks.find(({ code }) => code !== undefined);
  return failure(bad?.code ?? "INTERNAL", `${bad?.name}: ${bad?.expected}`, bad?.found ?? "none");
}

async function checkAll(
  kernel: Kernel,
  args: Arguments,
  path: string,
  before: readonly Head[],
  plan: Plan,
): Promise<void> {
  if (await isFolder(path)) {
    const [now] = (await headsOf(kernel, args, path, plan, "the newer")) ?? [];
    if (!now) return;
    for (const head of before) {
      plan.add(`${head.origin}: goes on`);
      const found = await goesOnIn(kernel, new FileStorage(path), now, head);
      say(plan, head, found, now.size);
    }
    return;
  }
  const remembered = before.map(({ checkpoint }) => checkpoint);
  const demand = { ...(await readDemand(kernel, args)), remembered };
  const report = await verifyBundle(kernel, await readInput(path), demand);
  const name = "the newer: verifies";
  plan.add(name);
  const tail = report.checks.find((check) => check.name === "tail");
  const others = report.checks.filter(
    (check) => check !== tail && (check.outcome === "failed" || check.outcome === "missing"),
  );
  if (others.length > 0) plan.fail(name, firstOf(others));
  else plan.pass(name, undefined, `${path}, as of ${report.asOf}`);
  for (const head of before) {
    plan.add(`${head.origin}: goes on`);
    const log = report.logs.find(({ kind, origin }) => kind === "gate" && origin === head.origin);
    const lost = failure("MISSING", `the log of ${head.origin}`, "it is not in the newer bundle");
    const wrong = tail && tail.outcome !== "passed" ? firstOf([tail]) : undefined;
    say(plan, head, log ? (wrong ?? ok(undefined)) : lost, log?.size ?? 0);
  }
}

function say(plan: Plan, { origin, size }: Head, found: Result<undefined>, now: number): void {
  const name = `${origin}: goes on`;
  if (found.ok) plan.pass(name, undefined, `from ${size} entries to ${now}`);
  else plan.fail(name, found);
}

async function goesOnIn(
  kernel: Kernel,
  storage: FileStorage,
  now: Head,
  { origin, size, root }: Head,
): Promise<Result<undefined>> {
  if (now.origin !== origin)
    return failure("MISSING", `the log of ${origin}`, `that of ${now.origin}`);
  if (now.size < size) return failure("TRUNCATED", `at least ${size} entries`, `${now.size}`);
  const found = await new TreeReader(kernel, storage, BigInt(now.size), "c2sp").rootAt(
    BigInt(size),
  );
  if (!found.ok) return found;
  if (equalBytes(found.value, root)) return ok(undefined);
  const expected = `root ${encodeHex(root)} of ${origin} at size ${size}`;
  return failure("EQUIVOCATION", expected, encodeHex(found.value));
}
