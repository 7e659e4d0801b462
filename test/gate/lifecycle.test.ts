/** F50-F57: the fold of a log takes what a gate may write, and nothing else. */
import { describe, expect, test } from "vitest";
import { RUN_STEPS, RUN_TABLE } from "../../src/gate/lifecycle.js";
import { IllegalTransition } from "../../src/gate/lifecycle.js";
import { GateFold } from "../../src/gate/state.js";
import type { Entry, EntryBody } from "../../src/lineage/entry.js";
import type { RunState } from "../../src/lineage/entry/common.js";
import { sha256 } from "../authorization/craft.js";
import { GATE, NOW } from "../authorization/world.js";
import { hexKey } from "../domain/fixture.js";
import type { Happening, Model } from "./lifecycle-model.js";
import { BEGINNING, EVENTS, GATE_EVENTS, happen } from "./lifecycle-model.js";

const RUN = "11".repeat(16);
const HEX = sha256("x");
const STATEMENT = {
  payloadType: "application/vnd.writ.resume+json",
  payload: "e30=",
  signatures: [{ keyid: HEX, sig: "AA==" }],
};

/** The entry of a happening, next in a log that came to `fold`. */
function entryOf(what: Happening, fold: GateFold): EntryBody {
  const about = what.startsWith("gate ") ? null : RUN;
  const record = fold.runs.get(RUN);
  const [kind = "", state = ""] = what.replace("gate ", "").split(": ");
  const wrong = sha256("another");
  const latest = (about === null ? fold.drift : record?.drift) ?? HEX;
  switch (kind) {
    case "start":
      return {
        kind: "start",
        state: state as "open",
        gate: { origin: GATE, key: HEX },
        kernel: hexKey("kernel"),
        limits: { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 },
        witnessed: null,
        torn: 0,
        host: "test",
      };
    case "accept": {
      const parent = { origin: "bank.example/gate-1", index: 1, leaf: HEX };
      return { kind: "accept", run: RUN, state: "baseline", parent, packet: HEX };
    }
    case "admission":
      return {
        kind: "admission",
        run: RUN,
        state: "authorized",
        authorization: HEX,
        chain: HEX,
        issuer: { domain: "bank.example", key: HEX },
        principal: { id: "agent:clerk", key: HEX },
        command: "/pay",
        arguments: [],
        parents: [],
      };
    case "measurement":
      return {
        kind: "measurement",
        run: RUN,
        state: "trusted",
        source: "self-measured",
        kernel: hexKey("kernel"),
        environment: [],
        artifacts: [],
        isolation: { level: "cooperative" },
      };
    case "allow":
    case "deny":
      return {
        kind: "decision",
        run: RUN,
        state: state as RunState,
        number: record?.decisions ?? 0,
        outcome: kind,
        code: kind === "deny" ? "STALE" : null,
        rule: null,
        command: "/pay",
        stateDigest: HEX,
        trust: [],
        validUntil: null,
        recheck: null,
        possession: null,
      };
    case "intent":
    case "intent of another decision": {
      const decision = kind === "intent" ? (record?.allowed ?? HEX) : wrong;
      return { kind: "intent", run: RUN, state: "executing", decision, charges: [] };
    }
    case "outcome":
      return { kind, run: RUN, state: "completed", outcome: "done", exit: 0, signal: null };
    case "heartbeat":
      return { kind, run: about, state: state as RunState };
    case "handover":
      return { kind, run: RUN, state: state as RunState, receiver: HEX, nonce: HEX };
    case "drift": {
      const rest = { drift: "staleness", code: "STALE", rule: null, evidence: null } as const;
      return { kind, run: about, state: state as RunState, ...rest };
    }
    case "interruption": {
      const rest = { level: "cooperative", answer: "unknown", steps: [], took: 0 } as const;
      return { kind, run: RUN, state: "contained", ...rest };
    }
    case "transition":
      return { kind, run: about, state: state as RunState, code: null };
    case "resume":
    case "resume of another drift": {
      const drift = kind === "resume" ? latest : wrong;
      const to = about === null ? "open" : "executing";
      return { kind: "resume", run: about, state: to, drift, statement: STATEMENT };
    }
  }
  throw new Error(what);
}

const TIME = new Date(NOW).toISOString();

function take(fold: GateFold, what: Happening): void {
  const entry = { ...entryOf(what, fold), time: TIME, prev: null } as Entry;
  fold.apply(entry, sha256(`${fold.size} ${what}`));
}

function copyOf(fold: GateFold): GateFold {
  const copy = new GateFold();
  const { mode, size, last, time, drift } = fold;
  Object.assign(copy, { mode, size, last, time, drift });
  for (const [id, record] of fold.runs) copy.runs.set(id, record);
  for (const id of fold.revoked) copy.revoked.add(id);
  for (const leaf of fold.accepted) copy.accepted.add(leaf);
  return copy;
}

