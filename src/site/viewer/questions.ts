/** What the page asks whoever verifies, and what it is answered: the same with a worker and without. */
import type { RunState } from "../../lineage/entry/common.js";
import type { BundleReport } from "../../proof/report.js";
import type { Result } from "../../verdict.js";
import type { ExplainedChain } from "./authorization-chain.js";
import type { LaidEdge, LaidNode } from "./lineage-layout.js";
import type { MerklePath } from "./merkle-path.js";
import type { Line } from "./time-line.js";

export interface NamedRoot {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Questions {
  /** Verify. What is asked after it, is asked of what this bundle holds. */
  readonly examine: {
    readonly bundle: Uint8Array;
    readonly roots: readonly NamedRoot[];
    /** Milliseconds, as the others. */
    readonly now: number;
    readonly skew: number;
    readonly witnessInterval: number;
  };
  /** Runs that hold a text, in the order in which they began. */
  readonly runs: { readonly filter: string; readonly first: number; readonly count: number };
  readonly lineage: {
    readonly centre: string;
    readonly expanded: readonly string[];
  };
  readonly authorization: { readonly run: string };
  /** An entry with its path. */
  readonly entry: EntryPlace;
}

export interface Answers {
  readonly examine: Result<Examined>;
  readonly runs: RunPage;
  readonly lineage: LineageView | undefined;
  readonly authorization: Result<ExplainedChain> | undefined;
  readonly entry: EntryView | undefined;
}

export interface Examined {
  readonly report: BundleReport;
  /** The report in canonical JSON. */
  readonly json: string;
  readonly bytes: number;
  /** What can be looked at; nothing of a bundle that is refuted, which is evidence of nothing. */
  readonly logs: readonly { readonly origin: string; readonly from: number; readonly to: number }[];
  readonly runs: number;
  /** The first of these, by key. */
  readonly firstRun: string | undefined;
  readonly firstEntry: EntryPlace | undefined;
}

export interface EntryPlace {
  readonly origin: string;
  readonly index: number;
}

export interface RunSummary {
  readonly key: string;
  readonly origin: string;
  readonly run: string;
  readonly state: RunState;
  readonly principal: string | undefined;
  readonly command: string | undefined;
  readonly begin: string;
  readonly last: string;
  /** Whether the bundle is about it. */
  readonly about: boolean;
}

export interface RunRow extends RunSummary {
  readonly line: Line;
  /** Places of its entries: the first of them, at most 500. */
  readonly entries: readonly { readonly index: number; readonly kind: string }[];
}

export interface RunPage {
  /** Of all that hold the text. */
  readonly total: number;
  readonly first: number;
  readonly rows: readonly RunRow[];
}

export interface LineageNode extends LaidNode {
  /** Undefined for what is not in the bundle. */
  readonly run: RunSummary | undefined;
}

export interface LineageView {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LaidEdge[];
}

export interface EntryView {
  readonly origin: string;
  readonly index: number;
  /** As it stands in the log. */
  readonly text: string;
  readonly path: MerklePath;
  /** Whether the root is one that a checkpoint of the bundle signs. */
  readonly signed: boolean;
}
