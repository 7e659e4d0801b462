/** One bundle, verified, with all that a page may ask of it. */
import { encodeHex } from "../../bytes/hex.js";
import type { Json } from "../../bytes/canonical.js";
import { formatCanonical } from "../../bytes/canonical.js";
import { decodeUtf8 } from "../../bytes/utf8.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { OpenBundle } from "../../proof/read-bundle.js";
import { MAX_BUNDLE_BYTES, openBundle } from "../../proof/read-bundle.js";
import { verifyBundle } from "../../proof/verify-bundle.js";
import { verifyPin } from "../../sync/pin.js";
import { parseCheckpoint } from "../../tlog/checkpoint.js";
import { NO_VERIFIERS } from "../../tlog/verifiers.js";
import { millisecondsOf } from "../../trust/schema.js";
import { failure, ok } from "../../verdict.js";
import { explainChain } from "./authorization-chain.js";
import type { IndexedRun } from "./bundle-index.js";
import { BundleIndex, keyOf } from "./bundle-index.js";
import { layOut } from "./lineage-layout.js";
import { merklePath } from "./merkle-path.js";
import type { Answers, EntryView, LineageView, Questions, RunPage } from "./questions.js";
import type { RunRow, RunSummary } from "./questions.js";
import { timeLine } from "./time-line.js";

const MOST_ENTRIES = 500;

/** Bytes that are verified between two looks at how far it is. */
const PIECE = 256 << 10;

export class Examination {
  #index = new BundleIndex();
  #bundle: OpenBundle | undefined;

  /** `pause` is called after each piece that was read. */
  constructor(
    readonly kernel: Kernel,
    readonly pause: () => Promise<void> = async () => {},
  ) {}

  async answer<What extends keyof Questions>(
    what: What,
    question: Questions[What],
    onProgress: (bytes: number) => void,
  ): Promise<Answers[What]> {
    const answers: {
      readonly [Each in keyof Questions]: (
        asked: Questions[Each],
      ) => Answers[Each] | Promise<Answers[Each]>;
    } = {
      examine: (asked) => this.#examine(asked, onProgress),
      runs: (asked) => this.#runs(asked),
      lineage: (asked) => this.#lineage(asked),
      authorization: (asked) => this.#authorization(asked),
      entry: (asked) => this.#entry(asked),
    };
    return await answers[what](question);
  }

