/** F19: a bundle of which a part is gone, there twice, in another place, or another's. */
import { describe, expect, test } from "vitest";
import {
  openSeen,
  ownWitness,
  prove,
  publicFolders,
  runOnce,
  see,
  verify,
  witness,
} from "./fixture.js";
import type { Line, Parts } from "./remade.js";
import { putTogether, remake, takeApart } from "./remade.js";

const bench = await openSeen();
await see(bench);
await runOnce(bench, {}, 1);
await runOnce(bench, { request: { command: "/other" } });
await see(bench, [witness, ownWitness]);
const { bytes, bundle } = await prove(bench);
const good = takeApart(bytes);
const at = good.manifest.logs.findIndex(({ kind }) => kind === "gate");

/** `named`: the manifest is as it was; else it is made anew, as by somebody who knows how. */
async function neverProven(parts: Parts, what: string): Promise<void> {
  const named = await verify(putTogether(parts));
  expect(named.outcome, `${what}, under the same id`).not.toBe("PROVEN");
  expect(named.id).toBe(bundle.id);
  const made = await verify(remake(parts));
  expect(made.outcome, `${what}, under another id`).not.toBe("PROVEN");
}

const withFiles = (files: readonly Uint8Array[]): Parts => ({ ...good, files });
const withLines = (change: (lines: Line[]) => Line[]): Parts => ({
  ...good,
  logs: good.logs.map((lines, i) => (i === at ? change([...lines]) : lines)),
});

test("the parts put together again are the bundle", async () => {
  expect(putTogether(good)).toEqual(bytes);
  expect(remake(good)).toEqual(bytes);
});

describe("every file", () => {
  test("gone", async () => {
    for (const [i] of good.files.entries()) {
      await neverProven(withFiles(good.files.filter((_, n) => n !== i)), `file ${i}`);
    }
  });

  test("twice, or in its neighbour's place", async () => {
    for (const [i, file] of good.files.entries()) {
      const twice = [...good.files.slice(0, i), file, ...good.files.slice(i)];
      expect((await verify(putTogether(withFiles(twice)))).outcome).not.toBe("PROVEN");
      const next = good.files[i + 1];
      if (!next) continue;
      const swapped = [...good.files];
      [swapped[i], swapped[i + 1]] = [next, file];
      expect((await verify(putTogether(withFiles(swapped)))).outcome).not.toBe("PROVEN");
      // Sorted again it is the same bundle.
      expect(remake(withFiles(swapped))).toEqual(bytes);
    }
  });

  test("with a byte more", async () => {
    for (const [i, file] of good.files.entries()) {
      const longer = good.files.map((each, n) => (n === i ? new Uint8Array([...file, 32]) : each));
      await neverProven(withFiles(longer), `file ${i}`);
    }
  });

  test("beside one that nothing leads to", async () => {
    const more = withFiles([...good.files, new TextEncoder().encode("{}")]);
    const report = await verify(remake(more));
    expect(report).toMatchObject({ outcome: "REFUTED", code: "NON_CANONICAL" });
    expect(report.checks.at(-1)).toMatchObject({ name: "parts", outcome: "failed" });
  });
});

describe("every entry", () => {
  const lines = good.logs[at] as readonly Line[];

  test("gone", async () => {
    for (const [i] of lines.entries()) {
      await neverProven(
        withLines((all) => all.filter((_, n) => n !== i)),
        `entry ${i}`,
      );
    }
  });

  test("twice", async () => {
    for (const [i, line] of lines.entries()) {
      const twice = withLines((all) => [...all.slice(0, i), line, ...all.slice(i)]);
      await neverProven(twice, `entry ${i}`);
    }
  });

  test("exchanged with every other", async () => {
    for (let i = 0; i < lines.length; i++) {
      for (let j = i + 1; j < lines.length; j++) {
        const swapped = withLines((all) => {
          [all[i], all[j]] = [all[j] as Line, all[i] as Line];
          return all;
        });
        await neverProven(swapped, `entries ${i} and ${j}`);
      }
    }
  });

  test("the other way round", async () => {
    await neverProven(
      withLines((all) => all.reverse()),
      "all entries",
    );
  });
});

test("every line that opens a digest: gone, changed, or behind another entry", async () => {
  const lines = good.logs[at] as readonly Line[];
  for (const [i, line] of lines.entries()) {
    for (const [n, opening] of line.behind.entries()) {
      const behind = line.behind.filter((_, m) => m !== n);
      const without = withLines((all) =>
        all.map((each, m) => (m === i ? { ...each, behind } : each)),
      );
      await neverProven(without, `opening ${n} of entry ${i}`);
      const moved = withLines((all) =>
        all.map((each, m) =>
          m === i ? { ...each, behind } : m === i + 1 ? { ...each, behind: [opening] } : each,
        ),
      );
      await neverProven(moved, `opening ${n} of entry ${i}, behind the next`);
    }
  }
});

test("every checkpoint, state, root and log of the manifest gone", async () => {
  const { manifest } = good;
  const less = <T>(list: readonly T[], i: number): T[] => list.filter((_, n) => n !== i);
  const log = manifest.logs[at];
  if (!log) throw new Error("a gate's log");
  const others = [
    ...manifest.trust.map((_, i) => ({ ...manifest, trust: less(manifest.trust, i) })),
    ...manifest.domains.map((_, i) => ({ ...manifest, domains: less(manifest.domains, i) })),
    ...manifest.domains.map((each, i) => ({
      ...manifest,
      domains: manifest.domains.map((domain, n) => (n === i ? { ...each, roots: [] } : domain)),
    })),
    { ...manifest, logs: [] },
    { ...manifest, logs: [{ ...log, checkpoints: log.checkpoints.slice(0, -1) }] },
    { ...manifest, logs: [{ ...log, runs: ["0".repeat(32)] }] },
    { ...manifest, logs: [{ ...log, from: 1, before: [Buffer.alloc(32).toString("base64")] }] },
    { ...manifest, logs: [{ ...log, origin: "ship.example/gate-2" }] },
    { ...manifest, logs: [{ ...log, kind: "domain" as const, opened: null }] },
  ];
  for (const [i, each] of others.entries()) {
    const report = await verify(remake({ ...good, manifest: each }));
    expect(report.outcome, `manifest ${i}`).not.toBe("PROVEN");
  }
});

test("a bundle with logs of domains: none of their entries can be left out, or put elsewhere", async () => {
  const whole = takeApart((await prove(bench, { domains: publicFolders() })).bytes);
  for (const [n, { kind }] of whole.manifest.logs.entries()) {
    if (kind !== "domain") continue;
    const lines = whole.logs[n] as readonly Line[];
    for (const [i] of lines.entries()) {
      const logs = whole.logs.map((each, m) => (m === n ? lines.filter((_, k) => k !== i) : each));
      const report = await verify(remake({ ...whole, logs }));
      expect(
        report.checks.some(({ outcome }) => outcome === "failed"),
        `entry ${i}`,
      ).toBe(true);
    }
  }
});
