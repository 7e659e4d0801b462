/** What is looked at together says of each what it would say of it alone: entries, proofs, pieces of bytes. */
import { beforeAll, describe, expect, test } from "vitest";
import type { MemoryStorage } from "../../src/storage/memory.js";
import { grant } from "../authorization/world.js";
import { NOW } from "../authorization/world.js";
import type { Written } from "./attacker.js";
import { rewrite, withLog, writtenOf } from "./attacker.js";
import type { SeenBench } from "./fixture.js";
import { failuresIn, openSeen, prove, runOnce, see, verify } from "./fixture.js";

let bench: SeenBench;
let entries: Written[];
let bytes: Uint8Array;

/** More entries than are read at once, and a run at the end of those. */
const RUNS = 215;

beforeAll(async () => {
  bench = await openSeen();
  await see(bench);
  const links = [grant()];
  for (let i = 0; i < RUNS; i++) await runOnce(bench, { links }, 0);
  await see(bench);
  entries = await writtenOf(bench);
  bytes = (await prove(bench)).bytes;
});

async function lied(change: (all: Written[]) => void) {
  const all = structuredClone(entries);
  change(all);
  const end = all.at(-1) as Written;
  const sights = [
    { size: 5, time: NOW },
    { size: all.length, time: end.time },
  ];
  const log = await rewrite(all, { kept: bench.storage as MemoryStorage, sights });
  return await verify((await prove(withLog(bench, log))).bytes);
}

const decisions = (): number[] =>
  entries.flatMap(({ body }, i) => (body.kind === "decision" ? [i] : []));

describe("proofs of possession", () => {
  test("that hold, of many runs: PROVEN", async () => {
    expect(entries.length).toBeGreaterThan(1024 + 32);
    expect(failuresIn(await verify(bytes))).toEqual([]);
  });

  test("of which some do not hold: HOLDER, as many as there are, wherever they stand", async () => {
    const all = decisions();
    // The first and the last, some together, and those around the end of what is read at once.
    const near = all.filter((i) => i > 1014 && i < 1034);
    const bad = new Set([all[0], all[31], all[32], all[33], ...near, all.at(-1)]);
    expect(near.length).toBeGreaterThan(2);
    const report = await lied((list) => {
      for (const i of bad) {
        const { possession } = (list[i as number] as Written).body;
        const sig = Buffer.from(possession.signatures[0].sig, "base64");
        sig[40] = (sig[40] as number) ^ 1;
        possession.signatures[0].sig = sig.toString("base64");
      }
    });
    expect(report).toMatchObject({ outcome: "REFUTED", code: "HOLDER" });
    const check = report.checks.find(({ name }) => name.endsWith("authorizations"));
    expect(check?.found).toContain(`the first of ${bad.size}`);
    expect(report.gates[0]?.decisions.agreed).toBe(RUNS - bad.size);
  });
});

describe("pieces of bytes", () => {
  const inPieces = async function* (size: number) {
    for (let at = 0; at < bytes.length; at += size) {
      yield bytes.slice(at, at + size);
      if (at % (7 * size) === 0) yield new Uint8Array();
    }
  };

  test.each([977, 4096, 65_536, 1 << 20])("of %i: the same report", async (size) => {
    const whole = await verify(bytes);
    const report = await verify(inPieces(size) as unknown as Uint8Array);
    expect(report).toEqual(whole);
  });

  test("of one, of a small bundle", async () => {
    const small = await openSeen();
    await see(small);
    await runOnce(small, {}, 0);
    await see(small);
    bytes = (await prove(small)).bytes;
    expect(await verify(inPieces(1) as unknown as Uint8Array)).toEqual(await verify(bytes));
  });
});
