/** What a gate's log says of its runs: what each has come to, and while what it was trusted. */
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { chargesOf } from "../gate/run-entries.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Entry } from "../lineage/entry.js";
import { timeOf } from "../lineage/entry.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { Intent } from "../lineage/entry/run.js";
import type { Failure } from "../verdict.js";
import { failure } from "../verdict.js";
import { Ancestry } from "./ancestry.js";
import { Intervals } from "./intervals.js";
import type { OpenRun } from "./open-run.js";
import { newOpenRun } from "./open-run.js";
import type { Opened } from "./opened.js";
import type { ReplaySays } from "./replay-says.js";
import type { RunReport } from "./report.js";
import { requestOf } from "./run-inputs.js";

/** Runs that are reported one by one. */
const MOST_REPORTED = 1_000;

/** By which an effect goes on, or has ended by itself. */
const GOES_ON: ReadonlySet<Entry["kind"]> = new Set(["decision", "handover", "outcome"]);

function isDenied(entry: Entry): boolean {
  return entry.kind === "decision" && entry.outcome === "deny";
}

/** The log that is replayed. */
export interface ReplayedLog {
  readonly origin: string;
  readonly domain: string;
  readonly from: number;
  /** The runs that this is about; null for all. */
  readonly about: ReadonlySet<string> | null;
}

export class ReplayedRuns {
  readonly intervals = new Intervals();
  /** The first of them, in the order in which they began. */
  readonly reported: RunReport[] = [];
  readonly totals = { runs: 0, completed: 0, denied: 0, contained: 0, revoked: 0, open: 0 };
  readonly ancestry: Ancestry;
  /** Of the runs that this is about, those of which there is an entry. */
  readonly #seen = new Set<string>();
  readonly #open = new Map<string, OpenRun>();

  constructor(
    readonly kernel: Kernel,
    readonly log: ReplayedLog,
    readonly says: ReplaySays,
  ) {
    this.ancestry = new Ancestry(log.origin, log.from);
  }

  /** Those that are not over. */
  get open(): ReadonlyMap<string, OpenRun> {
    return this.#open;
  }

  /** Whether this run is one of those that this is about. */
  isAbout(run: string): boolean {
    return this.log.about?.has(run) ?? true;
  }

  /** Whether one of the runs that this is about is still under way. */
  get hasOpenRun(): boolean {
    return [...this.#open.keys()].some((run) => this.isAbout(run));
  }

  /** An entry of a run, which a gate could have written there. */
  take(run: string, entry: Entry, at: EntryName, opened: Opened | undefined): void {
    const open = this.#begin(run, entry);
    const { report } = open;
    if (open.denied && GOES_ON.has(entry.kind) && !isDenied(entry)) {
      const expected = `a drift of run ${run}, which was denied`;
      this.says.transition(failure("LOG", expected, `entry ${at.index}: ${entry.kind}`));
    }
    report.entries += 1;
    report.state = (entry as { readonly state: RunReport["state"] }).state;
    const time = timeOf(entry);
    switch (entry.kind) {
      case "accept":
        this.ancestry.add(at.index, at.leaf, run, undefined);
        open.accepted = entry.parent;
        if (this.isAbout(run)) this.says.accept(entry, at);
        break;
      case "admission":
        if (open.admission) break;
        [open.admission, open.opened] = [entry, opened];
        if (this.isAbout(run)) {
          open.request = requestOf(this.kernel, entry, opened);
          // What is shown must be what the entry says, also of a run that nobody decides on again.
          const wrong =
            open.request.ok || open.request.code === "REDACTED" ? undefined : open.request;
          if (wrong) this.says.authorization(wrong);
        }
        [report.principal, report.command] = [entry.principal.id, entry.command];
        [report.authorization, report.issuer] = [entry.authorization, entry.issuer.domain];
        break;
      case "measurement":
        open.measurement = entry;
        if (entry.source === "attested" && this.isAbout(run)) {
          const expected = `who attests what run ${run} runs in`;
          this.says.transition(failure("MISSING", expected, "its gate's own word"));
        }
        break;
      case "decision":
        if (entry.number === 0 && entry.outcome === "allow") {
          this.ancestry.add(at.index, at.leaf, run, open.admission?.parents);
        }
        if (entry.outcome === "allow" && this.intervals.of(run) && open.allowed) {
          this.#say(run, this.intervals.renew(run, open.allowed));
        }
        open.denied = isDenied(entry) && entry.state === "executing";
        break;
      case "intent":
        this.#intent(run, entry, open);
        break;
      case "resume":
        if (open.allowed) this.intervals.begin(run, open.allowed);
        break;
      case "drift":
        open.denied = false;
        report.drifts += 1;
        this.#say(run, this.intervals.end(run, time));
        break;
      case "interruption":
        if (!open.contained) this.totals.contained += 1;
        open.contained = true;
        break;
      case "outcome":
        this.#say(run, this.intervals.end(run, time));
        break;
    }
    this.#close(run, open, entry.time);
  }

  #close(run: string, { report }: OpenRun, time: string): void {
    const { state } = report;
    if (state === "completed" || state === "denied" || state === "revoked") {
      report.end = time;
      this.totals[state] += 1;
      this.#open.delete(run);
    }
  }

  #say(run: string, gap: Failure | undefined): void {
    if (this.isAbout(run)) this.says.continuity(gap);
  }

  #begin(run: string, entry: Entry): OpenRun {
    let open = this.#open.get(run);
    if (open) return open;
    open = newOpenRun(run, entry);
    this.#open.set(run, open);
    this.totals.runs += 1;
    if (this.log.about?.has(run)) this.#seen.add(run);
    if (this.isAbout(run) && this.reported.length < MOST_REPORTED) this.reported.push(open.report);
    return open;
  }

  /** What the intent charges is what the decision said, so that no counter is spared. */
  #intent(run: string, { charges }: Intent, open: OpenRun): void {
    if (open.allowed) this.intervals.begin(run, open.allowed);
    if (!open.permission) return;
    const [expected, found] = [chargesOf(open.permission), charges].map((each) =>
      formatCanonical(each as unknown as Json),
    ) as [string, string];
    const wrong = failure("LIMIT", `the charges ${expected}`, found);
    this.says.decision(found === expected ? undefined : wrong);
  }

  /** The log ends here. */
  end(time: number): void {
    for (const run of this.log.about ?? []) {
      if (this.#seen.has(run)) continue;
      this.says.transition(failure("MISSING", `entries of run ${run}`, "none"));
    }
    for (const run of this.#open.keys()) {
      this.totals.open += 1;
      if (this.isAbout(run)) this.says.continuity(this.intervals.end(run, time));
    }
  }
}
