/**
 * F19: a gate that allows what its rules deny. It reads another state than the one that it names, or is
 * another one than it says, and writes a log of which each entry fits the one before; its key, and the
 * peer's cosignatures, are true.
 */
import { expect, test } from "vitest";
import { addGate, addIssuer, setPolicy, setWitnesses } from "../../src/domain/edit.js";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { withdraw } from "../../src/domain/publish.js";
import type { KnownDomains } from "../../src/authorization/domains.js";
import type { LocalPolicy } from "../../src/trust/contents/policy.js";
import type { VerifiedTrustState } from "../../src/trust/state.js";
import type { TrustView } from "../../src/trust/view.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import type { Published } from "../authorization/world.js";
import {
  BANK,
  GATE,
  GATE_KEYS,
  GRANT,
  grant,
  makeWorld,
  NOW,
  otherState,
  otherViews,
  SHIP,
} from "../authorization/world.js";
import { party, rootBy } from "../authorization/craft.js";
import { TestClock } from "../gate/fake-clock.js";
import { asking, TestEffect } from "../gate/harness.js";
import type { Asking } from "../gate/harness.js";
import { kernel } from "../kernel.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import type { Written } from "./attacker.js";
import { rewrite, withLog, writtenOf } from "./attacker.js";
import type { SeenBench } from "./fixture.js";
import { openSeen, prove, see, verify, witness } from "./fixture.js";

const NOTHING = {
  authorizations: new Set<string>(),
  keys: new Set<string>(),
  contained: new Map(),
};

async function publishing(change: (domains: Published) => Promise<unknown>) {
  const world = await makeWorld(async (domains) => {
    const policy = `witness w1 ${formatVkey(witness.key)}\nquorum w1\n`;
    await domains.mill.publish((draft) => setWitnesses(draft, encodeUtf8(policy)));
    await change(domains);
  });
  const domains = [world.ship, world.bank, world.mill];
  const roots = await Promise.all(domains.map((each) => each.read("metadata/1.root.json")));
  return { domains: world.domains, demand: { roots } };
}

/** The view of a domain as a gate sees it that does not want to see. */
const blind =
  (change: (state: VerifiedTrustState) => Partial<VerifiedTrustState>) =>
  (view: TrustView): TrustView => ({
    ...otherState(view, change(view.state as VerifiedTrustState)),
    withdrawn: NOTHING,
  });

interface Lie {
  readonly publish: (domains: Published) => Promise<unknown>;
  readonly see: Parameters<typeof otherViews>[1];
  readonly ask?: Asking;
  readonly runs?: number;
  /** Milliseconds: when it begins. */
  readonly at?: number;
  readonly level?: "process";
  /** What it writes in the end. */
  readonly write?: (entries: Written[]) => void;
}

async function lied(lie: Lie) {
  const { domains, demand } = await publishing(lie.publish);
  const at = lie.at ?? NOW;
  const bench = await openSeen({
    domains: otherViews(domains, lie.see),
    clock: new TestClock(at),
  });
  await see(bench);
  for (let i = 0; i < (lie.runs ?? 1); i++) await run(bench, lie.ask ?? {}, lie.level);
  await see(bench);
  const entries = await writtenOf(bench);
  lie.write?.(entries);
  const last = entries.at(-1) as Written;
  const storage = await rewrite(entries, {
    kept: bench.storage as MemoryStorage,
    sights: [
      { size: 5, time: at },
      { size: entries.length, time: last.time },
    ],
  });
  const report = await verify((await prove(withLog(bench, storage), demand)).bytes, demand);
  return { report, checks: checksOf(report), honest: await honestly(domains, lie) };
}

/** An effect that ends at once; its run, or the one that was denied. */
async function run({ gate }: SeenBench, ask: Asking, level?: Lie["level"]): Promise<string> {
  const effect = new TestEffect({ level: level ?? "cooperative" });
  const started = await gate.start(await asking(gate, { ...ask, effect }));
  if (started.outcome !== "allow") return started.run;
  effect.end();
  await started.run.finished;
  return started.run.id;
}

/** What a gate that sees what there is does with the same request. */
async function honestly(domains: KnownDomains, { ask, runs = 1, at = NOW }: Lie) {
  const bench = await openSeen({ domains, clock: new TestClock(at) });
  let last = "";
  for (let i = 0; i < runs; i++) last = await run(bench, ask ?? {});
  const entries = await writtenOf(bench);
  return entries.findLast(({ body }) => body.kind === "decision" && body.run === last)?.body;
}

const checksOf = ({ checks }: Awaited<ReturnType<typeof verify>>): string[] =>
  checks.flatMap(({ name, outcome, code, expected }) =>
    outcome === "failed" ? [`${name.split(": ").at(-1)} ${code} ${expected}`] : [],
  );

const ALL = party("issuer of everything");
const none = async (): Promise<void> => {};
const withPolicy =
  (policy: LocalPolicy) =>
  async ({ ship }: Published) =>
    ship.publish((draft) => setPolicy(kernel, draft, policy));
const unruled = blind(({ policy }) => ({ policy: { ...policy, rules: [], trips: [] } }));
const link = grant();
const later = "2099-01-01T00:00:00Z";

test("without a lie it is PROVEN", async () => {
  const { report } = await lied({ publish: none, see: {} });
  expect(report.outcome).toBe("PROVEN");
});

