/**
 * F7: what a reader ends with depends on the set of states that it saw, not on their order. The
 * verification of a file under a root is computed once and remembered by digest, since 10,000 orders
 * ask for the same two million times; all that puts states together runs for real.
 */
import { expect, test, vi } from "vitest";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import { encodeHex } from "../../src/bytes/hex.js";
import { DomainFiles } from "../../src/sync/files.js";
import { folderSource } from "../../src/sync/folder-source.js";
import { Memory } from "../../src/sync/memory.js";
import { merge } from "../../src/sync/merge.js";
import type { Pulled } from "../../src/sync/pull.js";
import { pull } from "../../src/sync/pull.js";
import type { VerifiedRoot } from "../../src/trust/root.js";
import { verifyNextRoot, verifyPinnedRoot } from "../../src/trust/root.js";
import { viewDigest } from "../../src/trust/view.js";
import { viewOf } from "../../src/sync/open.js";
import { refresh } from "../../src/domain/publish.js";
import { kernel } from "../kernel.js";
import { must } from "../domain/fixture.js";
import { frozen, TERMS, TestReader } from "./fixture.js";
import { forkOf, historyOf, randomOf, rotateRole, step } from "./history.js";

const memo = vi.hoisted(() => {
  const answers = new Map<string, unknown>();
  return <Args extends unknown[], R>(
      name: string,
      body: (...args: Args) => R,
      keyOf: (...args: Args) => string,
    ) =>
    (...args: Args): R => {
      const key = `${name} ${keyOf(...args)}`;
      if (!answers.has(key)) answers.set(key, body(...args));
      return answers.get(key) as R;
    };
});

/** Digests of arrays of bytes that live as long as the test: the same array, the same bytes. */
const digests = vi.hoisted(() => new WeakMap<Uint8Array, string>());

function digestOf(bytes: Uint8Array): string {
  const known = digests.get(bytes);
  if (known !== undefined) return known;
  const digest = encodeHex(kernel.sha256(bytes));
  digests.set(bytes, digest);
  return digest;
}

vi.mock(import("../../src/trust/roles.js"), async (original) => {
  const actual = await original();
  return {
    ...actual,
    verifyTimestamp: memo("timestamp", actual.verifyTimestamp, (_, root, bytes) =>
      [root.digest, digestOf(bytes)].join(" "),
    ),
  };
});

vi.mock(import("../../src/trust/state.js"), async (original) => {
  const actual = await original();
  return {
    ...actual,
    verifyState: memo("verified", actual.verifyState, (_, root, timestamp) =>
      [root.digest, timestamp.digest].join(" "),
    ),
    readState: memo("state", actual.readState, (_, root, timestamp) =>
      [root.digest, timestamp.digest].join(" "),
    ),
  };
});

vi.mock(import("../../src/sync/rows.js"), async (original) => {
  const actual = await original();
  return {
    ...actual,
    rowsOf: memo("rows", actual.rowsOf, (_, { root, documents }) =>
      [root.digest, documents.timestamp.digest].join(" "),
    ),
  };
});

vi.mock(import("../../src/sync/evidence.js"), async (original) => {
  const actual = await original();
  return {
    ...actual,
    makeMetadataEvidence: memo("evidence", actual.makeMetadataEvidence, (_, roots, sides) =>
      [roots.at(-1)?.digest, sides.role, ...[sides.first, sides.second].map(digestOf).sort()].join(
        " ",
      ),
    ),
    verifySide: memo("side", actual.verifySide, (_, root, { role }, bytes) =>
      [root.digest, role, digestOf(bytes)].join(" "),
    ),
  };
});

const ORDERS = 10_000;
const SEED = 20_261_125;

/** What a source answers to a reader whose root in force is the key. */
interface Arrival {
  readonly folder: MemoryStorage;
  readonly pulled: ReadonlyMap<string, Pulled>;
}

interface Case {
  readonly name: string;
  readonly roots: readonly VerifiedRoot[];
  readonly arrivals: readonly Arrival[];
  readonly files: DomainFiles;
}

