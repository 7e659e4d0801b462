/** F8: what goes wrong denies. Keys and signatures that no honest signer makes, faults, misuse. */
import { describe, expect, test } from "vitest";
import { admitAuthorizations } from "../../src/authorization/admit.js";
import { rehearseRequest } from "../../src/authorization/check.js";
import { checkPossession } from "../../src/authorization/possession.js";
import { NOT_CHECKED } from "../../src/authorization/situation.js";
import type { Kernel } from "../../src/kernel/kernel.js";
import { KernelFault } from "../../src/kernel/border.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import { three } from "./broken.js";
import type { Party } from "./craft.js";
import { below, fileOf, INTOTO, nonce } from "./craft.js";
import { admitted, ask, CLERK, GATE, grant, handOn, HELPER, situation, world } from "./world.js";

/** What signs under a key that has no private part: R is the identity and S is 0. */
function nobody(hex: string): Party {
  const signature = new Uint8Array(64);
  signature[0] = 1;
  const publicKey = new Uint8Array(Buffer.from(hex, "hex"));
  const signNow = (): Uint8Array => signature;
  return {
    name: "nobody",
    hex,
    publicKey,
    signNow,
    signer: { publicKey, sign: async () => signature },
  };
}

/** The order of the group. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The same signature with S + L, which verifiers that do not look take too. */
function twice(by: Party): Party {
  const signNow = (message: Uint8Array): Uint8Array => {
    const signature = by.signNow(message);
    let s = L;
    for (let i = 63; i >= 32; i--) s += BigInt(signature[i] as number) << BigInt(8 * (i - 32));
    for (let i = 32; i < 64; i++) signature[i] = Number((s >> BigInt(8 * (i - 32))) & 255n);
    return signature;
  };
  return { ...by, signNow };
}

const ones = "ff".repeat(30);
const SMALL: Readonly<Record<string, string>> = {
  identity: `01${"00".repeat(31)}`,
  "order 2": `ec${ones}7f`,
  "order 4": "00".repeat(32),
  "order 8": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "identity, not canonical": `ee${ones}7f`,
  "identity with a sign": `01${"00".repeat(30)}80`,
  "no point": `02${"00".repeat(31)}`,
};

describe("a principal with a key of small order, for which anyone could sign", () => {
  test.each(Object.entries(SMALL))("%s", (_, key) => {
    const root = grant({ principal: { id: "agent:clerk", key } });
    const child = below(root, nobody(key), { principal: { id: "agent:helper", key: HELPER.hex } });
    const chain = admitted([root, child]);
    expect(chain.ok ? "admitted" : chain.code).toBe("SIGNATURE");
    const authorization = admitted([root]);
    if (!authorization.ok) return;
    const proof = Buffer.from(
      JSON.stringify({
        payload: Buffer.from("{}").toString("base64"),
        payloadType: INTOTO,
        signatures: [
          {
            keyid: key,
            sig: Buffer.from(nobody(key).signNow(new Uint8Array())).toString("base64"),
          },
        ],
      }),
    );
    const terms = { gate: GATE, nonce: "ab".repeat(32), salt: new Uint8Array(32) };
    const time = { now: situation().now, skew: 0 };
    const proven = checkPossession(
      kernel,
      new Uint8Array(proof),
      authorization.value,
      ask(),
      terms,
      time,
    );
    expect(proven.ok).toBe(false);
  });
});

test("a signature with S + L is none, among good ones and alone", () => {
  const bad = handOn(grant(), { nonce: nonce() }, { signers: [twice(CLERK)] });
  const root = grant();
  const chains = Array.from({ length: 50 }, () => fileOf([root, handOn(root, { nonce: nonce() })]));
  const forged = fileOf([root, handOn(root, { nonce: nonce() }, { signers: [twice(CLERK)] })]);
  chains[17] = forged;
  const results = admitAuthorizations(kernel, chains, world.domains);
  expect(results.flatMap((each, i) => (each.ok ? [] : [`${i} ${each.code}`]))).toEqual([
    "17 SIGNATURE",
  ]);
  expect(admitted([root, bad]).ok).toBe(false);
});

describe("a kernel that faults", () => {
  const faulty = (change: Loose): Kernel =>
    ({
      checkEd25519Many: kernel.checkEd25519Many.bind(kernel),
      prepareKey: kernel.prepareKey.bind(kernel),
      sha256: kernel.sha256.bind(kernel),
      ...change,
    }) as never;
  const trap = (): never => {
    throw new KernelFault("unreachable");
  };
  const files = Array.from({ length: 20 }, () => fileOf(three()));

  test("admits nothing, and says so of each", () => {
    for (const change of [{ checkEd25519Many: trap }, { sha256: trap }, { prepareKey: trap }]) {
      const results = admitAuthorizations(faulty(change), files, world.domains);
      expect(results.map((each) => (each.ok ? "admitted" : each.code))).toEqual(
        files.map(() => "INTERNAL"),
      );
    }
  });

  test("in the middle of its work admits nothing", () => {
    // Each of the 60 links is hashed once.
    for (let most = 0; most < 60; most++) {
      let left = most;
      const sha256 = (bytes: Uint8Array) => (left-- > 0 ? kernel.sha256(bytes) : trap());
      const results = admitAuthorizations(faulty({ sha256 }), files, world.domains);
      expect(results.every((each) => !each.ok && each.code === "INTERNAL")).toBe(true);
    }
    expect(admitAuthorizations(faulty({}), files, world.domains).every(({ ok }) => ok)).toBe(true);
  });
});

describe("a situation that nobody means", () => {
  const value = must(admitted([grant({ maxStaleness: 9_000 })]));
  const answer = (change: Loose): string => {
    try {
      const result = rehearseRequest(value, ask(), situation(change));
      return result.ok ? "allow" : result.code;
    } catch (error) {
      return (error as Error).name;
    }
  };

  test.each<[string, Loose]>([
    ["no time", { now: NaN }],
    ["a time of another type", { now: new Date() }],
    ["an endless time", { now: Infinity }],
    ["no bound", { maxStaleness: NaN }],
    ["a bound below zero", { maxStaleness: -1 }],
    ["no gate", { gate: undefined }],
    ["no possession", { possession: undefined }],
    ["a possession of words", { possession: "checked" }],
    ["a possession without its gate", { gate: NOT_CHECKED, possession: {} }],
  ])("is misuse: %s", (_, change) => {
    expect(answer({})).toBe("allow");
    expect(answer(change)).toBe("TypeError");
  });

  test.each<[string, Loose]>([
    ["no skew", { terms: { maxLifetime: 120_000, skew: NaN } }],
    ["no life", { terms: { maxLifetime: NaN, skew: 0 } }],
    ["no terms", { terms: {} }],
    ["nothing of terms", { terms: undefined }],
    ["no domains", { domains: undefined }],
    ["no own domain", { domains: { own: undefined, peers: new Map() } }],
    ["no peers", { domains: { own: world.domains.own, peers: undefined } }],
  ])("never allows: %s", (_, change) => {
    expect(answer(change)).not.toBe("allow");
  });
});
