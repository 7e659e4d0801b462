/**
 * 10,000 random mutations of each format: nothing throws, nothing mutated is PROVEN, and what still
 * parses is what it is written as. The seed is fixed; WRIT_SEED tries another.
 */
import { expect, test } from "vitest";
import { decodeUtf8 } from "../../src/bytes/utf8.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { formatNote, parseNote } from "../../src/tlog/note.js";
import { parsePolicy } from "../../src/tlog/policy.js";
import { formatProof, parseProof } from "../../src/tlog/proof.js";
import {
  decodeEntries,
  encodeEntries,
  formatTilePath,
  parseTilePath,
} from "../../src/tlog/tile.js";
import { verifyCheckpoint } from "../../src/tlog/verify-checkpoint.js";
import { verifyProof } from "../../src/tlog/verify-proof.js";
import { formatVkey, parseVkey } from "../../src/tlog/vkey.js";
import { kernel } from "../kernel.js";
import { cosigned, demand, entries, log, policyText, proofOf, TIME, utf8 } from "./fixture.js";

const ROUNDS = 10_000;
const SEED = Number(process.env["WRIT_SEED"] ?? 20261124);

/** Mulberry32: small, seeded, and good enough to place mutations. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Bytes that matter to the formats come more often than others. */
const TELLING = utf8("\n +=/.0123456789—x-\0\t\r");

/** One to three small changes; none is as long as a signature line, so none repeats one whole. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  let out = [...bytes];
  for (let n = 1 + random(3); n > 0; n--) {
    const at = random(out.length + 1);
    const byte = random(2) === 0 ? (TELLING[random(TELLING.length)] as number) : random(256);
    const length = random(12);
    switch (random(7)) {
      case 0:
        out[at] = (out[at] ?? 0) ^ (1 << random(8));
        break;
      case 1:
        out[at] = byte;
        break;
      case 2:
        out.splice(at, length);
        break;
      case 3:
        out.splice(at, 0, byte);
        break;
      case 4:
        out.splice(at, 0, ...out.slice(at, at + length));
        break;
      case 5:
        out = out.slice(0, at);
        break;
      default: {
        const other = random(out.length + 1);
        const held = out[at] ?? 0;
        out[at] = out[other] ?? 0;
        out[other] = held;
      }
    }
  }
  return Uint8Array.from(out);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Calls `judge` with each mutant that differs from the original. */
function forEachMutant(
  name: string,
  original: Uint8Array,
  judge: (mutant: Uint8Array) => void,
): void {
  const random = generator(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    const mutant = mutate(original, random);
    if (same(mutant, original)) continue;
    try {
      judge(mutant);
    } catch (error) {
      throw new Error(`${name}, seed ${SEED}, round ${round}`, { cause: error });
    }
  }
}

const ALL = "group g all w2 w3 w4; quorum g";
const signed = await cosigned(TIME, TIME, TIME);
const proof = proofOf(5, signed);

test("mutated proofs are never PROVEN", () => {
  const trusted = demand(ALL, { maxStaleness: 1000 });
  forEachMutant("proof", proof, (mutant) => {
    expect(verifyProof(kernel, mutant, entries[5]!, trusted).outcome).not.toBe("PROVEN");
    const parsed = parseProof(mutant);
    if (parsed.ok) expect(same(formatProof(parsed.value), mutant)).toBe(true);
  });
});

test("mutated entries are never PROVEN", () => {
  const trusted = demand(ALL);
  forEachMutant("entry", entries[5]!, (mutant) => {
    expect(verifyProof(kernel, proof, mutant, trusted).outcome).toBe("REFUTED");
  });
});

test("mutated checkpoints are never PROVEN", () => {
  const trusted = demand(ALL, { maxStaleness: 1000 });
  forEachMutant("checkpoint", signed, (mutant) => {
    expect(verifyCheckpoint(kernel, mutant, trusted).outcome).not.toBe("PROVEN");
    parseCheckpoint(mutant);
    const note = parseNote(mutant);
    if (note.ok)
      expect(same(formatNote(note.value.text, note.value.signatures), mutant)).toBe(true);
  });
});

test("under a mutated policy only what still demands the same keys is PROVEN", () => {
  const text = policyText(ALL);
  const trusted = demand(ALL);
  const keys = (value: typeof trusted.policy) =>
    [...value.logs, ...value.witnesses.map((witness) => witness.key)].map(formatVkey).sort();
  forEachMutant("policy", utf8(text), (mutant) => {
    const parsed = parsePolicy(kernel, mutant);
    if (!parsed.ok) return;
    const verdict = verifyProof(kernel, proof, entries[5]!, { ...trusted, policy: parsed.value });
    if (verdict.outcome !== "PROVEN") return;
    // A witness more cannot be made by chance: its key id has to fit.
    expect(keys(trusted.policy)).toEqual(expect.arrayContaining(keys(parsed.value)));
    expect(keys(parsed.value)).toContain(formatVkey(log.key));
  });
});

test("a mutated vkey that still parses is the same key, or another one written canonically", () => {
  forEachMutant("vkey", utf8(formatVkey(log.key)), (mutant) => {
    const text = decodeUtf8(mutant);
    if (text === undefined) return;
    const parsed = parseVkey(kernel, text);
    if (parsed.ok) expect(formatVkey(parsed.value)).toBe(text);
  });
});

test("a mutated entry bundle that still parses is written as it was read", () => {
  forEachMutant("entries", encodeEntries(entries), (mutant) => {
    const parsed = decodeEntries(mutant);
    if (parsed.ok) expect(same(encodeEntries(parsed.value), mutant)).toBe(true);
  });
});

test("a mutated tile path that still parses names its tile in one way", () => {
  for (const layout of ["c2sp", "go"] as const) {
    const path = formatTilePath({ level: 1, index: 1234067n, width: 17 }, layout);
    forEachMutant("tile path", utf8(path), (mutant) => {
      const text = Buffer.from(mutant).toString("latin1");
      const tile = parseTilePath(text, layout);
      if (tile) expect(formatTilePath(tile, layout)).toBe(text);
    });
  }
});
