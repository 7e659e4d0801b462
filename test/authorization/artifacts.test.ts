/** F22, the side of digests: what runs is what the authorization names. */
import { describe, expect, test } from "vitest";
import { measureArtifact } from "../../src/attestation/digest.js";
import { issueAuthorization } from "../../src/authorization/issue.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import { agreed } from "./agreed.js";
import { sha256, standIn } from "./craft.js";
import {
  admitted,
  ask,
  BANK,
  CLERK,
  grant,
  GRANT,
  handOn,
  HELPER,
  ISSUERS,
  situation,
  world,
} from "./world.js";

const PROGRAM = new TextEncoder().encode("program ".repeat(1_000));
const measure = async (bytes: Uint8Array, ...algorithms: string[]) =>
  must(await measureArtifact(kernel, algorithms, [bytes]));

const named = (...digests: Loose[]) => ({ subject: digests.map((digest) => ({ digest })) });
const under = (digests: Loose[], artifacts: Loose[]): string =>
  agreed([grant({}, named(...digests))], ask(), situation({ artifacts }));
const underChild = (above: Loose[], child: Loose[], artifacts: Loose[]): string => {
  const parent = grant({}, above.length > 0 ? named(...above) : {});
  const link = handOn(parent, {}, child.length > 0 ? named(...child) : {});
  return agreed([parent, link], ask({ principal: "agent:helper" }), situation({ artifacts }));
};

const good = await measure(PROGRAM, "sha256", "sha512");
const { sha256: short, sha512: long } = good as { sha256: string; sha512: string };

test("F22: the artifact with its digest, and with one byte changed", async () => {
  expect(under([{ sha256: short }], [await measure(PROGRAM, "sha256")])).toBe("allow");
  for (const at of [0, 1, 4_000, PROGRAM.length - 1]) {
    const changed = PROGRAM.with(at, (PROGRAM[at] as number) ^ 1);
    expect(under([{ sha256: short }], [await measure(changed, "sha256")])).toBe("DIGEST");
  }
  expect(under([{ sha256: short }], [await measure(PROGRAM.subarray(1), "sha256")])).toBe("DIGEST");
});

describe("F22: each digest that is named", () => {
  test("must have been measured, and be equal", () => {
    expect(under([good], [good])).toBe("allow");
    expect(under([{ sha512: long }], [good])).toBe("allow");
    expect(under([{ sha256: short, sha512: "00".repeat(64) }], [good])).toBe("DIGEST");
    expect(["DIGEST", "UNSUPPORTED_DIGEST"]).toContain(under([good], [{ sha256: short }]));
    expect(["DIGEST", "UNSUPPORTED_DIGEST"]).toContain(under([{ unheard: "00" }], [good]));
    expect(under([{ sha256: short }], [{ sha256: short.toUpperCase() }])).toBe("DIGEST");
  });

  test("by an algorithm that is named like a member of every object", () => {
    for (const name of ["constructor", "toString", "valueOf"]) {
      expect(under([{ [name]: "00" }], [good])).not.toBe("allow");
    }
  });
});

test("nothing measured, and anything beside", () => {
  expect(under([good], [])).toBe("MISSING");
  expect(under([good], [good, good])).toBe("allow");
  expect(under([good], [good, { sha256: sha256("x"), sha512: long }])).toBe("DIGEST");
  const two = [good, { sha256: sha256("tool") }];
  expect(under(two, [good])).toBe("allow");
  expect(under(two, [good, { sha256: sha256("tool") }])).toBe("allow");
});

test("every link that names artifacts names them all", () => {
  const tool = { sha256: sha256("tool") };
  expect(underChild([good], [], [good])).toBe("allow");
  expect(underChild([], [good], [good])).toBe("allow");
  expect(underChild([good, tool], [good], [good])).toBe("allow");
  expect(underChild([good, tool], [good], [good, tool])).toBe("DIGEST");
  expect(underChild([good], [good, tool], [good, tool])).toBe("DIGEST");
  expect(underChild([good], [tool], [good])).toBe("DIGEST");
});

test("no artifact is bound by what stands for none, alone", () => {
  const instead = standIn(GRANT);
  expect(under([instead], [])).toBe("allow");
  expect(under([instead], [good])).toBe("allow");
  expect(under([instead, good], [good])).toBe("MALFORMED");
  expect(under([{ ...instead, sha512: long }], [good])).not.toBe("allow");
  const baseline = { baseline: { sha256: world.baseline } };
  expect(agreed([grant(baseline)], ask(), situation())).toBe("allow");
  const key = grant(baseline, named(instead));
  expect(agreed([key], ask(), situation())).not.toBe("allow");
});

describe("an artifact of the digest that a principal's key has", () => {
  const key = Buffer.from(CLERK.hex, "hex");
  const ofKey = { sha256: sha256(key) };

  test("is bound like any other", () => {
    expect(sha256(key)).not.toBe(CLERK.hex);
    for (const digest of [ofKey, { sha256: CLERK.hex }]) {
      expect(under([digest], [])).toBe("MISSING");
      expect(under([digest], [good])).toBe("DIGEST");
      expect(under([digest], [digest])).toBe("allow");
      expect(must(admitted([grant({}, named(digest))])).links[0]?.artifacts).toEqual([digest]);
    }
  });

  test("is never measured by the name that stands for none", async () => {
    const measured = await measureArtifact(kernel, ["writ_principal"], [key]);
    expect(measured).toMatchObject({ ok: false, code: "UNSUPPORTED_DIGEST" });
    const another = { writ_principal: HELPER.hex };
    expect(under([another], [])).toBe("MISSING");
    expect(under([another], [good])).toBe("UNSUPPORTED_DIGEST");
  });
});

test("an artifact that would stand for none is not made an authorization of", async () => {
  const make = async (change: Loose): Promise<string> => {
    const terms = { ...GRANT, policy: [], nonce: new Uint8Array(16), ...change };
    const made = await issueAuthorization(kernel, ISSUERS.bank.signer, BANK, terms);
    if (!made.ok) return made.code;
    return made.value.link.artifacts ? "bound" : "unbound";
  };
  const artifacts = (digest: Loose) => ({ artifacts: [{ digest }] });
  const baseline = { baseline: { sha256: world.baseline } };
  expect(await make({})).toBe("unbound");
  expect(await make(baseline)).toBe("unbound");
  expect(await make({ ...baseline, ...artifacts({ sha256: short }) })).toBe("bound");
  expect(await make(artifacts({ sha256: sha256(Buffer.from(CLERK.hex, "hex")) }))).toBe("bound");
  expect(await make(artifacts(standIn(GRANT)))).toBe("MALFORMED");
  expect(await make({ ...baseline, ...artifacts({ sha256: world.baseline }) })).toBe("MALFORMED");
  const both = { artifacts: [{ digest: { sha256: short } }, { digest: standIn(GRANT) }] };
  expect(await make(both)).toBe("MALFORMED");
});

test("what has to be measured is said when it is admitted", () => {
  const parent = grant({}, named(good));
  const link = handOn(parent, {}, named({ sha256: short }, { blake3: "00".repeat(32) }));
  expect(must(admitted([parent, link])).digestAlgorithms).toEqual(["blake3", "sha256", "sha512"]);
  expect(must(admitted([grant()])).digestAlgorithms).toEqual([]);
});
