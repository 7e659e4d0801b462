/**
 * The other side of every attack: whatever an honest gate does, what it proves of it is PROVEN. Random
 * days of a gate: runs that end, are denied, are stopped and go on; new trust; restarts and crashes.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { addResumer, setPolicy, setWitnesses } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import type { KnownDomains } from "../../src/authorization/domains.js";
import { signResume } from "../../src/gate/resume-statement.js";
import type { GovernedRun } from "../../src/gate/governed-run.js";
import type { TrustView } from "../../src/trust/view.js";
import { failure } from "../../src/verdict.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { party, sha256 } from "../authorization/craft.js";
import type { World } from "../authorization/world.js";
import {
  BANK,
  GATE,
  grant,
  handOn,
  HELPER,
  makeWorld,
  MILL,
  otherViews,
  SHIP,
  THIEF,
  viewOf,
} from "../authorization/world.js";
import type { Asking } from "../gate/harness.js";
import { asking, counting, MEASURED, optionsOf, TestEffect } from "../gate/harness.js";
import { openGate } from "../../src/gate/open-gate.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { randomOf } from "../sync/history.js";
import { filesOf } from "../tlog/stored.js";
import type { SeenBench } from "./fixture.js";
import { failuresIn, KeptOpenings, prove, see, verify, witness } from "./fixture.js";

const OPS = party("ops");
let demand: { readonly roots: readonly Uint8Array[] };

async function worldWithWitness(): Promise<World> {
  return await makeWorld(async ({ ship, mill }) => {
    const policy = `witness w1 ${formatVkey(witness.key)}\nquorum w1\n`;
    await mill.publish((draft) => setWitnesses(draft, encodeUtf8(policy)));
    await ship.edit((draft) => addResumer(draft, { name: "ops", key: OPS.hex }));
    const trips = [{ id: "d", command: "/", of: "denials", most: 9, within: 9_000 } as const];
    await ship.publish((draft) => setPolicy(kernel, draft, { rules: [], trips }));
  });
}

beforeAll(async () => {
  const { ship, bank, mill } = await worldWithWitness();
  const domains = [ship, bank, mill];
  demand = { roots: await Promise.all(domains.map((each) => each.read("metadata/1.root.json"))) };
});

/** A gate that lives through a day. */
class Day {
  readonly runs = new Map<GovernedRun, TestEffect>();
  readonly stopped = new Set<string>();
  readonly openings = new KeptOpenings();
  readonly random = counting();
  readonly limited = grant({ audience: [GATE], limits: { uses: 3 } });
  readonly withdrawn = grant();
  bench!: SeenBench;
  nonces = 0;
  kernel = MEASURED.kernel;

  constructor(
    readonly world: World,
    readonly pick: (bound: number) => number,
  ) {}

  async open(storage = new MemoryStorage(), clock = this.bench?.clock): Promise<void> {
    const made = optionsOf({
      domains: this.bench?.follower.domains ?? this.world.domains,
      storage,
      random: this.random,
      onOpenings: this.openings.keep,
      cadence: { state: 12 },
      measure: async () => ({ ...MEASURED, kernel: this.kernel }),
      ...(clock ? { clock } : {}),
    });
    const gate = must(await openGate(made.options));
    this.bench = { gate, ...made, openings: this.openings };
  }

  async step(): Promise<void> {
    const { gate, clock } = this.bench;
    switch (this.pick(19)) {
      case 0:
      case 1:
      case 2:
        return await this.start({});
      case 3:
        return await this.start({ links: [this.limited] });
      case 4: {
        const root = grant();
        return await this.start({
          links: [root, handOn(root)],
          holder: HELPER,
          request: { principal: "agent:helper" },
        });
      }
      case 5:
        return await this.start(
          [
            { request: { command: "/other" } },
            { holder: THIEF },
            { links: [grant({ policy: [["<=", ".amount", 1]] })] },
            { links: [this.withdrawn] },
          ][this.pick(4)] as Asking,
        );
      case 6:
      case 7: {
        const [run, effect] = [...this.runs][this.pick(this.runs.size || 1)] ?? [];
        if (!run || !effect) return;
        this.runs.delete(run);
        effect.end(this.pick(2) === 0 ? "done" : "failed");
        await run.finished;
        return;
      }
      case 8:
        return await clock.advance(1 + this.pick(2_500));
      case 9:
        return await see(this.bench);
      case 10:
        return await this.renew();
      case 11:
        return this.pick(2) === 0 ? await this.contain() : await this.goOn();
      case 12:
        for (const [run, effect] of this.runs) {
          effect.end();
          await run.finished;
        }
        this.runs.clear();
        await gate.close();
        return await this.open(this.bench.storage as MemoryStorage);
      case 13:
        return await this.crash();
      case 14: {
        const [parent] = [...this.runs.keys()];
        if (parent) await this.start({ rest: { parents: [gate.nameOf(parent)] } });
        return;
      }
      case 15:
        return await this.start({ links: [this.demanding()] });
      case 16: {
        const [run] = [...this.runs.keys()];
        if (!run) return;
        this.runs.delete(run);
        await gate.revoke(run.id);
        await run.finished;
        return;
      }
      case 17:
        return await this.distrust();
      case 18:
        this.kernel = this.pick(2) === 0 ? MEASURED.kernel : "00".repeat(32);
        await gate.core.remeasure();
        return;
    }
  }

  async start(ask: Asking): Promise<void> {
    const effect = new TestEffect();
    if (this.pick(4) === 0) effect.answer = "unknown";
    const { gate } = this.bench;
    const started = await gate.start(await asking(gate, { ...ask, effect }));
    if (started.outcome === "allow") this.runs.set(started.run, effect);
  }

