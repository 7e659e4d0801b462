import { expect, test } from "vitest";
import { concatBytes } from "../../src/bytes/concat.js";
import { formatNote, parseNote } from "../../src/tlog/note.js";
import { formatProof } from "../../src/tlog/proof.js";
import type { Signer } from "../../src/tlog/signer.js";
import { cosignCheckpoint, signCheckpoint } from "../../src/tlog/signer.js";
import { loadVerifiers, NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { verifyCheckpoint } from "../../src/tlog/verify-checkpoint.js";
import { verifyProof } from "../../src/tlog/verify-proof.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import type { Verdict } from "../../src/verdict.js";
import { kernel } from "../kernel.js";
import {
  checkpoint,
  cosigned,
  demand,
  entries,
  log,
  mlDsaCosign,
  mlDsaKey,
  NOW,
  ORIGIN,
  policy,
  policyText,
  proofOf,
  rootHash,
  signer,
  TIME,
  utf8,
  witnesses,
} from "./fixture.js";

const ALL = "group g all w2 w3 w4; quorum g";
const TWO = "group g 2 w2 w3 w4; quorum g";

function check(verdict: Verdict, name: string) {
  return verdict.checks.find((each) => each.name === name);
}

test("every entry with its proof is PROVEN, and with any other entry's REFUTED", async () => {
  const signed = await cosigned(TIME, TIME, TIME);
  for (const [i, entry] of entries.entries()) {
    expect(verifyProof(kernel, proofOf(i, signed), entry, demand(ALL))).toMatchObject({
      outcome: "PROVEN",
    });
    const other = verifyProof(
      kernel,
      proofOf(i + 1 < entries.length ? i + 1 : 0, signed),
      entry,
      demand(ALL),
    );
    expect(other).toMatchObject({ outcome: "REFUTED", code: "INCLUSION" });
  }
});

test("extra data changes nothing", async () => {
  const signed = await cosigned(TIME, TIME, TIME);
  const leaf = kernel.leafHashes(entries);
  const hashes = kernel.proveInclusion(leaf, 3n);
  const proof = formatProof({ index: 3n, hashes, extra: utf8("trust me"), checkpoint: signed });
  expect(verifyProof(kernel, proof, entries[3]!, demand(ALL)).outcome).toBe("PROVEN");
});

test("an index past the tree, and a proof with a hash more or less, are refused by name", async () => {
  const signed = await checkpoint();
  const hashes = kernel.proveInclusion(kernel.leafHashes(entries), 3n);
  const none = demand("quorum none");
  const judge = (index: bigint, list: Uint8Array[]) =>
    check(
      verifyProof(
        kernel,
        formatProof({ index, hashes: list, checkpoint: signed }),
        entries[3]!,
        none,
      ),
      "inclusion",
    );
  expect(judge(11n, hashes)).toMatchObject({ found: "index 11", code: "INCLUSION" });
  expect(judge(3n, hashes.slice(1))).toMatchObject({ found: "3 hashes", code: "INCLUSION" });
  expect(judge(3n, [...hashes, hashes[0]!])).toMatchObject({ found: "5 hashes" });
});

test("the origin is compared whole, never as a part", async () => {
  const bytes = await checkpoint();
  for (const origin of [
    ORIGIN.slice(1),
    ORIGIN.slice(0, -1),
    `${ORIGIN}/`,
    `${ORIGIN}\n1`,
    "",
    " ",
  ]) {
    const verdict = verifyCheckpoint(kernel, bytes, demand("quorum none", { origin }));
    expect(verdict, origin).toMatchObject({ outcome: "REFUTED", code: "ORIGIN" });
  }
  expect(verifyCheckpoint(kernel, bytes, demand("quorum none", { origin: ORIGIN })).outcome).toBe(
    "PROVEN",
  );
});

test("a key of another name signs for an origin only where the caller says so", async () => {
  const bytes = await checkpoint("another origin");
  expect(verifyCheckpoint(kernel, bytes, demand("quorum none"))).toMatchObject({ code: "ORIGIN" });
  const said = demand("quorum none", { origin: "another origin" });
  expect(verifyCheckpoint(kernel, bytes, said).outcome).toBe("PROVEN");
});

test("one log of a policy cannot speak for another, also where the origin is stated", async () => {
  const other = signer("log.example/two", 5, "log");
  const two = policy(`${policyText("quorum none")}log ${formatVkey(other.key)}\n`);
  const forged = await checkpoint(ORIGIN, other);
  for (const origin of [undefined, ORIGIN]) {
    const verdict = verifyCheckpoint(
      kernel,
      forged,
      demand("quorum none", { policy: two, origin }),
    );
    expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "UNSIGNED" });
  }
  const stranger = await checkpoint("a third origin", other);
  const said = demand("quorum none", { policy: two, origin: "a third origin" });
  expect(verifyCheckpoint(kernel, stranger, said)).toMatchObject({ code: "UNSIGNED" });
});

