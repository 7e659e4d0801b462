/** F38, F42: what trips a gate is the policy's, in a log that begins anywhere; an honest gate is PROVEN. */
import { beforeAll, describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { setPolicy, setWitnesses } from "../../src/domain/edit.js";
import { readKeptState } from "../../src/gate/state/kept-state.js";
import { checkPolicyKnown } from "../../src/proof/replay-checks.js";
import type { LocalPolicy } from "../../src/trust/contents/policy.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { makeWorld } from "../authorization/world.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import { canonical, sha256, takeApart, writtenOf } from "./attacker.js";
import type { SeenBench } from "./fixture.js";
import { failuresIn, openSeen, prove, runOnce, see, verify, witness } from "./fixture.js";

const policy: LocalPolicy = {
  rules: [{ command: "/pay", policy: [["<=", ".amount", 1000]] }],
  trips: [
    { id: "denials", command: "/", of: "denials", most: 2, within: 60_000 },
    { id: "uses", command: "/pay", of: "uses", most: 6, within: 60_000 },
    { id: "drifts", command: "/pay", of: "drifts", most: 3, within: 60_000 },
    { id: "duration", command: "/pay", of: "duration", most: 3_500 },
  ],
};

let bench: SeenBench;
let demand: { readonly roots: readonly Uint8Array[] };
const names: string[] = [];

/** Runs that end, one that is denied, one that lasts too long, and then one use too many. */
beforeAll(async () => {
  const world = await makeWorld(async ({ ship, mill }) => {
    const witnessed = `witness w1 ${formatVkey(witness.key)}\nquorum w1\n`;
    await mill.publish((draft) => setWitnesses(draft, encodeUtf8(witnessed)));
    await ship.publish((draft) => setPolicy(kernel, draft, policy));
  });
  const domains = [world.ship, world.bank, world.mill];
  demand = { roots: await Promise.all(domains.map((each) => each.read("metadata/1.root.json"))) };
  bench = await openSeen({ domains: world.domains, cadence: { state: 9 } });
  await see(bench);
  const asks = [{}, { request: { arguments: { amount: 5000 } } }, {}, {}, {}, {}, {}];
  for (const [i, ask] of asks.entries()) {
    names.push(await runOnce(bench, ask, i === 2 ? 5 : 1));
    await see(bench);
  }
});

test("PROVEN in whole, with a run that was stopped for its length and one that was one too many", async () => {
  const report = await verify((await prove(bench, demand)).bytes, demand);
  expect(failuresIn(report)).toEqual([]);
  const rules = (await writtenOf(bench)).flatMap(({ body }) => body.rule ?? []);
  expect(new Set(rules)).toContain("duration");
  expect(report.gates[0]?.runs).toMatchObject({ contained: 1 });
});

test("and in each of its parts, also where these begin at a state", async () => {
  const from = new Set<number>();
  for (const run of names) {
    const selection = { what: "run", run } as const;
    const { bytes, bundle } = await prove(bench, { ...demand, selection });
    from.add(bundle.manifest.logs[0]?.from as number);
    expect(failuresIn(await verify(bytes, demand)), run).toEqual([]);
  }
  expect(from.size).toBeGreaterThan(2);
});

describe("a state that a gate has kept", () => {
  test.each<[string, (trips: Loose[]) => Loose[]]>([
    ["without trips", () => []],
    ["with fewer", (trips) => trips.slice(1)],
    ["with wider ones", (trips) => trips.map((each) => ({ ...each, most: each.most + 1 }))],
  ])("%s: POLICY, whatever the log makes of it", async (_, change) => {
    const run = names.at(-1) as string;
    const { bytes } = await prove(bench, { ...demand, selection: { what: "run", run } });
    const parts = takeApart(bytes);
    const first = JSON.parse(parts.logs[0]?.[0]?.text ?? "") as Loose;
    expect(first.kind).toBe("state");
    const kept = parts.files.find((file) => sha256(file) === first.digest) as string;
    const state = JSON.parse(kept) as Loose;
    // As the gate that lies would keep it: the entry names it, and so on from there.
    const lie = canonical({ ...state, trips: change(state.trips) });
    const fold = readKeptState(encodeUtf8(lie));
    if (!fold.ok) throw new Error(fold.expected);
    const own = bench.follower.domains.own;
    expect(checkPolicyKnown(own, fold.value)).toMatchObject({ code: "POLICY" });
    const honest = readKeptState(encodeUtf8(kept));
    expect(honest.ok && checkPolicyKnown(own, honest.value)).toBeUndefined();
  });
});
