import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { UnverifiedEnvelope } from "../../src/attestation/dsse.js";
import { parseEnvelope, signEnvelope } from "../../src/attestation/dsse.js";
import type { EnvelopeClaim } from "../../src/attestation/verify-envelope.js";
import { checkEnvelope, checkEnvelopes } from "../../src/attestation/verify-envelope.js";
import { kernel } from "../kernel.js";
import type { TestSigner } from "./keys.js";
import { ada, bob, bytes, cyd, dan, envelopeOf, testSigner, text, TYPE } from "./keys.js";

const payload = bytes(`{"pay":"10"}`);
const all = [ada, bob, cyd].map(({ publicKey }) => publicKey);

afterEach(() => {
  vi.restoreAllMocks();
});

function claimOf(
  envelope: UnverifiedEnvelope,
  threshold = 1,
  keys: EnvelopeClaim["keys"] = all,
): EnvelopeClaim {
  return { envelope, payloadType: TYPE, keys, threshold };
}

/** The keys that signed, or the code. */
function outcomeOf(claim: EnvelopeClaim): readonly Uint8Array[] | string {
  const result = checkEnvelope(kernel, claim);
  return result.ok ? result.value.keys : result.code;
}

describe("a threshold counts distinct keys", () => {
  test("as many as have signed, and not one more", () => {
    const envelope = envelopeOf(payload, [ada, ada.keyid], [cyd, cyd.keyid]);
    expect(checkEnvelope(kernel, claimOf(envelope, 2))).toEqual({
      ok: true,
      value: { payload, keys: [ada.publicKey, cyd.publicKey] },
    });
    expect(checkEnvelope(kernel, claimOf(envelope, 3))).toEqual({
      ok: false,
      code: "KEY",
      expected: "signatures by 3 distinct keys of 3",
      found: "2",
    });
  });

  test("a signature that stands twice counts once", () => {
    const envelope = envelopeOf(payload, [ada, ada.keyid], [ada, ada.keyid]);
    expect(outcomeOf(claimOf(envelope, 2))).toBe("KEY");
    expect(outcomeOf(claimOf(envelope, 1))).toEqual([ada.publicKey]);
  });

  test("one key under two key ids counts once", () => {
    const envelope = envelopeOf(payload, [ada, "one"], [ada, "two"], [ada, undefined]);
    expect(outcomeOf(claimOf(envelope, 2))).toBe("KEY");
    expect(outcomeOf(claimOf(envelope, 1))).toEqual([ada.publicKey]);
  });

  test("one key twice among the claim's keys counts once, prepared or not", () => {
    const envelope = envelopeOf(payload, [ada, "one"], [ada, "two"]);
    const prepared = kernel.prepareKey(ada.publicKey);
    for (const keys of [
      [ada.publicKey, ada.publicKey.slice()],
      [prepared, ada.publicKey],
      [ada.publicKey, prepared, kernel.prepareKey(ada.publicKey)],
    ]) {
      expect(outcomeOf(claimOf(envelope, 2, keys))).toBe("KEY");
      expect(outcomeOf(claimOf(envelope, 1, keys))).toEqual([ada.publicKey]);
    }
  });

  test("a signature by a key that the claim does not name counts for nothing, and harms nothing", () => {
    const envelope = envelopeOf(payload, [dan, dan.keyid], [bob, bob.keyid]);
    expect(outcomeOf(claimOf(envelope, 1))).toEqual([bob.publicKey]);
    expect(outcomeOf(claimOf(envelope, 2))).toBe("KEY");
  });

  test("a signature of another length is another algorithm's, and counts for nothing", () => {
    const { signatures, ...rest } = envelopeOf(payload, [ada, undefined], [bob, undefined]);
    const [first, second] = signatures.map(({ sig }) => sig) as [Uint8Array, Uint8Array];
    for (const sig of [new Uint8Array(), first.subarray(0, 63), bytes(`${text(first)}x`)]) {
      const envelope = {
        ...rest,
        signatures: [
          { keyid: undefined, sig },
          { keyid: "", sig: second },
        ],
      };
      expect(outcomeOf(claimOf(envelope, 1))).toEqual([bob.publicKey]);
      expect(outcomeOf(claimOf(envelope, 2))).toBe("KEY");
    }
  });

  test("more than the number of keys is never met", () => {
    expect(outcomeOf(claimOf(envelopeOf(payload, [ada, ada.keyid]), 2, [ada.publicKey]))).toBe(
      "KEY",
    );
  });

  test("a key that no signature can be by is bad data, not misuse", () => {
    const envelope = envelopeOf(payload, [ada, undefined]);
    // The neutral element, which verifies forgeries elsewhere, and bytes that are no point.
    const neutral = Uint8Array.of(1, ...new Uint8Array(31));
    const none = new Uint8Array(32).fill(0xff);
    expect(outcomeOf(claimOf(envelope, 1, [neutral, none]))).toBe("KEY");
    expect(outcomeOf(claimOf(envelope, 1, [neutral, none, ada.publicKey]))).toEqual([
      ada.publicKey,
    ]);
  });
});

