import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBase64 } from "../../src/bytes/base64.js";
import { encodeHex } from "../../src/bytes/hex.js";
import type { QuorumRule, Witness } from "../../src/tlog/policy.js";
import { describeQuorum, parsePolicy, quorumMet } from "../../src/tlog/policy.js";
import type { Signer } from "../../src/tlog/signer.js";
import { formatVkey, makeVerifierKey } from "../../src/tlog/vkey.js";
import { kernel } from "../kernel.js";
import { log, mlDsaKey, policy, policyText, utf8, witnesses } from "./fixture.js";

const LOG = formatVkey(log.key);
const [W2, W3, W4] = witnesses.map((witness: Signer) => formatVkey(witness.key)) as [
  string,
  string,
  string,
];

function parse(text: string) {
  return parsePolicy(kernel, utf8(text));
}

test("logs, witnesses, nested groups and the quorum are read, with URLs, comments and tabs", () => {
  const read = policy(
    [
      "# comment",
      "\t # another",
      `log ${LOG} https://log.example/`,
      `  witness\ta ${W2} https://w2.example/ `,
      `witness b ${W3}`,
      `witness c ${W4}`,
      "group ab any a b",
      "",
      "group all all ab c",
      "quorum all",
    ].join("\n"),
  );
  expect(read.logs.map((key) => key.name)).toEqual(["log.example/one"]);
  expect(read.witnesses.map((witness) => witness.name)).toEqual(["a", "b", "c"]);
  expect(describeQuorum(read.quorum)).toBe("2 of (1 of (a, b), c)");
});

test("quorum none demands no cosignature, and a policy may name no log", () => {
  expect(policy("quorum none\n")).toEqual({ logs: [], witnesses: [], quorum: undefined });
});

test("an ML-DSA-44 key may be a witness or a log", () => {
  const key = formatVkey(mlDsaKey);
  expect(policy(`witness w ${key}\nquorum w\n`).witnesses).toHaveLength(1);
  expect(policy(`log ${key}\nquorum none\n`).logs).toHaveLength(1);
});

test.each([
  ["no quorum", `log ${LOG}\n`],
  ["two quorums", "quorum none\nquorum none\n"],
  ["an unknown line", "quorum none\nfoo\n"],
  ["a quorum that is defined below", `quorum a\nwitness a ${W2}\n`],
  ["a member that is defined below", `group g any a\nwitness a ${W2}\nquorum g\n`],
  ["a group in itself", `witness a ${W2}\ngroup g any a g\nquorum g\n`],
  ["none as a member", `witness a ${W2}\ngroup g any none\nquorum g\n`],
  ["a witness named none", `witness none ${W2}\nquorum none\n`],
  ["a group named none", `witness a ${W2}\ngroup none any a\nquorum none\n`],
  ["a name twice", `witness a ${W2}\nwitness a ${W3}\nquorum a\n`],
  ["a group with a witness's name", `witness a ${W2}\ngroup a any a\nquorum a\n`],
  ["a member twice in a group", `witness a ${W2}\ngroup g 2 a a\nquorum g\n`],
  ["a member of two groups", `witness a ${W2}\ngroup g any a\ngroup h any a\nquorum g\n`],
  ["a threshold of 0", `witness a ${W2}\ngroup g 0 a\nquorum g\n`],
  ["a threshold over the members", `witness a ${W2}\ngroup g 2 a\nquorum g\n`],
  ["a threshold with a leading zero", `witness a ${W2}\ngroup g 01 a\nquorum g\n`],
  ["a threshold in hexadecimal", `witness a ${W2}\ngroup g 0x1 a\nquorum g\n`],
  ["a group without members", "group g any\nquorum g\n"],
  ["a public key twice", `witness a ${W2}\nwitness b ${W2}\nquorum a\n`],
  ["a log twice", `log ${LOG}\nlog ${LOG}\nquorum none\n`],
  ["a quorum of two names", `witness a ${W2}\nquorum a a\n`],
  ["a word too many", `log ${LOG} url more\nquorum none\n`],
  ["a carriage return", `log ${LOG}\r\nquorum none\r\n`],
  ["a DEL", "# \u007f\nquorum none\n"],
  ["a vkey that does not parse", "log a+b+c\nquorum none\n"],
])("a policy with %s is malformed", (_, text) => {
  expect(parse(text)).toMatchObject({ ok: false, code: "MALFORMED" });
});

