// @ts-check
/** The gate: what a decision costs, what a durable run costs, and how fast what runs is stopped. */
import { tmpdir } from "node:os";
import { cedar } from "../authorization-peers.js";
import * as rules from "../authorization-rules.js";
import { DurableContest } from "../gate-durable.js";
import { GRACE, programHalts, workerHalts } from "../gate-halts.js";
import { memoryOver } from "../gate-memory.js";
import { POLL, revocations } from "../gate-revocation.js";
import { decidingAtGate, gateWorld } from "../gate-world.js";
import { exactly, summarize } from "../summary.js";
import { contest } from "./authorization.js";

/** @import { Row } from "../row.js" */

/** @type {Row} */
const decide = {
  name: "gate.decide",
  unit: "ns/item",
  item: "decision",
  async prepare() {
    const input = rules.allowedCases(64);
    const controls = [...rules.againstPolicies(input), ...rules.againstNames(input)];
    return {
      ...(await contest(input, controls, await decidingAtGate(), { "cedar-wasm": cedar })),
      notes: {
        ours: "the gate's whole decision, with 64 runs, counters, trips and two domains; proofs of possession checked beforehand",
        "cedar-wasm":
          "statefulIsAuthorized, policies kept parsed, no schema, no signatures, no state",
      },
    };
  },
};

/** @type {Row} */
const run = {
  name: "gate.run",
  unit: "ns/item",
  item: "durable entry",
  async measure({ quick }) {
    const contest = new DurableContest(await gateWorld(), tmpdir(), quick ? 200 : 1000);
    /** @type {number[]} */
    const ours = [];
    /** @type {number[]} */
    const sqlite = [];
    let items = 0;
    try {
      await contest.round();
      for (let i = 0; i < (quick ? 3 : 9); i++) {
        const round = await contest.round();
        ours.push(round.ours);
        sqlite.push(round.sqlite);
        items = round.entries;
      }
    } finally {
      contest.end();
    }
    return summarize(
      items,
      ours,
      { "node:sqlite": sqlite },
      {},
      {
        ours: "all of a run, 64 at a time: its proof of possession verified, decided, and its entries durable before and after the effect, which does nothing",
        "node:sqlite":
          "the same bytes inserted one transaction each, WAL, synchronous FULL; nothing decided, verified or linked",
      },
    );
  },
};

/** @type {Row} */
const memory = {
  name: "gate.memory",
  unit: "MiB",
  item: "growth of the heap",
  async measure({ quick }) {
    const decisions = quick ? 20_000 : 1_000_000;
    const { growth, samples } = await memoryOver(await gateWorld(), decisions);
    const each = samples.map(({ heap, rss }) => `${heap.toFixed(1)} (${rss.toFixed(0)})`);
    return exactly(growth, {
      ours: `${decisions.toLocaleString("en-US")} decisions, every tenth a run that is completed; heap after collection (resident) at each tenth, MiB: ${each.join(", ")}`,
    });
  },
};

/** @param {readonly number[]} values @param {number} share */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** @param {readonly number[]} values */
const spread = (values) =>
  [
    `p50 ${quantile(values, 0.5).toFixed(1)}`,
    `p99 ${quantile(values, 0.99).toFixed(1)}`,
    `most ${Math.max(...values).toFixed(1)} ms`,
  ].join(", ");

/** @param {string} name @param {"notified" | "polled"} how @returns {Row} */
function revocation(name, how) {
  return {
    name,
    unit: "ms",
    item: "revocation, p99",
    async measure({ quick }) {
      const runs = quick ? 10 : 100;
      const { delays, worstDelay } = await revocations(runs, how);
      const whole = delays.map((delay) => delay.whole);
      const after = delays.map((delay) => delay.after);
      const told = how === "notified" ? "file notification, and " : "";
      return exactly(quantile(whole, 0.99), {
        ours:
          `${runs} withdrawals in another process's folder, each to the stop signal of the effect; ` +
          `${told}polling every ${POLL} ms. From before the publication: ${spread(whole)}; ` +
          `from after it: ${spread(after)}. At most ${worstDelay} ms after it are promised`,
      });
    },
  };
}

/**
 * @param {string} name @param {string} expected
 * @param {() => Promise<() => Promise<{answer: string, took: number}>>} prepare @returns {Row}
 */
function halt(name, expected, prepare) {
  return {
    name,
    unit: "ms",
    item: "busy loop ended, p99",
    async measure({ quick }) {
      const once = await prepare();
      const runs = quick ? 10 : 100;
      const times = [];
      for (let i = 0; i < runs; i++) {
        const { answer, took } = await once();
        if (answer !== expected) throw new Error(`run ${i}: expected ${expected}, found ${answer}`);
        times.push(took);
      }
      return exactly(quantile(times, 0.99), {
        ours: `${times.length} of ${runs} ended, each answered ${expected}; ${spread(times)}, of which ${GRACE} ms is grace`,
      });
    },
  };
}

export const rows = [
  decide,
  run,
  memory,
  revocation("gate.revocation", "notified"),
  revocation("gate.revocation.polled", "polled"),
  halt("gate.halt.worker", "stopped", workerHalts),
  halt("gate.halt.child", "unknown", () => programHalts("process")),
  halt("gate.halt.sandbox", "stopped", () => programHalts("sandbox")),
];
