/** Real logs: the Go checksum database, Rekor, Certificate Transparency, and their witnesses. */
import { describe, expect, test } from "vitest";
import { FileStorage } from "../../src/storage/files.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { formatProof } from "../../src/tlog/proof.js";
import { checkSignatures } from "../../src/tlog/signatures.js";
import { TreeReader } from "../../src/tlog/tree-reader.js";
import { loadVerifiers, NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { verifyCheckpoint } from "../../src/tlog/verify-checkpoint.js";
import { verifyConsistency } from "../../src/tlog/verify-consistency.js";
import { verifyLog } from "../../src/tlog/verify-log.js";
import { verifyProof } from "../../src/tlog/verify-proof.js";
import type { VerifierKey } from "../../src/tlog/vkey.js";
import { parseVkey } from "../../src/tlog/vkey.js";
import { kernel } from "../kernel.js";
import { vectors } from "../vectors.js";
import { demand, policy, utf8 } from "./fixture.js";

const GO_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const GO_ORIGIN = "go.sum database tree";

interface Lookup {
  readonly module: string;
  readonly index: bigint;
  readonly record: Uint8Array;
  readonly note: Uint8Array;
}

function lookups(): Lookup[] {
  return vectors
    .text("go-checksum-database", "lookups.jsonl")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { module, response } = JSON.parse(line) as { module: string; response: string };
      const [, id, record, note] = /^([0-9]+)\n([^]*?\n)\n([^]*)$/.exec(
        response,
      ) as unknown as string[];
      return { module, index: BigInt(id!), record: utf8(record!), note: utf8(note!) };
    });
}