/**
 * 40 states. `fork`: at a third of the way somebody with all keys publishes another history beside
 * the true one. `heal`: the online keys are rotated after that, so that the fork's are retired.
 */
async function makeCase(name: string, seed: number, fork: boolean, heal: boolean): Promise<Case> {
  const count = fork ? 14 : 40;
  const { domain, folders } = await historyOf(name, count, seed);
  if (fork) {
    const other = await forkOf(domain);
    const random = randomOf(seed + 1);
    for (let i = 0; i < 3; i++) {
      other.now += 7;
      await other.change(refresh);
      folders.push(await other.snapshot());
    }
    if (heal) await rotateRole(domain, "timestamp");
    while (folders.length < 40) {
      await step(domain, random, ["rotate timestamp"]);
      folders.push(await domain.snapshot());
    }
  }
  const roots = [must(await verifyPinnedRoot(kernel, await domain.read("metadata/1.root.json")))];
  for (let version = 2; ; version++) {
    const bytes = await domain.read(`metadata/${version}.root.json`).catch(() => undefined);
    if (!bytes) break;
    roots.push(must(await verifyNextRoot(kernel, roots.at(-1) as VerifiedRoot, bytes)));
  }
  const files = new DomainFiles(kernel, new MemoryTrustStore(), name);
  const arrivals: Arrival[] = [];
  for (const [i, folder] of folders.entries()) {
    const pulled = new Map<string, Pulled>();
    for (let known = 1; known <= roots.length; known++) {
      const memory = new Memory(kernel, roots.slice(0, known));
      pulled.set(
        memory.root.digest,
        await pull(kernel, memory, files, folderSource(folder, `s${i}`)),
      );
    }
    arrivals.push({ folder, pulled });
  }
  return { name, roots, arrivals, files };
}

function shuffle<T>(items: readonly T[], random: (bound: number) => number): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}

const CASES = [
  ["a.example", 1, false, false],
  ["b.example", 2, false, false],
  ["c.example", 3, false, false],
  ["d.example", 4, true, false],
  ["e.example", 5, true, true],
] as const;

const cases: Case[] = [];
for (const [name, seed, fork, heal] of CASES) cases.push(await makeCase(name, seed, fork, heal));

test("F7: 10,000 random arrival orders of 200 states from 5 domains give one digest", async () => {
  expect(cases.flatMap(({ arrivals }) => arrivals)).toHaveLength(200);
  let first: string | undefined;
  for (let seed = SEED; seed < SEED + ORDERS; seed++) {
    const random = randomOf(seed);
    const memories = new Map(
      cases.map((each) => [each, new Memory(kernel, each.roots.slice(0, 1))]),
    );
    const all = cases.flatMap((each) => each.arrivals.map((arrival) => ({ each, arrival })));
    for (const { each, arrival } of shuffle(all, random)) {
      const memory = memories.get(each) as Memory;
      const pulled = arrival.pulled.get(memory.root.digest) as Pulled;
      await merge(kernel, memory, each.files, pulled, []);
    }
    const digests: string[] = [];
    for (const [each, memory] of memories) {
      digests.push(viewDigest(kernel, await viewOf(kernel, memory, each.files)));
    }
    const digest = digests.join(" ");
    first ??= digest;
    expect(digest, `seed ${seed}`).toBe(first);
  }
});

test("F7: 12 orders through the whole of sync, with its store, give one digest and one view", async () => {
  for (const each of cases) {
    const seen = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const reader = new TestReader(each.name, { root: each.roots[0]!.bytes, terms: TERMS });
      let last;
      for (const arrival of shuffle(each.arrivals, randomOf(seed))) {
        last = await reader.sync(Date.parse("2026-06-01T13:00:00Z"), frozen(arrival.folder, "s"));
      }
      seen.add(viewDigest(kernel, last!.view));
      const contradicted = last!.view.failure?.code === "EQUIVOCATION";
      expect(contradicted, each.name).toBe(each.name === "d.example");
    }
    expect(seen.size, each.name).toBe(1);
  }
});
