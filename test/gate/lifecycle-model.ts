/**
 * The lifecycle as overview.md tells it, written from its text and from nothing of src/gate: what may
 * happen to one run and to its gate, one entry after the other.
 */

/** What can happen, in words; each becomes an entry. */
export const EVENTS = [
  "accept",
  "admission",
  "measurement",
  "allow: trusted",
  "allow: executing",
  "allow: recovering",
  "allow: denied",
  "deny: denied",
  "deny: trusted",
  "deny: executing",
  "deny: recovering",
  "intent",
  "intent of another decision",
  "outcome",
  "heartbeat: executing",
  "heartbeat: completed",
  "handover: executing",
  "handover: drifted",
  "drift: drifted",
  "drift: contained",
  "drift: revoked",
  "drift: completed",
  "interruption",
  "transition: authorized",
  "transition: trusted",
  "transition: executing",
  "transition: completed",
  "transition: denied",
  "transition: drifted",
  "transition: contained",
  "transition: recovering",
  "transition: revoked",
  "resume",
  "resume of another drift",
] as const;

export const GATE_EVENTS = [
  "gate start: open",
  "gate start: contained",
  "gate start: revoked",
  "gate drift: open",
  "gate drift: contained",
  "gate transition: open",
  "gate transition: contained",
  "gate transition: revoked",
  "gate resume",
  "gate resume of another drift",
  "gate heartbeat: open",
  "gate heartbeat: contained",
  "gate heartbeat: revoked",
] as const;

export type Happening = (typeof EVENTS)[number] | (typeof GATE_EVENTS)[number];

type Phase =
  | "nothing"
  | "baseline"
  | "authorized"
  | "trusted"
  | "executing"
  | "drifted"
  | "contained"
  | "recovering"
  | "revoked";

export interface Model {
  readonly gate: "open" | "contained" | "revoked";
  readonly run: Phase;
  /** The last decision in this phase allowed. */
  readonly allowed: boolean;
  /** A hand-over was accepted, which serves once. */
  readonly accepted: boolean;
}

export const BEGINNING: Model = { gate: "open", run: "nothing", allowed: false, accepted: false };

/** What the model is after it, or undefined where it cannot happen. */
export function happen(model: Model, what: Happening): Model | undefined {
  if (what.startsWith("gate ")) {
    const gate = ofGate(model.gate, what.slice(5));
    return gate && { ...model, gate };
  }
  const next = ofRun(model, what);
  if (next === undefined) return undefined;
  const [run, allowed = false] = next;
  const over = run === "nothing";
  return {
    ...model,
    run,
    allowed: !over && allowed,
    accepted: model.accepted || what === "accept",
  };
}

function ofGate(gate: Model["gate"], what: string): Model["gate"] | undefined {
  // A start and a heartbeat change nothing, and say how the gate stands.
  if (what === `start: ${gate}` || what === `heartbeat: ${gate}`) return gate;
  if (gate === "revoked") return undefined;
  if (what === "drift: contained") return "contained";
  if (what === "transition: revoked") return "revoked";
  if (what === "resume" && gate === "contained") return "open";
  return undefined;
}

/** `nothing` also where the run is over: an id that is over for ever is one that was revoked. */
function ofRun(
  { run, gate, allowed, accepted }: Model,
  what: string,
): [Phase, boolean?] | undefined {
  // "Every state but the terminal ones may also go to drifted or revoked."
  const goesOn = run !== "nothing" && run !== "revoked";
  if (what === "drift: drifted") return goesOn && run !== "drifted" ? ["drifted"] : undefined;
  if (what === "transition: revoked") return goesOn ? ["revoked"] : undefined;
  // "A refusal before execution goes to denied."
  const before = ["nothing", "baseline", "authorized", "trusted"].includes(run);
  if (what === "deny: denied") return before ? ["nothing"] : undefined;
  if (what === "transition: denied") return before && goesOn ? ["nothing"] : undefined;
  switch (run) {
    case "nothing":
      if (what === "accept") return accepted ? undefined : ["baseline"];
      return what === "admission" ? ["authorized"] : undefined;
    case "baseline":
      return what === "admission" ? ["authorized"] : undefined;
    case "authorized":
      return what === "measurement" ? ["trusted"] : undefined;
    case "trusted":
      if (what === "allow: trusted") return ["trusted", true];
      return what === "intent" && allowed && gate !== "revoked" ? ["executing"] : undefined;
    case "executing":
      if (what === "outcome") return ["nothing"];
      if (what === "allow: executing") return ["executing", true];
      if (what === "deny: executing") return ["executing", false];
      return what === "heartbeat: executing" || what === "handover: executing"
        ? ["executing", allowed]
        : undefined;
    case "drifted":
      return what === "interruption" ? ["contained"] : undefined;
    case "contained":
      return what === "transition: recovering" ? ["recovering"] : undefined;
    case "recovering":
      if (what === "allow: recovering") return ["recovering", true];
      if (what === "deny: recovering") return ["recovering", false];
      if (what === "transition: contained") return ["contained"];
      return what === "resume" && allowed && gate !== "revoked" ? ["executing"] : undefined;
    case "revoked":
      return undefined;
  }
}
