/** The witness's decision: the shared cases, a case for every status, and every small tree. */
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "../../src/bytes/base64.js";
import { concatBytes, equalBytes } from "../../src/bytes/concat.js";
import { decodeHex } from "../../src/bytes/hex.js";
import { addCosignatures } from "../../src/tlog/add-cosignature.js";
import type { TreeHead } from "../../src/tlog/checkpoint.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { formatNote, parseNote } from "../../src/tlog/note.js";
import { cosignCheckpoint, signCheckpoint } from "../../src/tlog/signer.js";
import { loadVerifiers, NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { makeVerifierKey, parseVkey } from "../../src/tlog/vkey.js";
import type { CosignDecision, WitnessSetup } from "../../src/tlog/witness.js";
import {
  decideCosign,
  formatAddCheckpoint,
  MAX_REQUEST_BYTES,
  parseAddCheckpoint,
  parseProofHashes,
  refuseUnread,
} from "../../src/tlog/witness.js";
import { cosign } from "../../src/tlog/witness-state.js";
import { kernel } from "../kernel.js";
import { model } from "../kernel/model.js";
import { vectors } from "../vectors.js";
import {
  log,
  mlDsaCosign,
  mlDsaKey,
  NOW,
  ORIGIN,
  signer,
  TIME,
  utf8,
  witnesses,
} from "./fixture.js";
import { TestTrustStore } from "./witness-store.js";

const setup: WitnessSetup = { logs: [{ origin: ORIGIN, key: log.key }], verifiers: NO_VERIFIERS };
const MOST = 12;
const tree = model(Array.from({ length: MOST }, (_, i) => utf8(`entry ${i}`)));
/** The same log with another entry 2, and what it signs with the same key. */
const fork = model(Array.from({ length: MOST }, (_, i) => utf8(i === 2 ? "other" : `entry ${i}`)));

function head(size: number, of = tree): TreeHead {
  return { size: BigInt(size), rootHash: of.mth(0, size) };
}

async function checkpoints(of: typeof tree): Promise<Uint8Array[]> {
  return await Promise.all(
    Array.from({ length: MOST + 1 }, (_, size) => signCheckpoint(ORIGIN, head(size, of), log)),
  );
}

const signed = await checkpoints(tree);
const forked = await checkpoints(fork);

function proofOf(old: number, size: number, of = tree): Uint8Array[] {
  return old === 0 || old > size ? [] : of.proof(old, size);
}

function decide(
  remembered: TreeHead | undefined,
  old: number | bigint,
  proof: readonly Uint8Array[],
  checkpoint: Uint8Array,
  witness = setup,
): CosignDecision {
  const request = parseAddCheckpoint(
    formatAddCheckpoint({ oldSize: BigInt(old), proof, checkpoint }),
  );
  if (!request.ok) return refuseUnread(request);
  return decideCosign(kernel, witness, remembered, request.value);
}

/** The digit after this one in the alphabet of base64, for digits that are no boundary in it. */
const next = (digit: string): string => String.fromCharCode(digit.charCodeAt(0) + 1);

const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

interface SharedLog {
  readonly log: { readonly origin: string; readonly vkey?: string; readonly publicKeyHex?: string };
  readonly witness: string;
  readonly cases: readonly {
    readonly body: string;
    readonly status: number;
    readonly expect: readonly string[];
  }[];
}

test.skipIf(!vectors.present)("the shared cases, in their order", async () => {
  const shared = vectors.json<SharedLog[]>("tlog-witness", "cases.json");
  let seen = 0;
  for (const each of shared) {
    const { origin, vkey, publicKeyHex } = each.log;
    const parsed = vkey === undefined ? undefined : parseVkey(kernel, vkey);
    const key = parsed?.ok
      ? parsed.value
      : makeVerifierKey(kernel, origin, "ed25519", decodeHex(publicKeyHex ?? "") as Uint8Array);
    const witness = signer(each.witness, 7, "witness");
    const store = new TestTrustStore();
    for (const { body, status, expect: expected } of each.cases) {
      const logs = [{ origin, key }];
      const own = { logs, verifiers: NO_VERIFIERS };
      const answer = await cosign(kernel, store, own, utf8(body), witness, NOW);
      if (!answer.ok) throw new Error(answer.found);
      // An unknown origin is 403 in torchwood and 404 in the specification, which we follow.
      const unknown = expected.includes('body contains "unknown log"');
      expect(answer.value.status, body).toBe(unknown ? 404 : status);
      const text = bodyOf(answer.value);
      for (const condition of unknown ? [] : expected) {
        const [, verb, quoted] = /^body (contains|==) (".*")$/.exec(condition) ?? [];
        const value = JSON.parse(quoted as string) as string;
        if (verb === "==") expect(text).toBe(value);
        else expect(text).toContain(value);
        seen += 1;
      }
      if (answer.value.status === 200) {
        const checkpoint = utf8(body.slice(body.indexOf("\n\n") + 2));
        const keys = { witnesses: [witness.key], verifiers: NO_VERIFIERS };
        const cosigned = addCosignatures(kernel, checkpoint, utf8(text), keys);
        expect(cosigned).toMatchObject({ ok: true, value: { changed: true } });
      }
    }
  }
  expect(seen).toBe(9);
});

/** What an HTTP server would answer. */
function bodyOf(answer: Exclude<CosignDecision, { status: 200 }> | { status: 200; line: string }) {
  if (answer.status === 200) return answer.line;
  if (answer.status === 409) return `${answer.size}\n`;
  return `${answer.failure.expected}, ${answer.failure.found}`;
}

describe("a request", () => {
  const good = { oldSize: 5n, proof: proofOf(5, 9), checkpoint: signed[9] as Uint8Array };
  const text = new TextDecoder().decode(formatAddCheckpoint(good));

  test("is read as it was written", () => {
    const read = parseAddCheckpoint(utf8(text));
    expect(read).toMatchObject({ ok: true, value: good });
    expect(
      parseAddCheckpoint(formatAddCheckpoint({ ...good, oldSize: 0n, proof: [] })),
    ).toMatchObject({ ok: true, value: { oldSize: 0n, proof: [] } });
    const most = { ...good, oldSize: 2n ** 63n - 1n, proof: Array(63).fill(tree.leaf(0)) };
    expect(parseAddCheckpoint(formatAddCheckpoint(most))).toMatchObject({ ok: true, value: most });
  });

  const [hash] = good.proof as [Uint8Array];
  const lines = (count: number): string => `old 5\n${`${encodeBase64(hash)}\n`.repeat(count)}\n`;
  test.each([
    ["nothing", ""],
    ["no empty line", "old 5\n"],
    ["no old line", text.slice("old 5\n".length)],
    ["an empty old line", text.replace("old 5", "")],
    ["another word", text.replace("old 5", "Old 5")],
    ["two spaces", text.replace("old 5", "old  5")],
    ["no size", text.replace("old 5", "old ")],
    ["a sign", text.replace("old 5", "old +5")],
    ["a negative size", text.replace("old 5", "old -5")],
    ["a leading zero", text.replace("old 5", "old 05")],
    ["hexadecimal", text.replace("old 5", "old 0x5")],
    ["a space after the size", text.replace("old 5", "old 5 ")],
    ["a size over 2^63 - 1", text.replace("old 5", `old ${2n ** 63n}`)],
    ["carriage returns", text.replaceAll("\n", "\r\n")],
    ["a byte-order mark", `\ufeff${text}`],
    ["a short hash", text.replace(encodeBase64(hash), encodeBase64(hash.slice(1)))],
    ["a long hash", text.replace(encodeBase64(hash), encodeBase64(concatBytes(hash, hash)))],
    ["a hash in another alphabet", text.replace(encodeBase64(hash), "_".repeat(43) + "=")],
    ["a hash with a space behind it", text.replace(encodeBase64(hash), `${encodeBase64(hash)} `)],
    ["64 hashes", `${lines(64)}${new TextDecoder().decode(good.checkpoint)}`],
    ["no checkpoint", lines(1)],
    ["a checkpoint without signature", `${lines(1)}${ORIGIN}\n9\n${encodeBase64(hash)}\n`],
    ["65 signatures", text + text.slice(text.indexOf("— ")).repeat(64)],
    ["a checkpoint with a bad size", text.replace("\n9\n", "\n09\n")],
  ])("with %s is 400", async (_, bad) => {
    const store = new TestTrustStore();
    const answer = await cosign(kernel, store, setup, utf8(bad), witnesses[0]!, NOW);
    expect(answer).toMatchObject({ ok: true, value: { status: 400 } });
    expect(store.operations).toBe(0);
  });

  test("that is not UTF-8 or is too long is 400", () => {
    expect(parseAddCheckpoint(Uint8Array.of(0xff, 0x0a, 0x0a))).toMatchObject({
      code: "MALFORMED",
    });
    const long = new Uint8Array(MAX_REQUEST_BYTES + 1).fill(0x0a);
    expect(parseAddCheckpoint(long)).toMatchObject({ code: "TOO_LARGE" });
    expect(parseProofHashes(Array(64).fill(encodeBase64(hash)))).toMatchObject({
      code: "TOO_LARGE",
    });
  });

  test("with any byte changed, cut or added is read or refused, and never throws", () => {
    const bytes = utf8(text);
    for (let at = 0; at < bytes.length; at++) {
      for (const bad of [flip(bytes, at), bytes.slice(0, at), bytes.slice(at)]) {
        const read = parseAddCheckpoint(bad);
        if (!read.ok) continue;
        const decision = decideCosign(kernel, setup, head(5), read.value);
        expect(decision.status === 200, `byte ${at}`).toBe(equalBytes(bad, bytes));
      }
    }
  });

  test("that no request can say is a mistake to write", () => {
    expect(() => formatAddCheckpoint({ ...good, oldSize: -1n })).toThrow(RangeError);
    expect(() => formatAddCheckpoint({ ...good, oldSize: 2n ** 63n })).toThrow(RangeError);
    expect(() => formatAddCheckpoint({ ...good, proof: [new Uint8Array(31)] })).toThrow(TypeError);
    expect(() => formatAddCheckpoint({ ...good, proof: Array(64).fill(hash) })).toThrow(TypeError);
  });
});

describe("who signed", () => {
  const first = signed[3] as Uint8Array;
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

  test("404: another origin, also one that only begins or ends like a known one", async () => {
    for (const origin of ["log.example/two", `${ORIGIN} `, ORIGIN.slice(0, -1), `x${ORIGIN}`]) {
      const other = await signCheckpoint(origin, head(3), log);
      expect(decide(undefined, 0, [], other)).toMatchObject({
        status: 404,
        failure: { code: "ORIGIN" },
      });
    }
    expect(decide(undefined, 0, [], first, { ...setup, logs: [] }).status).toBe(404);
  });

  test("403: no signature by a key of the log", async () => {
    const stranger = signer(ORIGIN, 8, "log");
    const unsigned = { status: 403, failure: { code: "UNSIGNED" } };
    expect(decide(undefined, 0, [], await signCheckpoint(ORIGIN, head(3), stranger))).toMatchObject(
      unsigned,
    );
    // The key's name is part of the key, and so is the log that it was named for.
    const renamed = signer("log.example/two", 1, "log");
    expect(decide(undefined, 0, [], await signCheckpoint(ORIGIN, head(3), renamed))).toMatchObject(
      unsigned,
    );
    const two = {
      ...setup,
      logs: [...setup.logs, { origin: "log.example/two", key: renamed.key }],
    };
    const byTwo = await signCheckpoint(ORIGIN, head(3), renamed);
    expect(decide(undefined, 0, [], byTwo, two)).toMatchObject(unsigned);
  });

  test("403: a known key's signature that does not verify, also beside a good one", () => {
    const note = parseNote(first);
    if (!note.ok) throw new Error("not a note");
    const [good] = note.value.signatures as [(typeof note.value.signatures)[0]];
    const bad = { ...good, signature: flip(good.signature, 5) };
    for (const lines of [[bad], [good, bad], [bad, good]]) {
      const spoiled = formatNote(note.value.text, lines);
      expect(decide(undefined, 0, [], spoiled)).toMatchObject({
        status: 403,
        failure: { code: "SIGNATURE" },
      });
    }
    const changed = utf8(text(first).replace("\n3\n", "\n4\n"));
    expect(decide(undefined, 0, [], changed).status).toBe(403);
  });

  test("403: signature lines that are not in their format, under a text that is", () => {
    const whole = text(first);
    const line = whole.slice(whole.indexOf("— "));
    for (const bad of [
      whole.slice(0, whole.indexOf("— ")),
      whole.slice(0, -1),
      `${whole}\u2014 name\n`,
      `${whole}- ${line.slice(2)}`,
      // A last digit whose unused bits are set: base64, but not that of any bytes.
      whole
        .replace(/A==\n$/, "B==\n")
        .replace(/(.)=\n$/, (_, digit: string) => `${next(digit)}=\n`),
    ]) {
      expect(bad).not.toBe(whole);
      expect(decide(undefined, 0, [], utf8(bad)), bad).toMatchObject({
        status: 403,
        failure: { code: "UNSIGNED" },
      });
    }
    expect(decide(undefined, 0, [], utf8(whole.replace("\n3\n", "\n03\n"))).status).toBe(400);
  });

  test("403 comes before anything that tells what is remembered", async () => {
    const stranger = signer(ORIGIN, 8, "log");
    const unsigned = await signCheckpoint(ORIGIN, head(3), stranger);
    for (const old of [0, 2, 3, 9]) expect(decide(head(5), old, [], unsigned).status).toBe(403);
  });

  test("signatures by others are passed over, up to a full note of them", async () => {
    const note = parseNote(first);
    if (!note.ok) throw new Error("not a note");
    const [mine] = note.value.signatures as [(typeof note.value.signatures)[0]];
    const others = Array.from({ length: 63 }, (_, i) => ({ ...mine, name: `other${i}` }));
    const full = formatNote(note.value.text, [...others, mine]);
    const decision = decide(undefined, 0, [], full);
    expect(decision).toMatchObject({ status: 200, head: head(3) });
    // What is kept of it is the log's own, so that there is room for one more.
    expect(decision.status === 200 && text(decision.checkpoint)).toBe(text(first));
    const twice = formatNote(note.value.text, Array(64).fill(mine));
    const again = decide(undefined, 0, [], twice);
    expect(again.status === 200 && text(again.checkpoint)).toBe(text(first));
  });

  test("a log may have several keys; one signature is enough, and each that is there must hold", async () => {
    const newKey = signer(ORIGIN, 8, "log");
    const both = { ...setup, logs: [...setup.logs, { origin: ORIGIN, key: newKey.key }] };
    const byNew = await signCheckpoint(ORIGIN, head(3), newKey);
    expect(decide(undefined, 0, [], first, both).status).toBe(200);
    expect(decide(undefined, 0, [], byNew, both).status).toBe(200);
    const [a, b] = [parseNote(first), parseNote(byNew)];
    if (!a.ok || !b.ok) throw new Error("not a note");
    const [byOld, line] = [a.value.signatures[0]!, b.value.signatures[0]!];
    const signedTwice = formatNote(a.value.text, [line, byOld]);
    const kept = decide(undefined, 0, [], signedTwice, both);
    expect(kept.status === 200 && text(kept.checkpoint).match(/^— /gm)).toHaveLength(2);
    // A key that the set-up names twice has signed once.
    const doubled = { ...both, logs: [...both.logs, ...both.logs] };
    expect(decide(undefined, 0, [], signedTwice, doubled)).toEqual(kept);
    const bad = formatNote(a.value.text, [byOld, { ...line, signature: byOld.signature }]);
    expect(decide(undefined, 0, [], bad, both).status).toBe(403);
  });

  test("a log's key may be a cosigner's, of type 04 or 06", async () => {
    const byType04 = witnesses[0]!;
    const logs = [{ origin: ORIGIN, key: byType04.key }];
    const cosigned = await cosignCheckpoint(first, byType04, TIME);
    expect(decide(undefined, 0, [], cosigned, { logs, verifiers: NO_VERIFIERS }).status).toBe(200);

    const pq = [{ origin: ORIGIN, key: mlDsaKey }];
    const verifiers = await loadVerifiers({ logs: [mlDsaKey], witnesses: [], quorum: undefined });
    expect(decide(undefined, 0, [], mlDsaCosign(first, TIME), { logs: pq, verifiers }).status).toBe(
      200,
    );
    const spoiled = mlDsaCosign(first, TIME, true);
    expect(decide(undefined, 0, [], spoiled, { logs: pq, verifiers }).status).toBe(403);
    // A verifier that was not loaded is the caller's mistake, whatever the request holds.
    expect(() => decide(undefined, 0, [], first, { logs: pq, verifiers: NO_VERIFIERS })).toThrow(
      TypeError,
    );
  });

  test("extension lines are the log's affair", async () => {
    const note = `${text(first).split("\n\n")[0]}\nextension\n`;
    const signature = await log.sign(utf8(note));
    const extended = formatNote(note, [{ name: ORIGIN, keyId: log.key.keyId, signature }]);
    expect(parseCheckpoint(extended).ok).toBe(true);
    expect(decide(undefined, 0, [], extended).status).toBe(200);
    expect(decide(head(3), 3, [], extended).status).toBe(200);
  });
});

test("a log of more keys than a note has room for leaves room for the cosignature", async () => {
  const signers = Array.from({ length: 64 }, (_, i) => signer(ORIGIN, 100 + i, "log"));
  const notes = await Promise.all(signers.map((by) => signCheckpoint(ORIGIN, head(3), by)));
  const parsed = notes.map((note) => parseNote(note));
  const all = parsed.flatMap((note) => (note.ok ? note.value.signatures : []));
  const [one] = parsed;
  if (!one?.ok) throw new Error("not a note");
  const full = formatNote(one.value.text, all);
  const logs = signers.map(({ key }) => ({ origin: ORIGIN, key }));
  const request = formatAddCheckpoint({ oldSize: 0n, proof: [], checkpoint: full });
  const own = { logs, verifiers: NO_VERIFIERS };
  const answer = await cosign(kernel, new TestTrustStore(), own, request, witnesses[0]!, NOW);
  expect(answer).toMatchObject({ ok: true, value: { status: 200 } });
});

describe("every small tree", () => {
  /** The status that the rules give, from sizes and from whether the proof is the one of the model. */
  function statusOf(remembered: number, old: number, size: number, right: boolean): number {
    if (old > size) return 400;
    if (old !== remembered) return 409;
    return right ? 200 : 422;
  }

  test("the model's proof is cosigned, and no other", () => {
    const counts = new Map<number, number>();
    for (let remembered = 0; remembered <= MOST; remembered++) {
      for (let old = 0; old <= MOST; old++) {
        for (let size = 0; size <= MOST; size++) {
          const right = proofOf(old, size);
          const proofs = [
            right,
            [...right, tree.leaf(0)],
            ...right.map((_, i) => right.toSpliced(i, 1)),
            ...right.map((hash, i) => right.with(i, flip(hash, i % 32))),
            ...right.map((hash, i) => right.toSpliced(i, 0, hash)),
            ...(right.length > 1 ? [right.toReversed()] : []),
          ];
          for (const [i, proof] of proofs.entries()) {
            const asked = `${remembered}: old ${old}, new ${size}, proof ${i}`;
            const same = JSON.stringify(proof.map(String)) === JSON.stringify(right.map(String));
            const decision = decide(head(remembered), old, proof, signed[size] as Uint8Array);
            expect(decision.status, asked).toBe(statusOf(remembered, old, size, same));
            counts.set(decision.status, (counts.get(decision.status) ?? 0) + 1);
            if (decision.status === 409) expect(decision.size).toBe(BigInt(remembered));
            if (decision.status === 200) expect(decision.head).toEqual(head(size));
            if (decision.status === 422) expect(decision.failure.code, asked).toBe("CONSISTENCY");
          }
        }
      }
    }
    // One right answer for each pair of remembered <= new.
    expect(counts.get(200)).toBe(91);
    expect([...counts.keys()].toSorted()).toEqual([200, 400, 409, 422]);
  });

  test("nothing remembered is size 0", () => {
    for (let old = 0; old <= MOST; old++) {
      for (let size = 0; size <= MOST; size++) {
        const none = decide(undefined, old, proofOf(old, size), signed[size] as Uint8Array);
        expect(none).toEqual(decide(head(0), old, proofOf(old, size), signed[size] as Uint8Array));
        expect(none.status === 200).toBe(old === 0);
      }
    }
  });

  test("a proof of any two other sizes is not cosigned", () => {
    for (let remembered = 1; remembered <= MOST; remembered++) {
      for (let size = remembered + 1; size <= MOST; size++) {
        for (let from = 1; from <= MOST; from++) {
          for (let to = from + 1; to <= MOST; to++) {
            const proof = proofOf(from, to);
            if (String(proof) === String(proofOf(remembered, size))) continue;
            const decision = decide(
              head(remembered),
              remembered,
              proof,
              signed[size] as Uint8Array,
            );
            expect(decision.status, `${from} to ${to} for ${remembered} to ${size}`).toBe(422);
          }
        }
      }
    }
  });

  test("an empty tree with a root that is not the empty one is 422", async () => {
    const odd = await signCheckpoint(ORIGIN, { size: 0n, rootHash: tree.leaf(0) }, log);
    for (const remembered of [undefined, head(0)]) {
      expect(decide(remembered, 0, [], odd)).toMatchObject({ status: 422 });
    }
  });
});

describe("a log that shows two trees", () => {
  test("is not cosigned past the fork, whatever proof it brings", () => {
    for (let remembered = 3; remembered <= MOST; remembered++) {
      for (let size = remembered; size <= MOST; size++) {
        const proofs = [proofOf(remembered, size), proofOf(remembered, size, fork), []];
        for (const proof of proofs) {
          const decision = decide(head(remembered), remembered, proof, forked[size] as Uint8Array);
          expect(decision, `${remembered} to ${size}`).toMatchObject({ status: 422 });
        }
      }
    }
  });

  test("is convicted at an equal size, whatever proof comes along", () => {
    for (let size = 3; size <= MOST; size++) {
      for (const proof of [[], [tree.leaf(0)], proofOf(2, size)]) {
        expect(decide(head(size), size, proof, forked[size] as Uint8Array)).toMatchObject({
          status: 422,
          failure: { code: "EQUIVOCATION" },
        });
      }
    }
  });

  test("is convicted by the fork's own proof, where it begins with no claimed root", () => {
    for (let remembered = 3; remembered <= MOST; remembered++) {
      for (let size = remembered + 1; size <= MOST; size++) {
        const proof = proofOf(remembered, size, fork);
        const decision = decide(head(remembered), remembered, proof, forked[size] as Uint8Array);
        // From a power of two, the proof of RFC 9162 has the old root to start with: it accuses nobody.
        const power = (remembered & (remembered - 1)) === 0;
        expect(decision, `${remembered} to ${size}`).toMatchObject({
          failure: { code: power ? "CONSISTENCY" : "EQUIVOCATION" },
        });
      }
    }
  });

  test("is cosigned as long as the trees agree", () => {
    for (const remembered of [1, 2]) {
      for (let size = remembered + 1; size <= MOST; size++) {
        const proof = proofOf(remembered, size, fork);
        const decision = decide(head(remembered), remembered, proof, forked[size] as Uint8Array);
        expect(decision.status, `${remembered} to ${size}`).toBe(200);
      }
    }
  });
});