test.each<[string, Lie, string]>([
  [
    "an authorization that its state withdraws",
    {
      publish: async ({ bank }) =>
        bank.change((open) =>
          withdraw(open, { authorizations: [{ sha256: link.id, expires: later }] }),
        ),
      see: { [BANK]: blind(({ status }) => ({ status: { ...status, authorizations: [] } })) },
      ask: { links: [link] },
    },
    "REVOKED",
  ],
  [
    "a key that its state withdraws",
    {
      publish: async ({ bank }) =>
        bank.change((open) =>
          withdraw(open, { keys: [{ key: party("clerk").hex, expires: later }] }),
        ),
      see: { [BANK]: blind(({ status }) => ({ status: { ...status, keys: [] } })) },
    },
    "REVOKED",
  ],
  [
    "while its domain has it contained",
    {
      publish: async ({ ship }) => ship.change((open) => withdraw(open, { contain: [GATE] })),
      see: { [SHIP]: blind(({ status }) => ({ status: { ...status, contained: [] } })) },
    },
    "CONTAINED",
  ],
  [
    "against its domain's own rules",
    {
      publish: withPolicy({ rules: [{ command: "/pay", policy: [["<=", ".amount", 1]] }] }),
      see: { [SHIP]: unruled },
    },
    "POLICY",
  ],
  [
    "of a peer that accepts less",
    {
      publish: async ({ bank }) =>
        bank.publish((draft) => addIssuer(draft, { name: "all", key: ALL.hex, commands: ["/"] })),
      see: {
        [SHIP]: blind(({ peers }) => ({
          peers: { ...peers, peers: peers.peers.map((each) => ({ ...each, commands: ["/"] })) },
        })),
      },
      ask: {
        links: [rootBy(BANK, ALL, { ...GRANT, command: "/ship" })],
        request: { command: "/ship/it" },
      },
    },
    "UNTRUSTED",
  ],
])("%s: DECISION", async (_, lie, code) => {
  const { report, checks, honest } = await lied(lie);
  expect(report.outcome).toBe("REFUTED");
  const check = checks.find((each) => /^(decisions|authorizations)/.test(each));
  expect(check).toMatch(/^decisions DECISION entry \d+: what comes out .*: [A-Z]+: /);
  expect(honest).toMatchObject({ outcome: "deny" });
  expect(check).toContain(`${honest.code}: `);
  expect(honest.code).toBe(code);
});

const tripping: LocalPolicy = {
  rules: [],
  trips: [{ id: "few", command: "/pay", of: "uses", most: 1, within: 600_000 }],
};

test("past what trips it, by a policy entry without trips: POLICY", async () => {
  const lie: Lie = { publish: withPolicy(tripping), see: { [SHIP]: unruled }, runs: 3 };
  const { report, checks, honest } = await lied(lie);
  expect(honest).toMatchObject({ outcome: "deny" });
  expect(report.outcome).toBe("REFUTED");
  expect(checks.join()).toContain("trust POLICY");
});

test("and where that entry stands before the state that has the policy: POLICY", async () => {
  const lie: Lie = {
    publish: withPolicy(tripping),
    see: { [SHIP]: unruled },
    runs: 3,
    write: (entries) => {
      const [policy] = entries.splice(
        entries.findIndex(({ body }) => body.kind === "policy"),
        1,
      );
      entries.splice(1, 0, policy as Written);
    },
  };
  const { report, checks } = await lied(lie);
  expect(report.outcome).toBe("REFUTED");
  expect(checks.filter((each) => each.startsWith("trust POLICY"))).toHaveLength(1);
});

test("on trust that is too old, as if it were younger: DECISION", async () => {
  const late = NOW + 25_000;
  const { report, checks, honest } = await lied({
    publish: none,
    at: late,
    see: { [BANK]: blind(() => ({ issued: late - 1_000 })) },
    write: (entries) => {
      for (const { body } of entries) {
        const issued = new Date(NOW - 1_000).toISOString();
        if (body.kind === "trust" && body.domain === BANK) body.trust.issued = issued;
      }
    },
  });
  expect(honest).toMatchObject({ outcome: "deny", code: "STALE" });
  expect(report.outcome).toBe("REFUTED");
  expect(checks.join()).toMatch(/^decisions DECISION .*STALE/);
});

test("under less isolation than is demanded: DECISION, by what was measured", async () => {
  const { report, checks, honest } = await lied({
    publish: none,
    see: {},
    level: "process",
    ask: { links: [grant({ isolation: { level: "process" } })] },
    write: (entries) => {
      for (const { body } of entries) {
        if (body.kind === "measurement") body.isolation = { level: "cooperative" };
      }
    },
  });
  expect(honest).toMatchObject({ outcome: "deny", code: "ISOLATION" });
  expect(report.outcome).toBe("REFUTED");
  expect(checks.join()).toMatch(/^decisions DECISION .*ISOLATION/);
});

test("as another gate of its domain, or by another's key", async () => {
  const other = Object.keys(GATE_KEYS).find((each) => each !== GATE) as string;
  const origin = await lied({
    publish: none,
    see: {},
    write: ([start]) => ((start as Written).body.gate.origin = other),
  });
  expect(origin.checks.join()).toContain("transitions ORIGIN");
  const key = await lied({
    publish: async ({ ship }) =>
      ship.publish((draft) => addGate(draft, { origin: `${SHIP}/gate-3`, key: party("x").hex })),
    see: {},
    write: ([start]) => ((start as Written).body.gate.key = party("x").hex),
  });
  expect(key.checks.join()).toContain("transitions KEY");
});