test("without a signature by a known log key there is nothing to go by", async () => {
  const stranger = signer(ORIGIN, 77, "log");
  const bytes = await checkpoint(ORIGIN, stranger);
  const verdict = verifyCheckpoint(kernel, bytes, demand("quorum none"));
  expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "UNSIGNED" });
});

test("a signature by an unknown key is ignored, even with a known name", async () => {
  const parsed = parseNote(await cosigned(TIME));
  if (!parsed.ok) throw new Error();
  const { text, signatures } = parsed.value;
  const junk = { name: ORIGIN, keyId: "00000000", signature: new Uint8Array(64) };
  const bytes = formatNote(text, [junk, ...signatures, { ...junk, name: "w2.example" }]);
  expect(verifyCheckpoint(kernel, bytes, demand("quorum w2")).outcome).toBe("PROVEN");
});

test("a known key whose signature fails rejects the whole note, whatever else is there", async () => {
  const parsed = parseNote(await cosigned(TIME, TIME, TIME));
  if (!parsed.ok) throw new Error();
  const { text, signatures } = parsed.value;
  for (const i of signatures.keys()) {
    const spoiled = signatures.map((each, k) => {
      const signature = each.signature.slice();
      if (k === i) signature[signature.length - 1] = (signature.at(-1) as number) ^ 1;
      return { ...each, signature };
    });
    const verdict = verifyCheckpoint(kernel, formatNote(text, spoiled), demand("quorum none"));
    expect(verdict, `signature ${i}`).toMatchObject({ outcome: "REFUTED", code: "SIGNATURE" });
    // The same key's good signature beside the bad one does not save the note.
    const beside = verifyCheckpoint(
      kernel,
      formatNote(text, [...signatures, spoiled[i]!]),
      demand("quorum none"),
    );
    expect(beside).toMatchObject({ outcome: "REFUTED", code: "SIGNATURE" });
  }
});

test("a known key's signature of a wrong length fails", async () => {
  const parsed = parseNote(await cosigned(TIME));
  if (!parsed.ok) throw new Error();
  const { text, signatures } = parsed.value;
  for (const i of signatures.keys()) {
    for (const length of [1, 63, 65, 71, 73]) {
      const cut = signatures.map((each, k) =>
        k === i ? { ...each, signature: new Uint8Array(length) } : each,
      );
      const verdict = verifyCheckpoint(kernel, formatNote(text, cut), demand("quorum w2"));
      expect(verdict).toMatchObject({ outcome: "REFUTED", code: "SIGNATURE" });
    }
  }
});

test("one witness that signs twice counts once", async () => {
  const once = await cosigned(TIME);
  const twice = await cosignCheckpoint(once, witnesses[0] as Signer, TIME - 1n);
  const verdict = verifyCheckpoint(kernel, twice, demand(TWO));
  expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "QUORUM" });
});

test("too few witnesses: INCOMPLETE, and found names those who did", async () => {
  const verdict = verifyCheckpoint(kernel, await cosigned(TIME), demand(TWO));
  expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "QUORUM" });
  expect(check(verdict, "quorum")).toMatchObject({ expected: "2 of (w2, w3, w4)", found: "w2" });
});

test("the age is that of the cosignature that completes the quorum, not the newest", async () => {
  const signed = await cosigned(TIME - 5n, TIME - 100n, TIME - 50n);
  const fresh = (maxStaleness: number) =>
    verifyCheckpoint(kernel, signed, demand(TWO, { maxStaleness }));
  expect(fresh(50_000).outcome).toBe("PROVEN");
  expect(check(fresh(50_000), "quorum")?.found).toContain("50 s old");
  expect(fresh(49_999)).toMatchObject({ outcome: "INCOMPLETE", code: "STALE" });
  expect(check(fresh(49_999), "quorum")?.found).toContain("50 s old");
});

test("a cosignature without a time counts for membership and never for freshness", async () => {
  const signed = await cosigned(0n, 0n);
  expect(verifyCheckpoint(kernel, signed, demand(TWO)).outcome).toBe("PROVEN");
  const verdict = verifyCheckpoint(kernel, signed, demand(TWO, { maxStaleness: 1e15 }));
  expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "STALE" });
});

test("a cosignature from the future counts up to the skew and not a second more", async () => {
  const signed = await cosigned(TIME + 10n);
  const verdict = (skew: number) => verifyCheckpoint(kernel, signed, demand("quorum w2", { skew }));
  expect(verdict(10_000).outcome).toBe("PROVEN");
  expect(verdict(9_999)).toMatchObject({ outcome: "INCOMPLETE", code: "QUORUM" });
});

test("a policy that demands no cosignature cannot say how old anything is", async () => {
  const bytes = await checkpoint();
  const stale = demand("quorum none", { maxStaleness: 1000 });
  expect(verifyCheckpoint(kernel, bytes, stale)).toMatchObject({ code: "STALE" });
});