function key(text: string): VerifierKey {
  const parsed = parseVkey(kernel, text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.expected}`);
  return parsed.value;
}

function size(note: Uint8Array): bigint {
  const signed = parseCheckpoint(note);
  if (!signed.ok) throw new Error(signed.expected);
  return signed.value.checkpoint.size;
}

describe.skipIf(!vectors.present)("the Go checksum database", () => {
  const reader = new FileStorage(vectors.path("go-checksum-database"));
  const go = { logs: [key(GO_VKEY)], origin: GO_ORIGIN, verifiers: NO_VERIFIERS };
  const trusting = demand("quorum none", {
    policy: policy(`log ${GO_VKEY}\nquorum none\n`),
    origin: GO_ORIGIN,
  });

  test("all 228 lookups: record, inclusion in its checkpoint, signature", async () => {
    const all = lookups();
    expect(all).toHaveLength(228);
    const trees = new Map<bigint, TreeReader>();
    for (const { module, index, record, note } of all) {
      const n = size(note);
      const tree = trees.get(n) ?? new TreeReader(kernel, reader, n, "go");
      trees.set(n, tree);
      const stored = await tree.leafHash(index);
      expect(stored.ok && stored.value, module).toEqual(kernel.leafHash(record));
      const hashes = await tree.proveInclusion(index);
      if (!hashes.ok) throw new Error(`${module}: ${hashes.expected}`);
      const proof = formatProof({ index, hashes: hashes.value, checkpoint: note });
      expect(verifyProof(kernel, proof, record, trusting).outcome, module).toBe("PROVEN");
      const other = record.slice();
      other[10] = (other[10] as number) ^ 1;
      expect(verifyProof(kernel, proof, other, trusting).code).toBe("INCLUSION");
    }
  });

  test("consistency between all pairs of the 71 checkpoints", async () => {
    const notes = [...new Map(lookups().map(({ note }) => [size(note), note])).values()];
    expect(notes).toHaveLength(71);
    notes.sort((a, b) => (size(a) < size(b) ? -1 : 1));
    for (const newer of notes) {
      const tree = new TreeReader(kernel, reader, size(newer), "go");
      for (const older of notes) {
        if (size(older) > size(newer)) break;
        const proof = await tree.proveConsistency(size(older));
        if (!proof.ok) throw new Error(proof.expected);
        const verdict = verifyConsistency(kernel, older, newer, { log: go, proof: proof.value });
        expect(verdict.outcome, `${size(older)} to ${size(newer)}`).toBe("PROVEN");
      }
    }
  });

  test("what is there of the log checks, and what is absent is counted", async () => {
    const note = lookups().reduce((most, each) =>
      size(each.note) > size(most.note) ? each : most,
    ).note;
    const verdict = await verifyLog(kernel, reader, note, { ...go, layout: "go" });
    expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
    const open = verdict.checks.filter((check) => check.outcome !== "passed");
    expect(open.map((check) => check.name)).toEqual(["complete"]);
  });
});

interface RealCheckpoint {
  readonly name: string;
  readonly note: string;
  readonly vkeys: readonly string[];
}

describe.skipIf(!vectors.present)("witnessed checkpoints of public logs", () => {
  const all = vectors.present
    ? vectors.json<RealCheckpoint[]>("witnessed-checkpoints", "checkpoints.json")
    : [];

  test.each(all)("$name: every signature with a known key verifies", async ({ note, vkeys }) => {
    const signed = parseCheckpoint(utf8(note));
    if (!signed.ok) throw new Error(signed.expected);
    const keys = vkeys.map(key);
    const verifiers = await loadVerifiers({ logs: keys, witnesses: [], quorum: undefined });
    const statuses = checkSignatures(kernel, signed.value, keys, verifiers);
    expect(new Set(statuses.map((each) => each.key.keyId))).toEqual(
      new Set(keys.map((k) => k.keyId)),
    );
    expect(statuses.map((each) => each.status)).toEqual(statuses.map(() => "ok"));
    const text = note.replace(
      /^([^\n]*\n)([0-9]+)/,
      (_, head: string, n: string) => head + (BigInt(n) + 1n),
    );
    const grown = parseCheckpoint(utf8(text));
    if (!grown.ok) throw new Error(grown.expected);
    const forged = checkSignatures(kernel, grown.value, keys, verifiers);
    expect(forged.map((each) => each.status)).toEqual(statuses.map(() => "failed"));
  });

  test("a real ML-DSA-44 and a real Ed25519 cosignature make a quorum of two", async () => {
    const { note, vkeys } = all.find(({ name }) => name.startsWith("coachandhorses2026h1"))!;
    expect(vkeys.map((vkey) => key(vkey).type)).toContain("cosignature-ml-dsa-44");
    const named = vkeys.map((vkey, i) => `witness w${i} ${vkey}`);
    // The log itself signs with type 05, which is not verified here: its key cannot be in a policy.
    const lines = [`log ${GO_VKEY}`, ...named, "group g all w0 w1", "quorum g", ""];
    const trusted = policy(lines.join("\n"));
    const seen = demand("quorum none", {
      policy: trusted,
      now: Date.UTC(2026, 10, 24),
      skew: 60_000,
      origin: note.split("\n", 1)[0],
    });
    const verifiers = await loadVerifiers(trusted);
    const verdict = verifyCheckpoint(kernel, utf8(note), { ...seen, verifiers });
    expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "UNSIGNED" });
    const passed = verdict.checks.filter((each) => each.outcome === "passed");
    expect(passed.map((each) => each.name)).toEqual(
      expect.arrayContaining(["cosignatures", "quorum"]),
    );
    const unloaded = verifyCheckpoint(kernel, utf8(note), seen);
    expect(unloaded.checks.find(({ name }) => name === "quorum")?.outcome).toBe("missing");
  });
});

describe.skipIf(!vectors.present)("a complete witnessed proof of another project", () => {
  const text = [
    "log fake.log.origin/log+527eabb8+AddT9PtBhhNAsDYZ0V0euiRbXuvrLsw4L6vKARfipnmz",
    "witness w test-witness+26349ef0+BIQDFTUlktisMqJzWn8qhteWrRr4dLcQ9R37T+8LQyQF",
    "quorum w",
  ];
  const proof = () => vectors.bytes("tlog-proof", "project-oak.tlog-proof");

  test("is PROVEN with its entry and REFUTED with another", () => {
    const trusted = demand("quorum none", {
      policy: policy(text.join("\n")),
      now: Date.UTC(2026, 10, 24),
    });
    expect(verifyProof(kernel, proof(), utf8("test entry data"), trusted).outcome).toBe("PROVEN");
    expect(verifyProof(kernel, proof(), utf8("test entry date"), trusted).outcome).toBe("REFUTED");
  });
});
