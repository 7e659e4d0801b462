/** F16, F42: the same bytes as long as the same is kept, and bundles of a part of a log. */
import { describe, expect, test } from "vitest";
import { keptPath } from "../../src/lineage/kept.js";
import type { Storage } from "../../src/storage/storage.js";
import { rootBy } from "../authorization/craft.js";
import { GRANT, grant, ISSUERS, MILL, NOW, SHIP } from "../authorization/world.js";
import type { Loose } from "../trust/forge.js";
import { assemble, canonical, copyOf, refit, sha256, takeApart } from "./attacker.js";
import { failuresIn, openSeen, prove, roots, runOnce, see, seen, verify } from "./fixture.js";
import type { SeenBench } from "./fixture.js";

/** Runs one after the other, each seen, with a state of the gate in between now and then. */
async function grown(
  runs: number,
): Promise<{ bench: SeenBench; names: string[]; links: string[] }> {
  const bench = await openSeen({ cadence: { state: 8 } });
  await see(bench);
  const [names, links]: [string[], string[]] = [[], []];
  for (let i = 0; i < runs; i++) {
    const link = grant();
    names.push(await runOnce(bench, { links: [link] }, 1));
    links.push(link.id);
    await see(bench);
  }
  return { bench, names, links };
}

const runsIn = (report: Awaited<ReturnType<typeof verify>>) =>
  report.gates[0]?.reported.map(({ run, state }) => `${run} ${state}`);

test("F16: twice the same, and the same of one run when the log has grown", async () => {
  const { bench, names } = await grown(3);
  const all = await prove(bench);
  expect((await prove(bench)).bytes).toEqual(all.bytes);
  const { bytes: before, bundle } = await prove(bench, {
    selection: { what: "run", run: names[1] as string },
  });
  await runOnce(bench, {}, 1);
  const uncovered = await prove(bench, {
    selection: { what: "run", run: names[1] as string },
  });
  expect(uncovered.bytes).toEqual(before);
  await see(bench);
  // What is new in it is the newest checkpoint, and nothing else.
  const { bytes: after } = await prove(bench, {
    selection: { what: "run", run: names[1] as string },
  });
  const [old, now] = [takeApart(before), takeApart(after)];
  expect(now.logs).toEqual(old.logs);
  const { checkpoints: _, ...rest } = now.manifest.logs[0];
  expect(old.manifest.logs[0]).toMatchObject(rest);
  expect(old.files.filter((file) => !now.files.includes(file)).join()).toMatch(/^(ship.*)?$/s);
  for (const bytes of [before, after]) expect((await verify(bytes)).outcome).toBe("PROVEN");
  expect((await verify(before)).id).toBe(bundle.id);
});

test("F16: roots of domains that the log never speaks of make no difference", async () => {
  const { own, peers } = seen.domains;
  const mill = peers.get(MILL);
  if (!mill) throw new Error("a peer with a witness");
  const bench = await openSeen({ domains: { own, peers: new Map([[MILL, mill]]) } });
  await see(bench);
  await runOnce(bench, { links: [rootBy(SHIP, ISSUERS.ship, GRANT)] }, 0);
  await see(bench);
  // BANK's root stands in SHIP's own state too, which names it as a peer.
  const { bytes } = await prove(bench);
  expect(failuresIn(await verify(bytes))).toEqual([]);
  const [ship, , third] = roots as [Uint8Array, Uint8Array, Uint8Array];
  expect((await prove(bench, { roots: [ship, third] })).bytes).toEqual(bytes);
});

describe("a part of a log", () => {
  test("by run, by authorization and by time: PROVEN, with the same decisions as in the whole", async () => {
    const { bench, names, links } = await grown(4);
    const whole = await verify((await prove(bench)).bytes);
    expect(failuresIn(whole)).toEqual([]);
    const found = new Map(runsIn(whole)?.map((each) => [each.split(" ")[0], each]));
    for (const [i, run] of names.entries()) {
      const ways = [
        { what: "run", run } as const,
        { what: "authorization", sha256: links[i] as string } as const,
      ];
      for (const selection of ways) {
        const { bytes, bundle } = await prove(bench, { selection });
        const report = await verify(bytes);
        expect(failuresIn(report), selection.what).toEqual([]);
        expect(runsIn(report)).toEqual([found.get(run)]);
        expect(bundle.manifest.logs[0]?.runs).toEqual([run]);
        expect(report.gates[0]?.decisions).toMatchObject({ asserted: 0, open: 0 });
      }
    }
    const since = { what: "since", time: NOW + 2_500 } as const;
    const report = await verify((await prove(bench, { selection: since })).bytes);
    expect(failuresIn(report)).toEqual([]);
    expect(runsIn(report)).toEqual(names.slice(2).map((run) => found.get(run)));
  });

  test("that begins at a state says that this is the gate's word", async () => {
    const { bench, names } = await grown(4);
    const selection = { what: "run", run: names[3] as string } as const;
    const { bytes, bundle } = await prove(bench, { selection });
    const from = bundle.manifest.logs[0]?.from as number;
    expect(from).toBeGreaterThan(0);
    const { notChecked } = await verify(bytes);
    expect(notChecked.join()).toContain(
      `before its entry ${from}: its state there is the gate's own`,
    );
    expect((await verify((await prove(bench)).bytes)).notChecked.join()).not.toContain(
      "before its",
    );
  });

  test("with another state in place of the one it begins with, in every member: not PROVEN", async () => {
    const { bench, names } = await grown(4);
    const { bytes } = await prove(bench, { selection: { what: "run", run: names[3] as string } });
    const parts = takeApart(bytes);
    const first = JSON.parse(parts.logs[0]?.[0]?.text ?? "") as Loose;
    expect(first.kind).toBe("state");
    const at = parts.files.findIndex((file) => sha256(file) === first.digest);
    const state = JSON.parse(parts.files[at] as string) as Loose;
    const others: Loose = {
      accepted: ["0".repeat(64)],
      counters: {},
      domains: {},
      drift: "0".repeat(64),
      last: "0".repeat(64),
      mode: "contained",
      policy: null,
      revoked: ["0".repeat(32)],
      runs: {},
      size: 1,
      started: null,
      time: 0,
      trips: [{ id: "t", command: "/", of: "uses", most: 9, within: 9, times: [] }],
    };
    expect(Object.keys(state).sort()).toEqual(Object.keys(others));
    for (const member of Object.keys(others)) {
      const copy = copyOf(parts);
      copy.files[at] = canonical({ ...state, [member]: others[member] });
      const report = await verify(assemble(refit(copy)));
      if (copy.files[at] === parts.files[at]) continue;
      expect(report.outcome, member).not.toBe("PROVEN");
    }
    const whole = await bench.storage.read(keptPath(first.digest), 1 << 20);
    await (bench.storage as Storage).write(keptPath(first.digest), new Uint8Array([123, 125]));
    await expect(
      prove(bench, { selection: { what: "run", run: names[3] as string } }),
    ).rejects.toThrow(/DIGEST/);
    await (bench.storage as Storage).write(keptPath(first.digest), whole as Uint8Array);
  });
});