/** The model's word for where the fold's run is. */
function stands({ runs, revoked, mode, accepted }: GateFold): Omit<Model, "allowed"> {
  const state = runs.get(RUN)?.state;
  const run = revoked.has(RUN) ? "revoked" : ((state ?? "nothing") as Model["run"]);
  return { gate: mode, run, accepted: accepted.size > 0 };
}

interface Count {
  taken: number;
  refused: number;
}

/** Everything that can and cannot happen, `depth` times after what has happened. */
function explore(
  fold: GateFold,
  model: Model,
  happenings: readonly Happening[],
  story: readonly Happening[],
  depth: number,
  count: Count,
): void {
  for (const what of happenings) {
    const next = happen(model, what);
    const copy = copyOf(fold);
    let refused: unknown;
    try {
      take(copy, what);
    } catch (error) {
      refused = error;
    }
    const told = [...story, what].join(", ");
    if (next === undefined) {
      if (!(refused instanceof IllegalTransition)) throw new Error(`taken: ${told}`);
      expect(() => copyOf(fold).check([entryOf(what, fold)]), told).toThrow(IllegalTransition);
      count.refused += 1;
      continue;
    }
    if (refused) throw new Error(`refused: ${told}`, { cause: refused });
    const { allowed: _, ...rest } = next;
    if (JSON.stringify(stands(copy)) !== JSON.stringify(order(rest))) throw new Error(told);
    fold.check([entryOf(what, fold)]);
    count.taken += 1;
    if (depth > 1) explore(copy, next, happenings, [...story, what], depth - 1, count);
  }
}

const order = ({ gate, run, accepted }: Omit<Model, "allowed">) => ({ gate, run, accepted });

function begun(): GateFold {
  const fold = new GateFold();
  take(fold, "gate start: open");
  return fold;
}

function exploreAll(happenings: readonly Happening[], depth: number): Count {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const count = { taken: 0, refused: 0 };
  try {
    explore(begun(), BEGINNING, happenings, [], depth, count);
  } finally {
    Error.stackTraceLimit = limit;
  }
  return count;
}

describe("F50 F51 F52 F53 F54 F55 F56 F57: the lifecycle", () => {
  test("of a run: all sequences of 7 entries, as the text has them", () => {
    const { taken, refused } = exploreAll(EVENTS, 7);
    expect(taken).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(20_000);
  });

  test("of a gate: all sequences of 6 entries", () => {
    const { taken, refused } = exploreAll(GATE_EVENTS, 6);
    expect(taken).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(1000);
  });

  test("of both: all sequences of 4 entries, and all that follow what runs go through", () => {
    const all = [...EVENTS, ...GATE_EVENTS];
    exploreAll(all, 4);
    const path: readonly Happening[] = [
      "accept",
      "admission",
      "measurement",
      "allow: trusted",
      "intent",
      "allow: executing",
      "handover: executing",
      "drift: drifted",
      "gate drift: contained",
      "interruption",
      "transition: recovering",
      "allow: recovering",
      "gate resume",
      "resume",
      "outcome",
    ];
    const fold = begun();
    let model = BEGINNING;
    path.forEach((what, i) => {
      explore(fold, model, all, path.slice(0, i), 2, { taken: 0, refused: 0 });
      take(fold, what);
      model = happen(model, what) as Model;
    });
    expect(stands(fold)).toEqual({ gate: "open", run: "nothing", accepted: true });
  });

  test("a log begins with a start, and time does not go back", () => {
    for (const what of [...EVENTS, ...GATE_EVENTS]) {
      if (what.startsWith("gate start")) continue;
      expect(() => take(new GateFold(), what), what).toThrow(IllegalTransition);
    }
    const fold = begun();
    const early = { ...entryOf("admission", fold), time: new Date(NOW - 1).toISOString() };
    expect(() => fold.apply({ ...early, prev: null } as Entry, HEX)).toThrow(IllegalTransition);
  });

  test("no kind of entry takes a run where the table of states does not", () => {
    for (const [kind, steps] of Object.entries(RUN_STEPS)) {
      for (const [from, states] of Object.entries(steps)) {
        for (const to of states) {
          if (to !== from) expect(RUN_TABLE[from as RunState], `${kind} ${from}`).toContain(to);
        }
      }
    }
  });

  test("entries that are written together are held against each other before one is stored", () => {
    const fold = begun();
    const [admission, measurement] = (["admission", "measurement"] as const).map((what) =>
      entryOf(what, fold),
    ) as [EntryBody, EntryBody];
    expect(() => fold.check([measurement, admission])).toThrow(IllegalTransition);
    fold.check([admission, measurement]);
    expect(fold.runs.size).toBe(0);
  });
});
