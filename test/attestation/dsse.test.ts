import { crypto as sigstore, dsse } from "@sigstore/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UnverifiedEnvelope } from "../../src/attestation/dsse.js";
import {
  formatEnvelope,
  MAX_ENVELOPE_BYTES,
  parseEnvelope,
  preAuthEncoding,
  signEnvelope,
} from "../../src/attestation/dsse.js";
import { checkEnvelope } from "../../src/attestation/verify-envelope.js";
import { kernel } from "../kernel.js";
import { ada, bob, bytes, text, TYPE } from "./keys.js";

function parsed(envelope: Uint8Array | string): UnverifiedEnvelope {
  const read = parseEnvelope(typeof envelope === "string" ? bytes(envelope) : envelope);
  if (!read.ok) throw new Error(`${read.code}: expected ${read.expected}, found ${read.found}`);
  return read.value;
}

describe("the encoding that is signed", () => {
  test.each([
    // The example of the DSSE protocol, and what its definition says of other lengths.
    ["http://example.com/HelloWorld", "hello world"],
    ["", ""],
    ["application/vnd.in-toto+json", ""],
    ["a type", "a payload  with spaces "],
  ])("of type %j and payload %j", (type, payload) => {
    const expected = `DSSEv1 ${type.length} ${type} ${payload.length} ${payload}`;
    expect(text(preAuthEncoding(type, bytes(payload)))).toBe(expected);
  });

  test("as the specification prints it", () => {
    const message = preAuthEncoding("http://example.com/HelloWorld", bytes("hello world"));
    expect(text(message)).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  test("counts bytes of UTF-8, not characters", () => {
    expect(text(preAuthEncoding("ä€😀", bytes("ü")))).toBe("DSSEv1 9 ä€😀 2 ü");
  });

  test("has no two readings: equal encodings have equal parts", () => {
    const part = fc.array(fc.constantFrom(" ", "1", "2", "a"), { maxLength: 5 });
    const both = fc.tuple(part, part).map((all) => all.map((each) => each.join("")));
    fc.assert(
      fc.property(both, both, ([type = "", payload = ""], [otherType = "", otherPayload = ""]) => {
        const same = type === otherType && payload === otherPayload;
        const message = text(preAuthEncoding(type, bytes(payload)));
        expect(message === text(preAuthEncoding(otherType, bytes(otherPayload)))).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });

  test("agrees with another implementation on ASCII types", () => {
    const type = fc.stringMatching(/^[ -~]{0,40}$/);
    fc.assert(
      fc.property(type, fc.uint8Array({ maxLength: 300 }), (type, payload) => {
        const theirs = dsse.preAuthEncoding(type, Buffer.from(payload));
        expect(preAuthEncoding(type, payload)).toEqual(new Uint8Array(theirs));
      }),
    );
  });
});

describe("reading", () => {
  test("the envelope that the specification prints, by an algorithm that is not ours", () => {
    const sig =
      "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==";
    const printed = `{"payload": "aGVsbG8gd29ybGQ=",
      "payloadType": "http://example.com/HelloWorld",
      "signatures": [{"sig": "${sig}"}]}`;
    const envelope = parsed(printed);
    expect(envelope.payloadType).toBe("http://example.com/HelloWorld");
    expect(text(envelope.payload)).toBe("hello world");
    expect(envelope.signatures).toEqual([
      { keyid: undefined, sig: new Uint8Array(Buffer.from(sig, "base64")) },
    ]);
  });

  test("either alphabet of base64, padded or not, each by itself", () => {
    const payload = Uint8Array.of(0xfb, 0xff, 0xbf, 0x3e, 0x3f);
    const forms = ["+/+/Pj8=", "+/+/Pj8", "-_-_Pj8=", "-_-_Pj8"];
    for (const form of forms) {
      for (const sig of forms) {
        const envelope = parsed(
          JSON.stringify({ payload: form, payloadType: "t", signatures: [{ sig }] }),
        );
        expect(envelope.payload).toEqual(payload);
        expect(envelope.signatures).toEqual([{ keyid: undefined, sig: payload }]);
      }
    }
  });

  test("members that the format does not know are ignored, wherever they stand", () => {
    const read = parsed(
      `{"v":2,"payload":"YQ==","payloadType":"t","signatures":[{"sig":"","cert":{"a":[1]},"keyid":"k"}],"x":null}`,
    );
    expect(read).toEqual({
      payload: bytes("a"),
      payloadType: "t",
      signatures: [{ keyid: "k", sig: new Uint8Array() }],
    });
  });

  test("an empty key id is none, and an empty payload is one", () => {
    const read = parsed(
      `{"payload":"","payloadType":"t","signatures":[{"keyid":"","sig":"AA=="}]}`,
    );
    expect(read.payload).toEqual(new Uint8Array());
    expect(read.signatures[0]?.keyid).toBeUndefined();
  });

  const whole = { payload: "YQ==", payloadType: "t", signatures: [{ keyid: "k", sig: "AA==" }] };
  const but = (change: object): string => JSON.stringify({ ...whole, ...change });
  test.each([
    ["nothing", ""],
    ["no object", "[]"],
    ["null", "null"],
    ["something behind", `${JSON.stringify(whole)}x`],
    ["a byte-order mark", `\ufeff${JSON.stringify(whole)}`],
    ["a member twice", `{"payload":"YQ==",${JSON.stringify(whole).slice(1)}`],
    ["a member of a signature twice", but({}).replace(`"keyid":"k"`, `"keyid":"k","keyid":"k"`)],
    ["no payload", but({ payload: undefined })],
    ["a payload of null", but({ payload: null })],
    ["a payload of bytes", but({ payload: [97] })],
    ["a payload with a digit too many", but({ payload: "YWJjZ" })],
    ["a payload in both alphabets", but({ payload: "+_8=" })],
    ["a payload with stray bits", but({ payload: "YR==" })],
    ["a payload with white space", but({ payload: "YQ==\n" })],
    ["no payload type", but({ payloadType: undefined })],
    ["an empty payload type", but({ payloadType: "" })],
    ["a payload type that is a number", but({ payloadType: 1 })],
    ["a lone surrogate", `{"payload":"","payloadType":"\\ud800","signatures":[{"sig":""}]}`],
    ["no signatures", but({ signatures: undefined })],
    ["none of the signatures", but({ signatures: [] })],
    ["signatures in an object", but({ signatures: { 0: whole.signatures[0] } })],
    ["a signature that is text", but({ signatures: ["AA=="] })],
    ["a signature that is null", but({ signatures: [null] })],
    ["a signature without sig", but({ signatures: [{ keyid: "k" }] })],
    ["a signature with stray bits", but({ signatures: [{ sig: "AB==" }] })],
    ["a key id of null", but({ signatures: [{ keyid: null, sig: "AA==" }] })],
    ["a key id that is a number", but({ signatures: [{ keyid: 7, sig: "AA==" }] })],
    ["a bad signature behind a good one", but({ signatures: [...whole.signatures, { sig: "!" }] })],
  ])("%s is MALFORMED", (_, envelope) => {
    expect(parseEnvelope(bytes(envelope))).toMatchObject({ ok: false, code: "MALFORMED" });
  });

  test("bytes that are no UTF-8 are MALFORMED", () => {
    const envelope = bytes(but({}));
    envelope[envelope.length - 3] = 0xff;
    expect(parseEnvelope(envelope)).toMatchObject({ code: "MALFORMED", found: "invalid UTF-8" });
  });

  test("caps: each at its limit and one above", () => {
    const signatures = (count: number) => Array.from({ length: count }, () => ({ sig: "" }));
    const limits: [string, string][] = [
      [but({ signatures: signatures(64) }), but({ signatures: signatures(65) })],
      [but({ payloadType: "t".repeat(1024) }), but({ payloadType: "t".repeat(1025) })],
      [
        but({ signatures: [{ keyid: "k".repeat(1024), sig: "" }] }),
        but({ signatures: [{ keyid: "k".repeat(1025), sig: "" }] }),
      ],
    ];
    for (const [at, above] of limits) {
      expect(parseEnvelope(bytes(at)).ok).toBe(true);
      expect(parseEnvelope(bytes(above))).toMatchObject({ ok: false, code: "TOO_LARGE" });
    }
    const padded = (length: number) => bytes(but({}).padEnd(length));
    expect(parseEnvelope(padded(MAX_ENVELOPE_BYTES)).ok).toBe(true);
    expect(parseEnvelope(padded(MAX_ENVELOPE_BYTES + 1))).toMatchObject({ code: "TOO_LARGE" });
    expect(parseEnvelope(padded(200), 200).ok).toBe(true);
    expect(parseEnvelope(padded(201), 200)).toMatchObject({ code: "TOO_LARGE", found: "201" });
  });

  test("never throws, whatever the bytes", () => {
    const near = fc.constantFrom(...'{}[]":,payloadTypsgntuerki0+-_=\\ \u0000é');
    const soup = fc.array(near, { maxLength: 60 }).map((all) => bytes(all.join("")));
    fc.assert(
      fc.property(fc.oneof(soup, fc.uint8Array({ maxLength: 60 })), (of) => {
        expect(typeof parseEnvelope(of).ok).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(parseEnvelope(bytes(json)).ok).toBe(false);
      }),
    );
  });
});

describe("writing", () => {
  test("canonical JSON and padded base64, and what is read back is what was written", () => {
    const signature = fc.record({
      keyid: fc.option(fc.string({ minLength: 1, unit: "grapheme", maxLength: 20 }), {
        nil: undefined,
      }),
      sig: fc.uint8Array({ maxLength: 80 }),
    });
    const envelope = fc.record({
      payloadType: fc.string({ minLength: 1, unit: "grapheme", maxLength: 20 }),
      payload: fc.uint8Array({ maxLength: 200 }),
      signatures: fc.array(signature, { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(envelope, (each) => {
        const written = formatEnvelope(each);
        expect(parsed(written)).toEqual(each);
        const json = JSON.parse(text(written)) as { payload: string };
        expect(JSON.stringify(json)).toBe(text(written));
        expect(json.payload).toBe(Buffer.from(each.payload).toString("base64"));
      }),
    );
  });

  test("member by member, in the order of RFC 8785", () => {
    const sig = new Uint8Array(2);
    const envelope = { payloadType: "t", payload: bytes("a"), signatures: [{ keyid: "k", sig }] };
    expect(text(formatEnvelope(envelope))).toBe(
      `{"payload":"YQ==","payloadType":"t","signatures":[{"keyid":"k","sig":"AAA="}]}`,
    );
  });

  test("what would not be read is not written", () => {
    const good = {
      payloadType: "t",
      payload: bytes("a"),
      signatures: [{ keyid: "k", sig: bytes("s") }],
    };
    const bad: Partial<UnverifiedEnvelope>[] = [
      { payloadType: "" },
      { payloadType: "t".repeat(1025) },
      { payloadType: "\ud800" },
      { signatures: [] },
      { signatures: Array.from({ length: 65 }, () => ({ keyid: undefined, sig: bytes("s") })) },
      { signatures: [{ keyid: "k".repeat(1025), sig: bytes("s") }] },
      { payload: new Uint8Array(MAX_ENVELOPE_BYTES) },
    ];
    for (const change of bad)
      expect(() => formatEnvelope({ ...good, ...change })).toThrow(TypeError);
  });

  test("each distinct key signs once, and its key id is the key", async () => {
    const envelope = parsed(await signEnvelope(TYPE, bytes("a"), [ada, bob, { ...ada }]));
    expect(envelope.signatures.map(({ keyid }) => keyid)).toEqual([ada.keyid, bob.keyid]);
    expect(envelope).toMatchObject({ payloadType: TYPE, payload: bytes("a") });
  });

  test("a signer may be an object with a state of its own", async () => {
    class Counting {
      signed = 0;
      readonly publicKey = ada.publicKey;
      async sign(message: Uint8Array): Promise<Uint8Array> {
        this.signed += 1;
        return await ada.sign(message);
      }
    }
    const signer = new Counting();
    const envelope = parsed(await signEnvelope(TYPE, bytes("a"), [signer]));
    expect(signer.signed).toBe(1);
    const claim = { envelope, payloadType: TYPE, keys: [ada.publicKey], threshold: 1 };
    expect(checkEnvelope(kernel, claim).ok).toBe(true);
  });

  test("no signer, or one whose signature has another length, is misuse", async () => {
    await expect(signEnvelope(TYPE, bytes("a"), [])).rejects.toThrow(TypeError);
    const short = { publicKey: ada.publicKey, sign: async () => new Uint8Array(63) };
    await expect(signEnvelope(TYPE, bytes("a"), [short])).rejects.toThrow(/63 bytes/);
  });
});

describe("between this and @sigstore/core", () => {
  const type = "application/vnd.in-toto+json";
  const payload = bytes(`{"_type":"https://in-toto.io/Statement/v1","n":"${"é?~".repeat(40)}"}`);

  test("an envelope of ours verifies there", async () => {
    const written = await signEnvelope(type, payload, [ada, bob]);
    const envelope = JSON.parse(text(written)) as {
      payload: string;
      payloadType: string;
      signatures: { sig: string; keyid: string }[];
    };
    const body = Buffer.from(envelope.payload, "base64");
    const message = dsse.preAuthEncoding(envelope.payloadType, body);
    for (const [i, { spki }] of [ada, bob].entries()) {
      const sig = Buffer.from(envelope.signatures[i]?.sig ?? "", "base64");
      const key = sigstore.createPublicKey(spki);
      expect(sigstore.verify(message, key, sig)).toBe(true);
      const changed = Buffer.from(message);
      changed[40]! ^= 1;
      expect(sigstore.verify(changed, key, sig)).toBe(false);
    }
  });

  test.each(["base64", "base64url"] as const)(
    "one of theirs verifies here, in %s",
    async (encoding) => {
      const message = dsse.preAuthEncoding(type, Buffer.from(payload));
      const sig = Buffer.from(await ada.sign(message));
      // Theirs must hold the characters that set the alphabets apart, or this shows nothing.
      expect(Buffer.from(payload).toString("base64")).toMatch(/[+/]/);
      const envelope = parsed(
        JSON.stringify({
          payloadType: type,
          payload: Buffer.from(payload).toString(encoding),
          signatures: [{ sig: sig.toString(encoding), keyid: "" }],
        }),
      );
      const claim = { envelope, payloadType: type, keys: [ada.publicKey], threshold: 1 };
      expect(checkEnvelope(kernel, claim)).toEqual({
        ok: true,
        value: { payload, keys: [ada.publicKey] },
      });
      expect(checkEnvelope(kernel, { ...claim, keys: [bob.publicKey] })).toMatchObject({
        code: "KEY",
      });
    },
  );
});