  /** A chain that asks for more than others. */
  demanding(): ReturnType<typeof grant> {
    const now = this.bench.clock.now();
    const demands = [
      { quorum: { k: 2, domains: [BANK, MILL] } },
      { isolation: { level: "process" } },
      { notBefore: new Date(now + 1_500).toISOString() },
      { expires: new Date(now + 1_500).toISOString() },
      { limits: { duration: 1_500 } },
      { audience: [GATE], limits: { totals: [{ argument: ".amount", most: 12 }] } },
      { recheck: 300, maxStaleness: 9_000 },
      { cleanup: ["/pay"] },
    ];
    return grant(demands[this.pick(demands.length)]);
  }

  /** A domain of which nothing is known any more, or that contradicts itself; until it publishes anew. */
  async distrust(): Promise<void> {
    const { follower, clock } = this.bench;
    const codes = ["EQUIVOCATION", "KEY", "UNREACHABLE"] as const;
    const why = failure(codes[this.pick(3)] as "KEY", "one", "two");
    const domain = [SHIP, BANK, MILL][this.pick(3)] as string;
    const gone = this.pick(2) === 0;
    const change = (view: TrustView): TrustView => ({
      ...view,
      ...(gone ? { state: undefined } : {}),
      failure: why,
      contradictions: why.code === "EQUIVOCATION" ? ["timestamp 9"] : [],
    });
    follower.set(otherViews(follower.domains, { [domain]: change }));
    await clock.advance(1);
  }

  /** All three domains publish anew, and one of them may withdraw something. */
  async renew(): Promise<void> {
    const { ship, bank, mill } = this.world;
    const { clock, follower } = this.bench;
    if (this.pick(3) === 0) {
      bank.now = Math.max(bank.now, clock.now());
      const authorizations = [{ sha256: this.withdrawn.id, expires: "2099-01-01T00:00:00Z" }];
      await bank.change((open) => withdraw(open, { authorizations }));
    }
    for (const domain of [ship, bank, mill]) {
      domain.now = Math.max(domain.now, clock.now());
      await domain.change(refresh);
    }
    await clock.advance(Math.max(0, ...[ship, bank, mill].map(({ now }) => now - clock.now())));
    const peers = new Map([
      [BANK, await viewOf(bank)],
      [MILL, await viewOf(mill)],
    ]);
    const domains: KnownDomains = { own: await viewOf(ship), peers };
    follower.set(domains);
    await clock.advance(1);
  }

  async contain(): Promise<void> {
    const { gate } = this.bench;
    for (const [run] of this.runs) this.stopped.add(run.id);
    await gate.contain();
    for (const [run] of this.runs) await run.finished;
    this.runs.clear();
  }

  word(run: string | null, drift: string): Promise<Uint8Array> {
    return signResume(OPS.signer, {
      gate: GATE,
      run,
      drift,
      trust: [],
      expires: new Date(this.bench.clock.now() + 60_000).toISOString(),
      nonce: sha256(`word ${++this.nonces}`),
    });
  }

  async goOn(): Promise<void> {
    const { gate } = this.bench;
    const { drift } = gate.state;
    if (drift !== undefined) await gate.resume(await this.word(null, drift));
    for (const id of this.stopped) {
      const latest = gate.state.runs.get(id)?.drift;
      if (latest === undefined) continue;
      const effect = new TestEffect();
      const kept = await this.openings.read(id);
      const ask = { ...(await asking(gate, { effect })), openings: kept?.openings ?? [] };
      const resumed = await gate.resumeRun(id, await this.word(id, latest), ask);
      if (resumed.outcome === "allow") this.runs.set(resumed.run, effect);
    }
    this.stopped.clear();
  }

  /** What is stored lives on, and nothing else. */
  async crash(): Promise<void> {
    const { storage, gate, clock } = this.bench;
    await gate.checkpoint();
    const copy = new MemoryStorage();
    for (const [path, bytes] of await filesOf(storage as MemoryStorage)) {
      await copy.write(path, bytes);
    }
    for (const [run] of this.runs) this.stopped.add(run.id);
    this.runs.clear();
    await gate.close();
    await this.open(copy, clock);
  }
}

const outcomes = new Map<string, number>();

describe("a day of an honest gate", () => {
  const seeds = Array.from({ length: 10 }, (_, i) => i + 1);

  test.each(seeds)("number %i: PROVEN, whole and by run", async (seed) => {
    const day = new Day(await worldWithWitness(), randomOf(seed));
    await day.open();
    await see(day.bench);
    for (let i = 0; i < 40; i++) await day.step();
    await see(day.bench);
    // A witness that comes rarely says little of when: that is not what is looked at here.
    const told = { ...demand, witnessInterval: 600_000 };
    const { bytes } = await prove(day.bench, demand);
    const report = await verify(bytes, told);
    expect(failuresIn(report)).toEqual([]);
    const [gate] = report.gates;
    for (const { run, state } of gate?.reported ?? []) {
      outcomes.set(state, (outcomes.get(state) ?? 0) + 1);
      if (day.pick(4) > 0) continue;
      const part = await prove(day.bench, { ...demand, selection: { what: "run", run } });
      expect(failuresIn(await verify(part.bytes, told)), `run ${run}, ${state}`).toEqual([]);
    }
  });

  test("comes to all that can become of a run", () => {
    expect([...outcomes.keys()].sort()).toEqual(
      expect.arrayContaining(["completed", "contained", "denied"]),
    );
  });
});