test("times that are not numbers throw before anything is compared with them", async () => {
  const bytes = await checkpoint();
  const bad = [
    { now: Number.NaN },
    { maxStaleness: Number.NaN },
    { maxStaleness: -1 },
    { skew: -1 },
  ];
  for (const more of [...bad, { skew: Number.POSITIVE_INFINITY }, { skew: Number.NaN }]) {
    expect(() => verifyCheckpoint(kernel, bytes, demand("quorum none", more))).toThrow(TypeError);
  }
});

const PQ = `${policyText("")}witness pq ${formatVkey(mlDsaKey)}\nquorum pq\n`;

test("an ML-DSA-44 cosignature is verified once the policy's verifiers are loaded", async () => {
  const trusted = policy(PQ);
  const signed = mlDsaCosign(await checkpoint(), TIME);
  const loaded = demand("quorum none", {
    policy: trusted,
    verifiers: await loadVerifiers(trusted),
  });
  expect(verifyCheckpoint(kernel, signed, loaded).outcome).toBe("PROVEN");
  const spoiled = mlDsaCosign(await checkpoint(), TIME, true);
  expect(verifyCheckpoint(kernel, spoiled, loaded)).toMatchObject({ code: "SIGNATURE" });
});

test("an ML-DSA-44 cosignature that was not checked is never ok", async () => {
  const signed = mlDsaCosign(await cosigned(TIME), TIME);
  for (const quorum of ["pq", "w2", "none"]) {
    const trusted = policy(PQ.replace("quorum pq", `quorum ${quorum}`));
    const unloaded = demand("quorum none", { policy: trusted, verifiers: NO_VERIFIERS });
    const verdict = verifyCheckpoint(kernel, signed, unloaded);
    expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "NOT_LOADED" });
  }
});

test("an ML-DSA-44 cosignature binds the cosigner's name, the time and the tree", async () => {
  const trusted = policy(PQ);
  const verifiers = await loadVerifiers(trusted);
  const other = await signCheckpoint(ORIGIN, { size: 12n, rootHash }, log);
  const [here, there] = [mlDsaCosign(await checkpoint(), TIME), mlDsaCosign(other, TIME)].map(
    (bytes) => parseNote(bytes),
  );
  if (!here?.ok || !there?.ok) throw new Error();
  const moved = formatNote(here.value.text, [
    ...here.value.signatures.slice(0, 1),
    ...there.value.signatures.slice(1),
  ]);
  const verdict = verifyCheckpoint(
    kernel,
    moved,
    demand("quorum none", { policy: trusted, verifiers }),
  );
  expect(verdict).toMatchObject({ code: "SIGNATURE" });
});

test("no ML-DSA key in the policy: nothing is loaded", async () => {
  expect(await loadVerifiers(policy(policyText(ALL)))).toBe(NO_VERIFIERS);
});

test("a proof that does not parse is REFUTED as MALFORMED, and nothing else was run", () => {
  const verdict = verifyProof(kernel, utf8("nonsense"), entries[0]!, demand(ALL));
  expect(verdict).toMatchObject({ outcome: "REFUTED", code: "MALFORMED" });
  expect(verdict.checks.slice(1).every((each) => each.outcome === "not-run")).toBe(true);
});

test("every byte of a good proof, flipped in any of three ways, is never PROVEN", async () => {
  const proof = proofOf(5, await cosigned(TIME, TIME, TIME));
  for (let at = 0; at < proof.length; at++) {
    for (const mask of [0x01, 0x20, 0x80]) {
      const flipped = proof.slice();
      flipped[at] = (flipped[at] as number) ^ mask;
      const verdict = verifyProof(
        kernel,
        flipped,
        entries[5]!,
        demand(ALL, { maxStaleness: 1000 }),
      );
      expect(verdict.outcome, `byte ${at} mask ${mask}`).not.toBe("PROVEN");
    }
  }
});

test("a proof cut at any byte, or with anything after it, is never PROVEN", async () => {
  const proof = proofOf(5, await cosigned(TIME, TIME, TIME));
  for (let length = 0; length < proof.length; length++) {
    const verdict = verifyProof(kernel, proof.slice(0, length), entries[5]!, demand(ALL));
    expect(verdict.outcome, `${length} bytes`).not.toBe("PROVEN");
  }
  for (const tail of ["\n", " ", "x", "\0", "— a AAAAAAA\n"]) {
    const verdict = verifyProof(kernel, concatBytes(proof, utf8(tail)), entries[5]!, demand(ALL));
    expect(verdict.outcome, JSON.stringify(tail)).not.toBe("PROVEN");
  }
});

test("the caller's clock decides, not the proof's", async () => {
  const proof = proofOf(0, await cosigned(TIME, TIME, TIME));
  const at = (now: number) =>
    verifyProof(kernel, proof, entries[0]!, demand(ALL, { now, maxStaleness: 60_000 }));
  expect(at(NOW).outcome).toBe("PROVEN");
  expect(at(NOW + 60_000).outcome).toBe("PROVEN");
  expect(at(NOW + 60_001)).toMatchObject({ code: "STALE" });
  expect(at(NOW - 1000)).toMatchObject({ code: "QUORUM" });
});
