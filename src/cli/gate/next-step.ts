/** What to do about a denial or an interruption. */
import type { GateState } from "../../gate/state.js";
import type { RunOutcome } from "./outcome.js";

export interface Circumstances {
  readonly trust: string;
  readonly log: string;
  readonly gateKey: string;
  /** Whether newer trust is fetched here. */
  readonly follows: boolean;
  /** Undefined where the gate could not be opened. */
  readonly state: GateState | undefined;
  /** Why there is no more confinement, where there was to be. */
  readonly lack: string | undefined;
}

/** Lines for people. */
export function nextSteps(ended: RunOutcome, given: Circumstances): string[] {
  const { gate, run, code } = ended;
  const { trust, log, gateKey, state, lack } = given;
  if (ended.outcome === "DONE" || ended.outcome === "RESUMED") return [];
  if (!state) return code === "LOG" ? logSteps(ended, log) : [];
  const record = run === undefined ? undefined : state.runs.get(run);
  if (state.mode === "contained") return resumeSteps(gate, state.drift, undefined);
  if (record?.state === "contained" && ended.signal === undefined) {
    return [
      ...steps(ended, given),
      ...(FINAL.has(code) ? [] : resumeSteps(gate, record.drift, run)),
    ];
  }
  if (code === "UNTRUSTED" || code === "KEY") {
    const list = `writ domain gate add DIR ${gate} "$(writ key vkey ${gateKey})" --publish`;
    return [
      `a gate that its domain does not list: ${list}`,
      `"writ trust show ${trust}" shows whom it accepts`,
    ];
  }
  if (code === "ISOLATION") {
    return [lack ?? "--isolation sandbox confines more; --read, --write and --net '' limit it"];
  }
  if (code === "HOLDER") return ["--key is the key of the principal whom the authorization names"];
  return steps(ended, given);
}

function steps({ code, expected }: RunOutcome, { trust, follows }: Circumstances): string[] {
  // What a run was waiting for when it was broken is not looked at again.
  if (code === "QUORUM" && (expected ?? COSIGNATURE).startsWith(COSIGNATURE)) {
    return [
      "--peer-witness DIR and --peer-witness-key FILE name a witness of a peer domain, which must answer",
      `in time; the peer lists it: "writ domain witness DIR FILE --publish"`,
    ];
  }
  if (code !== "STALE" && code !== "NO_TRUST" && code !== "EXPIRED") return [];
  const sync = follows
    ? "newer trust was looked for at --from, and none came"
    : `"writ sync ${trust} --from SOURCE" fetches newer trust; --from SOURCE here does so all the time`;
  return [sync, `a domain that issues nothing newer must run "writ domain refresh"`];
}

const COSIGNATURE = "a peer's cosignature";

/** Nobody's word brings these back. */
const FINAL: ReadonlySet<RunOutcome["code"]> = new Set(["REVOKED", "EXPIRED"]);

function resumeSteps(gate: string, drift: string | undefined, run: string | undefined): string[] {
  const which = run === undefined ? "" : ` --run ${run}`;
  return [
    "a resumer of the gate's domain may let it go on, and then --resume FILE:",
    `writ resume ${gate} --drift ${drift}${which} --key KEYFILE --expires 10m --out FILE`,
  ];
}

function logSteps({ expected }: RunOutcome, log: string): string[] {
  if (expected?.includes("only writer")) return [];
  if (expected?.startsWith("a witness that")) {
    return [`"writ domain witness DIR FILE --publish" names a witness`];
  }
  return [
    `put back the newest copy of ${log}: with an older one, or none, what was used up could be used again`,
    "where there is none any more, this gate is over: make a new key of another name, and list that",
  ];
}
