/** F23, F62: a copied authorization is of no use, nor is a copied proof. */
import { describe, expect, test } from "vitest";
import { checkRequest, explainRequest, rehearseRequest } from "../../src/authorization/check.js";
import type { AdmittedAuthorization } from "../../src/authorization/admitted.js";
import type { Possession, PossessionTerms } from "../../src/authorization/possession.js";
import {
  isProven,
  POSSESSION_LIFETIME,
  POSSESSION_TYPE,
  provePossession,
  checkPossession,
  lookAtProofs,
} from "../../src/authorization/possession.js";
import type { AuthorizationRequest } from "../../src/authorization/request.js";
import type { SignedProofs } from "../../src/authorization/signed-proofs.js";
import { requestBytes } from "../../src/authorization/request.js";
import type { Rehearsal, Situation } from "../../src/authorization/situation.js";
import { NOT_CHECKED } from "../../src/authorization/situation.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import type { Party } from "./craft.js";
import { below, INTOTO, pae, party, sha256 } from "./craft.js";
import {
  admitted,
  ask,
  at,
  BANK,
  CLERK,
  GATE,
  GATE_KEYS,
  GRANT,
  grant,
  handOn,
  HELPER,
  ISSUERS,
  NOW,
  OTHER_GATE,
  situation,
  THIEF,
} from "./world.js";

const root = grant();
const child = handOn(root);
const leaf = must(admitted([root, child]));
const above = must(admitted([root]));
const request = ask({ principal: "agent:helper" });
const SALT = new Uint8Array(32).fill(7);
const TERMS: PossessionTerms = { gate: GATE, nonce: "ab".repeat(32), salt: SALT };
const SKEW = 1_000;

/** What a holder signs, by the words of formats.md and of no function of src/ but the request's bytes. */
const statement = (change: Loose = {}): Loose => ({
  authorization: child.id,
  gate: GATE,
  nonce: TERMS.nonce,
  request: sha256(Buffer.concat([SALT, requestBytes(request)])),
  time: at(NOW),
  ...change,
});

function signed(by: Party, json: Loose, type = POSSESSION_TYPE, label = type): Uint8Array {
  const payload = Buffer.from(JSON.stringify(json));
  const sig = Buffer.from(by.signNow(pae(type, payload))).toString("base64");
  const envelope = {
    payload: payload.toString("base64"),
    payloadType: label,
    signatures: [{ keyid: HELPER.hex, sig }],
  };
  return new Uint8Array(Buffer.from(JSON.stringify(envelope)));
}

interface Asked {
  readonly authorization?: AdmittedAuthorization;
  readonly request?: AuthorizationRequest;
  readonly terms?: Partial<PossessionTerms>;
  readonly now?: number;
}

function verify(proof: Uint8Array, asked: Asked = {}) {
  const check = (signatures?: SignedProofs) =>
    checkPossession(
      kernel,
      proof,
      asked.authorization ?? leaf,
      asked.request ?? request,
      { ...TERMS, ...asked.terms },
      { now: asked.now ?? NOW, skew: SKEW },
      signatures,
    );
  const alone = check();
  // Whether it was looked at before, and beside which others, changes no answer.
  const others = [good, signed(THIEF, statement()), signed(HELPER, {}), new Uint8Array(3), good];
  expect(check(lookAtProofs(kernel, [proof, ...others, proof]))).toEqual(alone);
  expect(check(lookAtProofs(kernel, others))).toEqual(alone);
  return alone;
}

const answer = (proof: Uint8Array, asked: Asked = {}): string => {
  const result = verify(proof, asked);
  return result.ok ? "proven" : result.code;
};

/** As a gate has it, save for what a test puts in the place of something. */
const whole = (change: Loose): Situation => situation(change) as Situation;

const good = await provePossession(kernel, HELPER.signer, child.id, request, TERMS, NOW);

test("F62: the holder's proof, as it is made here and by hand", () => {
  expect(answer(good)).toBe("proven");
  expect(answer(signed(HELPER, statement()))).toBe("proven");
  const possession = must(verify(good));
  expect(possession).toMatchObject({ gate: GATE, time: NOW, authorization: leaf, request });
  expect(possession.proof).toBe(Buffer.from(good).toString());
  const permission = must(checkRequest(leaf, request, whole({ possession })));
  expect(permission.unchecked).toEqual([]);
  // Every allow names principal, issuer and gate keys.
  expect(permission.gate).toEqual({ origin: GATE, key: GATE_KEYS[GATE]?.hex });
  const { principal, issuer, signers } = permission.authorization;
  expect(principal).toEqual({ id: "agent:helper", key: HELPER.hex });
  expect(issuer).toEqual({ domain: BANK, key: ISSUERS.bank.hex });
  expect(signers).toEqual([ISSUERS.bank.hex, CLERK.hex]);
});