  async #examine(
    { bundle, roots, now, skew, witnessInterval }: Questions["examine"],
    onProgress: (bytes: number) => void,
  ): Promise<Answers["examine"]> {
    const { kernel } = this;
    const pins: Uint8Array[] = [];
    for (const { name, bytes } of roots) {
      const pin = await verifyPin(kernel, bytes);
      if (!pin.ok) return failure(pin.code, `${name} to be the root of a domain`, pin.found);
      pins.push(bytes);
    }
    if (pins.length === 0) return failure("NO_TRUST", "at least one trust root", "none");
    this.#bundle = undefined;
    const index = new BundleIndex();
    const report = await verifyBundle(kernel, this.#pieces(bundle), {
      roots: pins,
      now,
      skew,
      policy: undefined,
      verifiers: NO_VERIFIERS,
      witnessInterval,
      onProgress,
      onEntry: (shown) => index.add(shown),
    });
    // A bundle that is refuted is evidence of nothing.
    const refuted = report.outcome === "REFUTED";
    const opened = await openBundle(kernel, bundle, MAX_BUNDLE_BYTES);
    const isSame = opened.ok && opened.value.id === report.id;
    this.#index = !refuted && isSame ? index : new BundleIndex();
    if (!refuted && isSame) {
      this.#bundle = opened.value;
      index.complete(opened.value.manifest);
    }
    const { runs, logs } = this.#index;
    const first =
      [...runs.values()].find((run) => this.#index.isAbout(run) && run.admission) ??
      runs.values().next().value;
    const [log] = [...logs.values()].slice(-1);
    return ok({
      report,
      json: formatCanonical(report as unknown as Json),
      bytes: bundle.length,
      logs: [...logs.values()].map(({ origin, from, bytes }) => ({
        origin,
        from,
        to: from + bytes.length,
      })),
      runs: runs.size,
      firstRun: first && keyOf(first),
      firstEntry: first
        ? { origin: first.origin, index: first.indices[0] as number }
        : log && { origin: log.origin, index: log.from },
    });
  }

  async *#pieces(bundle: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bundle.length; at += PIECE) {
      await this.pause();
      yield bundle.subarray(at, at + PIECE);
    }
  }

  #runs({ filter, first, count }: Questions["runs"]): RunPage {
    const text = filter.trim().toLowerCase();
    const all = [...this.#index.runs.values()].filter((run) => holds(run, text));
    return {
      total: all.length,
      first,
      rows: all.slice(first, first + count).map((run) => this.#row(run)),
    };
  }

  #row(run: IndexedRun): RunRow {
    const entries = this.#index.entriesOf(run);
    const log = this.#index.logs.get(run.origin);
    const last = log && this.#index.entryAt(run.origin, log.from + log.bytes.length - 1);
    return {
      ...this.#summary(run),
      line: timeLine(
        entries.map(([, entry]) => entry),
        millisecondsOf(last?.time ?? run.last),
      ),
      entries: entries
        .slice(0, MOST_ENTRIES)
        .map(([index, entry]) => ({ index, kind: entry.kind })),
    };
  }

  #summary(run: IndexedRun): RunSummary {
    const { origin, state, admission, begin, last } = run;
    return {
      key: keyOf(run),
      origin,
      run: run.run,
      state,
      principal: admission?.principal.id,
      command: admission?.command,
      begin,
      last,
      about: this.#index.isAbout(run),
    };
  }

  #lineage({ centre, expanded }: Questions["lineage"]): LineageView | undefined {
    const index = this.#index;
    if (!index.runs.has(centre)) return undefined;
    const graph = {
      causes: (key: string) => {
        const run = index.runs.get(key);
        return run ? index.causesOf(run) : [];
      },
      effects: (key: string) => index.effectsOf(key),
    };
    const { nodes, edges } = layOut(graph, centre, new Set(expanded));
    const withRuns = nodes.map((node) => {
      const run = index.runs.get(node.key);
      return { ...node, run: run && this.#summary(run) };
    });
    return { nodes: withRuns, edges };
  }

  #authorization({ run: key }: Questions["authorization"]): Answers["authorization"] {
    const run = this.#index.runs.get(key);
    if (!run?.admission) return undefined;
    const { admission, opened } = run;
    const chain = this.#bundle?.files.require("the chain of an authorization", admission.chain);
    if (!chain) return undefined;
    return chain.ok ? explainChain(this.kernel, admission, opened, chain.value) : chain;
  }

  #entry({ origin, index }: Questions["entry"]): EntryView | undefined {
    const tree = this.#index.treeOf(origin);
    const bytes = this.#index.bytesAt(origin, index);
    if (!tree || !bytes) return undefined;
    const end = tree.from + tree.leaves.length / 32;
    const signed = this.#signedRoots(origin).filter(({ size }) => size > index && size <= end);
    const largest = signed.at(-1);
    const path = merklePath(this.kernel, tree, index, largest?.size ?? end);
    const text = decodeUtf8(bytes) ?? "";
    return { origin, index, text, path, signed: largest?.root === path.root };
  }

  /** Sizes and roots of the checkpoints of a log, by size. */
  #signedRoots(origin: string): readonly { readonly size: number; readonly root: string }[] {
    const named = this.#index.named(origin)?.checkpoints ?? [];
    return named.flatMap(({ size, sha256 }) => {
      const bytes = this.#bundle?.files.get(sha256);
      const signed = bytes && parseCheckpoint(bytes);
      return signed?.ok ? [{ size, root: encodeHex(signed.value.checkpoint.rootHash) }] : [];
    });
  }
}

function holds({ origin, run, state, admission }: IndexedRun, text: string): boolean {
  if (text === "") return true;
  const { principal, command = "" } = admission ?? {};
  const parts = [origin, run, state, principal?.id ?? "", command];
  return parts.some((part) => part.toLowerCase().includes(text));
}
