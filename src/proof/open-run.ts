/** A run of a gate's log that is not over, as far as it was replayed. */
import type { Permission } from "../authorization/check.js";
import type { AuthorizationRequest } from "../authorization/request.js";
import type { Entry } from "../lineage/entry.js";
import type { EntryName } from "../lineage/entry/common.js";
import type { Admission, Measurement } from "../lineage/entry/run.js";
import type { Result } from "../verdict.js";
import type { AllowedUntil } from "./intervals.js";
import type { Opened } from "./opened.js";
import type { RunReport } from "./report.js";
import { newReport } from "./report.js";
import type { ReplayedRun } from "./run-inputs.js";

export interface OpenRun {
  readonly report: RunReport;
  /** The hand-over that it began with. */
  accepted: EntryName | undefined;
  admission: Admission | undefined;
  opened: Opened | undefined;
  /** What was asked, from what opens the admission. */
  request: Result<AuthorizationRequest> | undefined;
  measurement: Measurement | undefined;
  replayed: Result<ReplayedRun> | undefined;
  /** What the decision that allowed it last has permitted, and for how long. */
  permission: Permission | undefined;
  allowed: AllowedUntil | undefined;
  /** Whether the last decision denied it while its effect ran: it must be stopped. */
  denied: boolean;
  /** Whether it was stopped at least once. */
  contained: boolean;
}

/** Of its first entry. */
export function newOpenRun(run: string, { time }: Entry): OpenRun {
  return {
    report: newReport(run, time),
    accepted: undefined,
    admission: undefined,
    opened: undefined,
    request: undefined,
    measurement: undefined,
    replayed: undefined,
    permission: undefined,
    allowed: undefined,
    denied: false,
    contained: false,
  };
}