test("left out, it is said so in a rehearsal, and nothing is decided", () => {
  for (const left of [{}, { gate: NOT_CHECKED }, { possession: NOT_CHECKED }]) {
    expect(() => checkRequest(leaf, request, whole(left))).toThrow(TypeError);
  }
  const permission = must(rehearseRequest(leaf, request, situation()));
  expect(permission.unchecked).toEqual(["possession"]);
  const steps = explainRequest(leaf, request, situation({ gate: NOT_CHECKED }));
  const left = steps.filter(({ outcome }) => outcome === "not-checked").map(({ name }) => name);
  expect(left.sort()).toEqual(["gate", "possession"]);
});

describe("F62: a stolen authorization", () => {
  test.each(Object.entries({ thief: THIEF, "who handed it on": CLERK, issuer: ISSUERS.bank }))(
    "is of no use to: %s",
    (_, by) => {
      expect(answer(signed(by, statement()))).toBe("HOLDER");
    },
  );

  test("nor with a proof that names the thief's own authorization", () => {
    const mine = below(root, CLERK, { principal: { id: "agent:thief", key: THIEF.hex } });
    const owned = must(admitted([root, mine]));
    const proof = signed(THIEF, statement({ authorization: mine.id }));
    expect(answer(proof)).toBe("HOLDER");
    expect(answer(proof, { authorization: owned })).toBe("proven");
  });
});

describe("F23: the replay of a proof by a third party", () => {
  const sibling = handOn(root);

  test.each<[string, Asked]>([
    ["at another gate", { terms: { gate: OTHER_GATE } }],
    ["with another nonce", { terms: { nonce: "ac".repeat(32) } }],
    ["with another salt", { terms: { salt: new Uint8Array(32) } }],
    [
      "for another authorization of the same holder",
      { authorization: must(admitted([root, sibling])) },
    ],
    ["for the authorization above", { authorization: above }],
    [
      "for other arguments",
      { request: ask({ principal: "agent:helper", arguments: { amount: 6 } }) },
    ],
    [
      "for more arguments",
      { request: ask({ principal: "agent:helper", arguments: { amount: 5, x: 1 } }) },
    ],
    ["for another command", { request: ask({ principal: "agent:helper", command: "/pay" }) }],
    ["for another principal", { request: ask() }],
    [
      "for a resource",
      { request: ask({ principal: "agent:helper", resource: { type: "a", id: "b" } }) },
    ],
  ])("%s", (_, asked) => {
    expect(answer(good, asked)).toBe("HOLDER");
  });

  test("proves nothing by the time that it says itself, and nothing for long", () => {
    expect(answer(good, { now: NOW + POSSESSION_LIFETIME })).toBe("proven");
    expect(answer(good, { now: NOW + POSSESSION_LIFETIME + 1 })).toBe("HOLDER");
    expect(answer(good, { now: NOW - SKEW })).toBe("proven");
    expect(answer(good, { now: NOW - SKEW - 1 })).toBe("HOLDER");
    expect(POSSESSION_LIFETIME).toBe(30_000);
  });
});

describe("a proof of another form", () => {
  test("signed as another kind of envelope", () => {
    expect(answer(signed(HELPER, statement(), INTOTO))).not.toBe("proven");
    expect(answer(signed(HELPER, statement(), INTOTO, POSSESSION_TYPE))).not.toBe("proven");
    expect(answer(signed(HELPER, statement(), POSSESSION_TYPE, INTOTO))).not.toBe("proven");
    expect(answer(child.line)).not.toBe("proven");
  });

  test("with members that are not known, missing or of another form", () => {
    for (const change of [
      { note: 1 },
      { time: undefined },
      { time: NOW },
      { time: "yesterday" },
      { nonce: TERMS.nonce.toUpperCase() },
      { nonce: "ab" },
      { gate: "" },
      { request: "" },
    ]) {
      expect(answer(signed(HELPER, statement(change)))).toMatch(/^(MALFORMED|HOLDER)$/);
    }
  });

  test("of no form, or of any length", () => {
    for (const text of ["", "{}", "null", "[]", "x".repeat(8192)]) {
      expect(answer(new TextEncoder().encode(text))).toBe("MALFORMED");
    }
    expect(answer(new Uint8Array(1 << 20))).toBe("TOO_LARGE");
    expect(answer(Uint8Array.of(0xff))).toBe("MALFORMED");
  });

  test("with any byte flipped proves the same or nothing", () => {
    let same = 0;
    for (const mask of [0x01, 0x20, 0x80]) {
      for (let place = 0; place < good.length; place++) {
        const result = verify(good.with(place, (good[place] as number) ^ mask));
        if (!result.ok) continue;
        same++;
        expect(result.value).toMatchObject({ gate: GATE, time: NOW });
      }
    }
    expect(same).toBeLessThan(good.length);
  });
});