describe("a key id is a hint", () => {
  test("a wrong one, an unknown one and none change nothing", () => {
    for (const keyid of [
      ada.keyid,
      bob.keyid,
      dan.keyid,
      "x",
      undefined,
      bob.keyid.toUpperCase(),
    ]) {
      const envelope = envelopeOf(payload, [bob, keyid]);
      expect(outcomeOf(claimOf(envelope))).toEqual([bob.publicKey]);
    }
  });

  test("exchanged, two signatures are by the keys that made them", () => {
    const envelope = envelopeOf(payload, [ada, bob.keyid], [bob, ada.keyid]);
    expect(outcomeOf(claimOf(envelope, 2))).toEqual([ada.publicKey, bob.publicKey]);
  });

  test("a wrong one beside a threshold that is met hides no key that signed", () => {
    const envelope = envelopeOf(payload, [ada, ada.keyid], [bob, ada.keyid]);
    expect(outcomeOf(claimOf(envelope, 1))).toEqual([ada.publicKey, bob.publicKey]);
  });

  test("whoever names a key of the claim and did not sign by any is told so", () => {
    const envelope = envelopeOf(payload, [ada, ada.keyid], [dan, bob.keyid]);
    expect(checkEnvelope(kernel, claimOf(envelope, 2))).toEqual({
      ok: false,
      code: "SIGNATURE",
      expected: `a signature by key ${bob.keyid}`,
      found: "one that does not verify",
    });
    // Where the threshold is met without it, it is noise.
    expect(outcomeOf(claimOf(envelope, 1))).toEqual([ada.publicKey]);
  });

  test("a signature of the wrong length under a key's name is one that does not verify", () => {
    const envelope = {
      ...envelopeOf(payload, [ada, ada.keyid]),
      signatures: [{ keyid: ada.keyid, sig: new Uint8Array(12) }],
    };
    expect(outcomeOf(claimOf(envelope))).toBe("SIGNATURE");
  });

  test("property: a naive model, which does not read key ids, finds the same keys", () => {
    const signers = [ada, bob, cyd, dan];
    const keyid = fc.constantFrom(...signers.map((each) => each.keyid), "x", undefined);
    const signature = fc.tuple(fc.constantFrom(...signers), keyid, fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(
        fc.array(signature, { minLength: 1, maxLength: 5 }),
        fc.subarray(signers, { minLength: 1 }),
        fc.integer({ min: 1, max: 4 }),
        (signatures, trusted, threshold) => {
          const envelope = envelopeOf(
            payload,
            ...signatures.map(([signer, keyid]) => [signer, keyid] as const),
          );
          // One in four is broken.
          envelope.signatures.forEach(({ sig }, i) => {
            if (signatures[i]?.[2] === 0) sig[7]! ^= 1;
          });
          const made = signatures.filter(([, , luck]) => luck !== 0).map(([signer]) => signer);
          const signed = trusted.filter((signer) => made.includes(signer));
          const keys = trusted.map(({ publicKey }) => publicKey);
          const result = checkEnvelope(kernel, claimOf(envelope, threshold, keys));
          expect(result.ok).toBe(signed.length >= threshold);
          if (result.ok) {
            expect(result.value.keys).toEqual(signed.map(({ publicKey }) => publicKey));
          } else {
            const names = new Set<string | undefined>(trusted.map((signer) => signer.keyid));
            const broken = signatures.some(
              ([signer, keyid, luck]) =>
                names.has(keyid) && (luck === 0 || !trusted.includes(signer)),
            );
            expect(result.code).toBe(broken ? "SIGNATURE" : "KEY");
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("what is signed is what is given", () => {
  test("another payload type is refused, whole, before any signature is looked at", () => {
    const spy = vi.spyOn(kernel, "checkEd25519Many");
    const envelope = envelopeOf(payload, [ada, ada.keyid]);
    for (const payloadType of ["", `${TYPE} `, TYPE.slice(0, -1), TYPE.toUpperCase(), "*"]) {
      expect(checkEnvelope(kernel, { ...claimOf(envelope), payloadType })).toEqual({
        ok: false,
        code: "MALFORMED",
        expected: `an envelope of payload type ${JSON.stringify(payloadType)}`,
        found: JSON.stringify(TYPE),
      });
    }
    expect(spy).not.toHaveBeenCalled();
  });

  test("a signature over a payload is none over the same bytes as another type", () => {
    const envelope = { ...envelopeOf(payload, [ada, ada.keyid]), payloadType: "other" };
    const claim = { ...claimOf(envelope), payloadType: "other" };
    expect(checkEnvelope(kernel, claim)).toMatchObject({ code: "SIGNATURE" });
  });

  test("every bit of an envelope flipped: never another payload, never another key", async () => {
    const good = await signEnvelope(TYPE, payload, [ada, bob]);
    const claims: EnvelopeClaim[] = [];
    for (let place = 0; place < good.length; place++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = good.slice();
        changed[place]! ^= 1 << bit;
        const read = parseEnvelope(changed);
        if (read.ok) claims.push(claimOf(read.value, 2));
      }
    }
    // Most that still parse have a change in a signature, the payload, the type or a key id.
    expect(claims.length).toBeGreaterThan(500);
    const verified = checkEnvelopes(kernel, claims).filter((result) => result.ok);
    for (const result of verified) {
      expect(result).toMatchObject({ value: { payload, keys: [ada.publicKey, bob.publicKey] } });
    }
    // Those are the changed key ids: hints, which nothing signs. And of nothing else.
    const ids = claims.filter(
      ({ envelope }) =>
        envelope.signatures.map(({ keyid }) => keyid).join() !== `${ada.keyid},${bob.keyid}`,
    );
    expect(verified.length).toBe(ids.length);
  });
});

describe("many at once", () => {
  const crowd = Array.from({ length: 20 }, (_, i) => testSigner(100 + i));

  test("thousands cross the border together, and the bad ones are named exactly", () => {
    const bad = new Set([0, 17, 1234, 1235, 2999]);
    const claims = Array.from({ length: 3000 }, (_, i) => {
      const signer = crowd[i % crowd.length] as TestSigner;
      const envelope = envelopeOf(bytes(`{"number":${i}}`), [signer, signer.keyid]);
      if (bad.has(i)) envelope.payload[10]! ^= 1;
      return claimOf(envelope, 1, [signer.publicKey]);
    });
    const spy = vi.spyOn(kernel, "checkEd25519Many");
    const results = checkEnvelopes(kernel, claims);
    expect(spy.mock.calls.map(([tries]) => tries.length)).toEqual([3000]);
    results.forEach((result, i) => {
      if (bad.has(i)) expect(result, `${i}`).toMatchObject({ ok: false, code: "SIGNATURE" });
      else expect(result, `${i}`).toEqual(checkEnvelope(kernel, claims[i] as EnvelopeClaim));
    });
    expect(results.filter(({ ok }) => ok).length).toBe(3000 - bad.size);
  });

  test("what key ids misled goes over a second time, and only that", () => {
    const envelopes = [
      envelopeOf(payload, [ada, ada.keyid]),
      envelopeOf(payload, [bob, ada.keyid]),
      envelopeOf(payload, [cyd, undefined]),
    ];
    const spy = vi.spyOn(kernel, "checkEd25519Many");
    const results = checkEnvelopes(
      kernel,
      envelopes.map((envelope) => claimOf(envelope)),
    );
    expect(results.map((result) => result.ok && result.value.keys)).toEqual([
      [ada.publicKey],
      [bob.publicKey],
      [cyd.publicKey],
    ]);
    // One pair each for the hints, three for the signature without one; then two for the misled one.
    expect(spy.mock.calls.map(([tries]) => tries.length)).toEqual([5, 2]);
  });

  test("each claim has its own type, keys, threshold and result", () => {
    const envelope = envelopeOf(payload, [ada, ada.keyid], [bob, undefined]);
    const claims = [
      claimOf(envelope, 2),
      claimOf(envelope, 2, [ada.publicKey, cyd.publicKey]),
      { ...claimOf(envelope), payloadType: "other" },
      claimOf(envelope, 1, [kernel.prepareKey(bob.publicKey)]),
    ];
    expect(
      checkEnvelopes(kernel, claims).map((result) => (result.ok ? result.value.keys : result.code)),
    ).toEqual([[ada.publicKey, bob.publicKey], "KEY", "MALFORMED", [bob.publicKey]]);
    expect(checkEnvelopes(kernel, [])).toEqual([]);
  });

  test("tries are capped: 64 signatures by 64 keys, and no more", () => {
    const keys = Array.from({ length: 65 }, (_, i) => testSigner(60 + i).publicKey);
    const junk = { keyid: undefined, sig: new Uint8Array(64) };
    const envelope = (signatures: number): UnverifiedEnvelope => ({
      payloadType: TYPE,
      payload,
      signatures: Array.from({ length: signatures }, () => junk),
    });
    expect(checkEnvelope(kernel, claimOf(envelope(64), 1, keys.slice(1)))).toMatchObject({
      code: "KEY",
      found: "0",
    });
    expect(checkEnvelope(kernel, claimOf(envelope(64), 1, keys))).toMatchObject({
      code: "TOO_LARGE",
      found: `${64 * 65}`,
    });
    // A key that stands twice is one.
    const twice = [...keys.slice(1), ...keys.slice(1)];
    expect(checkEnvelope(kernel, claimOf(envelope(64), 1, twice))).toMatchObject({ code: "KEY" });
  });
});

describe("misuse throws", () => {
  const envelope = envelopeOf(payload, [ada, ada.keyid]);

  test.each([0, -1, 1.5, Number.NaN, Infinity])("a threshold of %d", (threshold) => {
    expect(() => checkEnvelope(kernel, claimOf(envelope, threshold))).toThrow(RangeError);
  });

  test("no keys, or a key of another length, even under another payload type", () => {
    const other = { ...envelope, payloadType: "other" };
    for (const each of [envelope, other]) {
      expect(() => checkEnvelope(kernel, claimOf(each, 1, []))).toThrow(RangeError);
      for (const length of [0, 31, 33, 64]) {
        const keys = [ada.publicKey, new Uint8Array(length)];
        expect(() => checkEnvelope(kernel, claimOf(each, 1, keys))).toThrow(TypeError);
      }
    }
  });
});