test("one public key under two names is a duplicate", () => {
  const again = formatVkey(
    makeVerifierKey(kernel, "other", "cosignature-ed25519", (witnesses[0] as Signer).key.publicKey),
  );
  const text = `witness a ${W2}\nwitness b ${again}\nquorum a\n`;
  expect(parse(text)).toMatchObject({ ok: false, code: "MALFORMED" });
});

test("a log may not witness itself", () => {
  const self = formatVkey(
    makeVerifierKey(kernel, "self", "cosignature-ed25519", log.key.publicKey),
  );
  for (const text of [`log ${LOG}\nwitness w ${self}`, `witness w ${self}\nlog ${LOG}`]) {
    expect(parse(`${text}\nquorum w\n`)).toMatchObject({ ok: false, code: "MALFORMED" });
  }
});

test.each([0x02, 0x05])("a key of type %i in a policy is UNSUPPORTED_KEY", (type) => {
  const key = new Uint8Array(32).fill(type);
  const id = kernel.sha256(Uint8Array.from([...utf8("a\n"), type, ...key])).subarray(0, 4);
  const vkey = `a+${encodeHex(id)}+${encodeBase64(Uint8Array.from([type, ...key]))}`;
  for (const text of [`log ${vkey}\nquorum none\n`, `witness w ${vkey}\nquorum w\n`]) {
    expect(parse(text)).toMatchObject({ ok: false, code: "UNSUPPORTED_KEY" });
  }
});

test("a plain Ed25519 key cannot be a witness: it states no time", () => {
  const text = `witness w ${LOG}\nquorum w\n`;
  expect(parse(text)).toMatchObject({ ok: false, code: "UNSUPPORTED_KEY" });
});

test("names are octets: a Kelvin sign is not a K, and invalid UTF-8 is a name too", () => {
  expect(parse(`witness K ${W2}\nquorum \u212a\n`)).toMatchObject({ ok: false });
  const head = Uint8Array.from([...utf8("witness "), 0xff, ...utf8(` ${W2}\nquorum `)]);
  const named = Uint8Array.from([...head, 0xff, 0x0a]);
  expect(parsePolicy(kernel, named).ok).toBe(true);
  expect(parsePolicy(kernel, Uint8Array.from([...head, 0xfe, 0x0a])).ok).toBe(false);
});

test("a no-break space does not separate words", () => {
  expect(parse(`log\u00a0${LOG}\nquorum none\n`).ok).toBe(false);
});

test("257 names are too many", () => {
  const groups = Array.from({ length: 256 }, (_, i) => `group g${i} any ${i ? `g${i - 1}` : "w"}`);
  const text = [`witness w ${W2}`, ...groups, "quorum w", ""].join("\n");
  expect(parse(text)).toMatchObject({ ok: false, code: "TOO_LARGE" });
});

test("quorums agree with counting by hand, for every subset of three witnesses", () => {
  const rules: [string, (a: boolean, b: boolean, c: boolean) => boolean][] = [
    ["quorum w2", (a) => a],
    ["group g any w2 w3 w4; quorum g", (a, b, c) => a || b || c],
    ["group g all w2 w3 w4; quorum g", (a, b, c) => a && b && c],
    ["group g 2 w2 w3 w4; quorum g", (a, b, c) => Number(a) + Number(b) + Number(c) >= 2],
    ["group h any w2 w3; group g all h w4; quorum g", (a, b, c) => (a || b) && c],
  ];
  for (const [text, model] of rules) {
    const { quorum, witnesses: known } = policy(policyText(text));
    for (let set = 0; set < 8; set++) {
      const members = known.filter((_, i) => (set >> i) & 1);
      const expected = model(!!(set & 1), !!(set & 2), !!(set & 4));
      expect(quorumMet(quorum as QuorumRule, new Set(members)), `${text} ${set}`).toBe(expected);
    }
  }
});

test("more cosignatures never break a quorum", () => {
  const names = "abcdefgh".split("");
  const known: Witness[] = names.map((name) => ({ name, key: log.key }));
  const rule = fc.letrec<{ rule: QuorumRule }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(...known).map((witness) => ({ witness })),
      fc
        .tuple(fc.array(tie("rule"), { minLength: 1, maxLength: 4 }), fc.nat())
        .map(([members, n]) => ({ name: "g", members, threshold: 1 + (n % members.length) })),
    ),
  })).rule;
  fc.assert(
    fc.property(rule, fc.subarray(known), fc.subarray(known), (r, some, more) => {
      if (quorumMet(r, new Set(some))) expect(quorumMet(r, new Set([...some, ...more]))).toBe(true);
    }),
  );
});