describe("what checkPossession gave", () => {
  const possession = must(verify(good));
  const check = (
    authorization: AdmittedAuthorization,
    asked: AuthorizationRequest,
    where: Loose,
  ) => {
    const result = checkRequest(authorization, asked, whole({ possession, ...where }));
    return result.ok ? "allow" : result.code;
  };

  test("serves for its authorization, request and gate alone", () => {
    expect(check(leaf, request, {})).toBe("allow");
    expect(check(above, ask(), {})).toBe("HOLDER");
    const sibling = must(admitted([root, handOn(root)]));
    expect(check(sibling, request, {})).toBe("HOLDER");
    const more = ask({ principal: "agent:helper", arguments: { amount: 6 } });
    expect(check(leaf, more, {})).toBe("HOLDER");
    expect(check(leaf, request, { gate: OTHER_GATE })).toBe("HOLDER");
  });

  test("does not make up for anything else", () => {
    const outside = ask({ principal: "agent:helper", command: "/read" });
    const proof = signed(
      HELPER,
      statement({ request: sha256(Buffer.concat([SALT, requestBytes(outside)])) }),
    );
    const other = must(verify(proof, { request: outside }));
    expect(check(leaf, outside, { possession: other })).toBe("SCOPE");
    expect(check(leaf, request, { now: Date.parse(GRANT.expires) })).not.toBe("allow");
  });

  test("cannot be made by hand", () => {
    const made: Possession = { ...possession };
    expect(isProven(made)).toBe(false);
    const use =
      (each: unknown, gate: Rehearsal["gate"] = GATE) =>
      () =>
        checkRequest(leaf, request, whole({ possession: each, gate }));
    expect(use(made)).toThrow(TypeError);
    expect(use(Object.create(possession))).toThrow(TypeError);
    expect(use(undefined)).toThrow(TypeError);
    expect(use(possession, NOT_CHECKED)).toThrow(TypeError);
    expect(Object.isFrozen(possession)).toBe(true);
  });
});

describe("the signatures of a proof", () => {
  const envelope = JSON.parse(Buffer.from(good).toString());
  const [signature] = envelope.signatures;
  const having = (...signatures: Loose[]): Uint8Array =>
    new Uint8Array(Buffer.from(JSON.stringify({ ...envelope, signatures }, undefined, 1)));
  const bytes = Buffer.from(envelope.payload, "base64");
  const other = {
    keyid: THIEF.hex,
    sig: Buffer.from(THIEF.signNow(pae(POSSESSION_TYPE, bytes))).toString("base64"),
  };

  test("are one: with a second, whose ever, and with none, it proves nothing", () => {
    expect(answer(having(signature))).toBe("proven");
    for (const signatures of [
      [signature, other],
      [other, signature],
      [signature, signature],
      [signature, { ...signature, keyid: "" }],
      [],
    ]) {
      expect(answer(having(...signatures))).toBe("MALFORMED");
    }
    expect(answer(having(other))).toBe("HOLDER");
  });

  test("are kept as the one that holds, under its key, whatever the envelope said of it", () => {
    for (const keyid of [HELPER.hex, THIEF.hex, "<script>", undefined]) {
      const possession = must(verify(having({ ...signature, keyid })));
      expect(possession.proof).toBe(Buffer.from(good).toString());
    }
  });
});

test.each([0, 31, 33])("a salt of %i bytes is data, and proves nothing", (length) => {
  expect(answer(good, { terms: { salt: new Uint8Array(length) } })).toBe("MALFORMED");
});

test("a proof from the future proves nothing beyond the skew", () => {
  const ahead = (ms: number) => signed(HELPER, statement({ time: at(NOW + ms) }));
  expect(answer(ahead(SKEW))).toBe("proven");
  expect(answer(ahead(SKEW + 1))).toBe("HOLDER");
  expect(answer(ahead(3_600_000))).toBe("HOLDER");
});

test("misuse: no salt, no time", async () => {
  const short = { salt: new Uint8Array(31) };
  expect(() => verify(good, { now: NaN })).toThrow(TypeError);
  const prove = (terms: Loose) =>
    provePossession(kernel, HELPER.signer, child.id, request, { ...TERMS, ...terms }, NOW);
  await expect(prove(short)).rejects.toThrow(TypeError);
  await expect(prove({ nonce: "x" })).rejects.toThrow(TypeError);
  await expect(prove({ gate: "a gate" })).rejects.toThrow(TypeError);
});

test("two holders of one name are two", () => {
  const other = party("another helper");
  const same = below(root, CLERK, { principal: { id: "agent:helper", key: other.hex } });
  const authorization = must(admitted([root, same]));
  const proof = signed(HELPER, statement({ authorization: same.id }));
  expect(answer(proof, { authorization })).toBe("HOLDER");
  expect(answer(signed(other, statement({ authorization: same.id })), { authorization })).toBe(
    "proven",
  );
});
