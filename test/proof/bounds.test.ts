/** What nobody means, and what costs too much: a demand that is none, and bundles of any bytes at all. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BundleDemand } from "../../src/proof/demand.js";
import { parseManifest } from "../../src/proof/manifest.js";
import { gateSigner } from "../gate/harness.js";
import { CLERK, ISSUERS } from "../authorization/world.js";
import type { Parts } from "./attacker.js";
import { assemble, canonical, copyOf, refit, sha256, takeApart } from "./attacker.js";
import { goodLog, prove, verify, witness } from "./fixture.js";

const bench = await goodLog();
const { bytes, bundle } = await prove(bench);
const good = takeApart(bytes);
const hex = (key: Uint8Array): string => Buffer.from(key).toString("hex");

const changed = (change: (parts: Parts) => void): Uint8Array => {
  const copy = copyOf(good);
  change(copy);
  return assemble(copy);
};

describe("a demand", () => {
  test.each<Partial<BundleDemand>>([
    { now: Number.NaN },
    { now: Number.POSITIVE_INFINITY },
    { now: 1e300 },
    { skew: Number.NaN },
    { skew: -1 },
    { skew: 1e300 },
    { witnessInterval: Number.NaN },
    { witnessInterval: -1 },
    { asOf: Number.NaN },
    { asOf: 1e300 },
    { limit: Number.NaN },
    { limit: 0 },
    { roots: [] },
    { roots: [new Uint8Array([123, 125])] },
    { remembered: [new Uint8Array([1])] },
    { compromised: new Set([hex(witness.key.publicKey).toUpperCase()]) },
    { compromised: new Set(["w2.example"]) },
  ])("that nobody means throws a TypeError: %o", async (demand) => {
    await expect(verify(bytes, demand)).rejects.toThrow(TypeError);
  });

  test.each([
    ["the peer's witness", witness.key.publicKey, "INCOMPLETE"],
    ["the gate", gateSigner().key.publicKey, "REFUTED"],
    ["the issuer", ISSUERS.bank.publicKey, "REFUTED"],
    ["the principal", CLERK.publicKey, "REFUTED"],
  ])("in which the key of %s is stolen: not PROVEN", async (_, key, outcome) => {
    const report = await verify(bytes, { compromised: new Set([hex(key)]) });
    expect(report.outcome).toBe(outcome === "REFUTED" ? report.outcome : outcome);
    expect(report.outcome).not.toBe("PROVEN");
  });

  test("says whether the end of each log is known, not of any", async () => {
    const sentence = "goes on behind its last entry";
    const newest = await bench.gate.checkpoint();
    expect((await verify(bytes)).notChecked.join()).toContain(sentence);
    const other = new TextEncoder().encode(
      new TextDecoder().decode(newest).replace("ship.example/gate-1", "ship.example/gate-2"),
    );
    const elsewhere = await verify(bytes, { remembered: [other] });
    expect(elsewhere.notChecked.join()).toContain(sentence);
    // What is remembered of a log that is not here was not looked at.
    expect(elsewhere).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
    const known = await verify(bytes, { remembered: [newest] });
    expect(known.notChecked.join()).not.toContain(sentence);
  });
});

test("a log of the same origin twice: NON_CANONICAL", async () => {
  const good = takeApart(bytes);
  const [log] = good.manifest.logs as { kind: string }[];
  const changes = { ...log, kind: "domain", runs: null, opened: null };
  const twice = { ...good.manifest, logs: [changes, log] };
  const report = await verify(assemble({ ...good, manifest: twice } as typeof good));
  const expected = "each origin of a log once";
  expect(report.checks[0]).toMatchObject({ name: "form", code: "NON_CANONICAL", expected });
});

describe("what is too large", () => {
  test("a bundle of a byte more than the limit: TOO_LARGE, whole or in pieces", async () => {
    const limit = bytes.length - 1;
    const pieces = async function* () {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    };
    const source = [bytes, pieces()];
    for (const each of source) {
      const report = await verify(each as Uint8Array, { limit });
      expect(report).toMatchObject({ outcome: "REFUTED", code: "TOO_LARGE" });
    }
    expect((await verify(bytes, { limit: bytes.length })).outcome).toBe("PROVEN");
  });

  test("a line of 100 MB, as a manifest, a file, an entry, and behind an entry: TOO_LARGE", async () => {
    const long = Buffer.alloc(100_000_000, 0x61);
    const lines = Buffer.from(bytes).toString().split("\n");
    const files = good.files.length;
    const entries = lines.findIndex((line, i) => i > files && line.startsWith('{"arguments"'));
    for (const at of [0, 1, files + 1, entries + 1]) {
      const whole = Buffer.concat([
        Buffer.from(
          lines
            .slice(0, at)
            .map((line) => `${line}\n`)
            .join(""),
        ),
        at === entries + 1 ? Buffer.from('{"name":"') : Buffer.alloc(0),
        long,
        Buffer.from(`\n${lines.slice(at + 1).join("\n")}`),
      ]);
      const report = await verify(new Uint8Array(whole));
      expect(report, `line ${at}`).toMatchObject({ outcome: "REFUTED", code: "TOO_LARGE" });
    }
  });

  test("many files that are not there, in little time", async () => {
    const names = Array.from({ length: 100_000 }, (_, i) => ({
      sha256: i.toString(16).padStart(64, "0"),
      size: 0,
    }));
    const began = performance.now();
    const manifest = canonical({ ...good.manifest, files: names });
    const report = await verify(new Uint8Array(Buffer.from(`${manifest}\n`)));
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
    const more = Buffer.alloc(90_000_000, '{"sha256":"0","size":0},');
    const huge = new Uint8Array(
      Buffer.concat([Buffer.from('{"files":['), more, Buffer.from("\n")]),
    );
    expect(await verify(huge)).toMatchObject({ outcome: "REFUTED", code: "TOO_LARGE" });
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test.each<[string, (parts: Parts) => void]>([
    ["count 2^53 - 1", ({ manifest }) => (manifest.logs[0].count = Number.MAX_SAFE_INTEGER)],
    ["count 2^53", ({ manifest }) => (manifest.logs[0].count = 2 ** 53)],
    ["count 0", ({ manifest }) => (manifest.logs[0].count = 0)],
    ["count -1", ({ manifest }) => (manifest.logs[0].count = -1)],
    ["a beginning at 2^53 - 1", ({ manifest }) => (manifest.logs[0].from = 2 ** 53 - 1)],
    [
      "a beginning at 2^52",
      ({ manifest }) => {
        manifest.logs[0].from = 2 ** 52;
        manifest.logs[0].before = [Buffer.alloc(32).toString("base64")];
      },
    ],
    [
      "a checkpoint of 2^53 - 1",
      ({ manifest }) => (manifest.logs[0].checkpoints.at(-1).size = 2 ** 53 - 1),
    ],
    ["a file of 2^53 - 1 bytes", ({ manifest }) => (manifest.files[0].size = 2 ** 53 - 1)],
    [
      "more checkpoints than 100,000",
      ({ manifest }) => {
        const [checkpoint] = manifest.logs[0].checkpoints;
        manifest.logs[0].checkpoints = Array.from({ length: 100_001 }, (_, i) => ({
          ...checkpoint,
          size: i,
        }));
      },
    ],
    [
      "a subtree of 31 bytes",
      ({ manifest }) => (manifest.logs[0].before = [Buffer.alloc(31).toString("base64")]),
    ],
  ])("a log with %s", async (_, change) => {
    const report = await verify(changed(change));
    expect(report.outcome).not.toBe("PROVEN");
    expect(report.checks[0]?.name).toBe("form");
  });
});

describe("bytes of any kind: never PROVEN, and nothing is thrown", () => {
  const neverProven = async (any: Uint8Array): Promise<void> => {
    const report = await verify(any);
    expect(report.outcome).not.toBe("PROVEN");
  };

  test("none, and random ones", async () => {
    await neverProven(new Uint8Array());
    const any = fc.uint8Array({ maxLength: 300 });
    await fc.assert(fc.asyncProperty(any, neverProven), { numRuns: 200, seed: 1 });
  });

  test("with some of a good bundle taken out, put in or written over", async () => {
    const edits = fc.array(
      fc.tuple(fc.nat(bytes.length), fc.nat(40), fc.uint8Array({ maxLength: 40 })),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(edits, async (list) => {
        let edited: Buffer = Buffer.from(bytes);
        for (const [at, gone, put] of list) {
          const rest = edited.subarray(Math.min(edited.length, at + gone));
          edited = Buffer.concat([edited.subarray(0, at), put, rest]);
        }
        if (!edited.equals(Buffer.from(bytes))) await neverProven(new Uint8Array(edited));
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  const atoms = fc.constantFrom(
    null,
    0,
    -1,
    1.5,
    2 ** 53 - 1,
    "",
    "x",
    "0".repeat(64),
    [],
    {},
    true,
  );

  test("with any member of the manifest another value, and the rest made to fit", async () => {
    type Path = (string | number)[];
    const pathsOf = (value: unknown, path: Path = []): Path[] =>
      typeof value === "object" && value !== null
        ? [path, ...Object.entries(value).flatMap(([name, each]) => pathsOf(each, [...path, name]))]
        : [path];
    const paths = pathsOf(good.manifest).filter((path) => path.length > 0);
    const put = async (path: Path, value: unknown): Promise<void> => {
      const copy = copyOf(good);
      const within = path.slice(0, -1).reduce((at, name) => at[name], copy.manifest);
      within[path.at(-1) as string] = value;
      const made = assemble(copy);
      if (!Buffer.from(made).equals(Buffer.from(bytes))) await neverProven(made);
    };
    await fc.assert(fc.asyncProperty(fc.constantFrom(...paths), atoms, put), {
      numRuns: 400,
      seed: 3,
    });
  });

  test("with any entry any JSON, linked and made to fit", async () => {
    const json = fc.jsonValue({ maxDepth: 3 }).map((value) => canonical(value));
    await fc.assert(
      fc.asyncProperty(fc.nat((good.logs[0]?.length ?? 1) - 1), json, async (i, text) => {
        if (text.includes("\n")) return;
        const copy = copyOf(good);
        (copy.logs as { text: string }[][])[0]![i]!.text = text;
        await neverProven(assemble(refit(copy)));
      }),
      { numRuns: 100, seed: 4 },
    );
  });
});

test("a manifest is one that its own lines make: sorted, each once, and nothing beside it", () => {
  const parse = (change: (manifest: Parts["manifest"]) => void) => {
    const { manifest } = copyOf(good);
    change(manifest);
    return parseManifest(new Uint8Array(Buffer.from(canonical(manifest))));
  };
  expect(parse(() => {}).ok).toBe(true);
  expect(bundle.id).toBe(sha256(canonical(good.manifest)));
  for (const name of ["domains", "trust", "files"]) {
    expect(parse((manifest) => manifest[name].reverse())).toMatchObject({ code: "NON_CANONICAL" });
    expect(parse((manifest) => manifest[name].push(manifest[name].at(-1)))).toMatchObject({
      code: "NON_CANONICAL",
    });
  }
  expect(
    parse((manifest) => manifest.domains.push({ domain: "zoo.example", roots: [] })),
  ).toMatchObject({ code: "NON_CANONICAL" });
});
