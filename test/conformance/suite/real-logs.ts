import type { Kernel } from "writ";
import {
  formatProof,
  loadVerifiers,
  MemoryStorage,
  parseCheckpoint,
  TreeReader,
  verifyCheckpoint,
  verifyConsistency,
  verifyProof,
} from "writ";
import type { Data } from "./data.js";
import { unbase64 } from "./data.js";
import { parsed } from "./proofs.js";
import type { Check } from "./report.js";
import { assert } from "./report.js";

const GO_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const GO_ORIGIN = "go.sum database tree";
const ANY_AGE = { maxStaleness: Number.POSITIVE_INFINITY, skew: 60_000 };
const NOW = Date.UTC(2026, 10, 24);

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The Go checksum database, a witnessed proof, and checkpoints of public logs. */
export async function realLogs(kernel: Kernel, { vectors }: Data): Promise<Check[]> {
  if (!vectors) return [];
  const storage = new MemoryStorage();
  for (const [path, bytes] of Object.entries(vectors.goTiles)) {
    await storage.write(path, unbase64(bytes));
  }
  const go = parsed(kernel, `log ${GO_VKEY}\nquorum none\n`);
  const demand = { policy: go, origin: GO_ORIGIN, now: NOW, verifiers: {}, ...ANY_AGE };
  const size = (note: string): bigint => {
    const signed = parseCheckpoint(utf8(note));
    assert(signed.ok, "a checkpoint");
    return signed.value.checkpoint.size;
  };
  const tree = (note: string) => new TreeReader(kernel, storage, size(note), "go");

  return [
    [
      "228 lookups of the Go checksum database: proven from its tiles",
      async (output) => {
        assert(vectors.goLookups.length === 228, "228 lookups");
        for (const { index, record, note } of vectors.goLookups) {
          const hashes = await tree(note).proveInclusion(BigInt(index));
          assert(hashes.ok, `tiles for ${index}`);
          const parts = { index: BigInt(index), hashes: hashes.value, checkpoint: utf8(note) };
          const proof = formatProof(parts);
          const verdict = verifyProof(kernel, proof, utf8(record), demand);
          assert(verdict.outcome === "PROVEN", `${index}: ${JSON.stringify(verdict)}`);
          output(proof);
        }
      },
    ],
    [
      "its checkpoints are consistent, each with the next",
      async (output) => {
        const notes = [
          ...new Map(vectors.goLookups.map(({ note }) => [size(note), note])).values(),
        ];
        notes.sort((a, b) => (size(a) < size(b) ? -1 : 1));
        for (const [i, newer] of notes.entries()) {
          const older = notes[Math.max(0, i - 1)] as string;
          const proof = await tree(newer).proveConsistency(size(older));
          assert(proof.ok, `tiles for ${size(newer)}`);
          const log = { logs: go.logs, origin: GO_ORIGIN, verifiers: {} };
          const ends = [utf8(older), utf8(newer)] as const;
          const verdict = verifyConsistency(kernel, ...ends, { log, proof: proof.value });
          assert(verdict.outcome === "PROVEN", JSON.stringify(verdict));
          proof.value.forEach(output);
        }
      },
    ],
    [
      "checkpoints of public logs: every known signature verifies, ML-DSA-44 too",
      async (output) => {
        for (const { name, note, vkeys } of vectors.checkpoints) {
          for (const vkey of vkeys) {
            const policy = parsed(kernel, `log ${vkey}\nquorum none\n`);
            const verifiers = await loadVerifiers(policy);
            const origin = note.split("\n", 1)[0];
            const trust = { policy, origin, now: NOW, verifiers, ...ANY_AGE };
            const verdict = verifyCheckpoint(kernel, utf8(note), trust);
            assert(verdict.outcome === "PROVEN", `${name}: ${JSON.stringify(verdict)}`);
            output(JSON.stringify(verdict));
          }
        }
      },
    ],
    [
      "a witnessed proof of another project",
      (output) => {
        const lines = [
          "log fake.log.origin/log+527eabb8+AddT9PtBhhNAsDYZ0V0euiRbXuvrLsw4L6vKARfipnmz",
          "witness w test-witness+26349ef0+BIQDFTUlktisMqJzWn8qhteWrRr4dLcQ9R37T+8LQyQF",
          "quorum w",
        ];
        const policy = parsed(kernel, lines.join("\n"));
        const trust = { policy, origin: undefined, now: NOW, verifiers: {}, ...ANY_AGE };
        const verdict = verifyProof(kernel, utf8(vectors.proof), utf8("test entry data"), trust);
        assert(verdict.outcome === "PROVEN", JSON.stringify(verdict));
        output(JSON.stringify(verdict));
      },
    ],
  ];
}
