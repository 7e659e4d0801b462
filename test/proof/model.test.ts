/** A bundle read by another program: node:crypto and the specifications alone, none of the project's code. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { bytesOf, goodLog, prove, verify } from "./fixture.js";

const sha256 = (...parts: (Buffer | string)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 6962, section 2.1, as it is written there. */
function treeHash(entries: readonly Buffer[]): Buffer {
  if (entries.length === 0) return sha256();
  if (entries.length === 1) return sha256(Buffer.of(0), entries[0] as Buffer);
  let k = 1;
  while (k * 2 < entries.length) k *= 2;
  return sha256(Buffer.of(1), treeHash(entries.slice(0, k)), treeHash(entries.slice(k)));
}

interface Read {
  readonly id: string;
  readonly entries: number;
  readonly checkpoints: number;
  readonly decisions: number;
}

/** What the bundle holds, or a thrown Error at the first thing that does not fit. */
function readBundle(bundle: Buffer): Read {
  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(what);
  };
  const lines = bundle.toString("utf8").split("\n");
  must(lines.pop() === "", "a newline at the end");
  const first = lines.shift() as string;
  const manifest = JSON.parse(first);
  const files = new Map<string, string>();
  for (const { sha256: name, size } of manifest.files) {
    const text = JSON.parse(lines.shift() as string) as string;
    must(sha256(text).toString("hex") === name && Buffer.byteLength(text) === size, "a file");
    files.set(name, text);
  }
  let [entries, checkpoints, decisions] = [0, 0, 0];
  for (const log of manifest.logs) {
    must(log.from === 0, "this reader begins at 0");
    const all: Buffer[] = [];
    let prev: string | null = null;
    for (let i = 0; i < log.count; i++) {
      const line = lines.shift() as string;
      const entry = JSON.parse(line);
      must(entry.prev === prev, `entry ${i} follows`);
      prev = sha256(Buffer.of(0), line).toString("hex");
      all.push(Buffer.from(line));
      if (entry.kind === "decision") decisions += 1;
      const digests = new Set(
        (entry.arguments ?? []).map((each: { sha256: string }) => each.sha256),
      );
      while (lines[0]?.startsWith('{"name":')) {
        must(digests.delete(sha256(lines.shift() as string).toString("hex")), "an opening");
      }
      if (lines[0]?.startsWith('{"request":')) lines.shift();
    }
    must(prev === log.last, "the last leaf hash");
    for (const { size, sha256: name } of log.checkpoints) {
      const [origin, written, root] = (files.get(name) as string).split("\n");
      must(origin === log.origin && Number(written) === size, "a checkpoint's text");
      must(treeHash(all.slice(0, size)).toString("base64") === root, `the root at ${size}`);
      checkpoints += 1;
    }
    entries += all.length;
  }
  must(lines.length === 0, "nothing behind");
  return { id: sha256(first).toString("hex"), entries, checkpoints, decisions };
}

const bench = await goodLog();

test("another reader finds the same digests, links and roots", async () => {
  const { bytes, bundle } = await prove(bench);
  const read = readBundle(Buffer.from(bytes));
  const report = await verify(bytes);
  expect(read).toEqual({
    id: report.id,
    entries: bundle.manifest.logs[0]?.count,
    checkpoints: bundle.manifest.logs[0]?.checkpoints.length,
    decisions: report.gates[0]?.decisions.agreed,
  });
});

test("F16: the same inputs give the same bytes, twice and from one bundle", async () => {
  const [one, other] = [await prove(bench), await prove(bench)];
  expect(other.bytes).toEqual(one.bytes);
  expect(await bytesOf(one.bundle)).toEqual(one.bytes);
});

test("and refuses what the verifier refuses", async () => {
  const { bytes } = await prove(bench);
  for (let at = 200; at < bytes.length; at += 997) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 1;
    // It looks at less: signatures, states and decisions are not its business.
    const report = await verify(new Uint8Array(changed));
    expect(report.outcome).not.toBe("PROVEN");
  }
});
