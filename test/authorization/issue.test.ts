/** What may be made at all: nothing that no gate would take, and nothing wider than what is narrowed. */
import { describe, expect, test } from "vitest";
import type { NarrowerTerms } from "../../src/authorization/issue.js";
import { attenuateAuthorization, issueAuthorization } from "../../src/authorization/issue.js";
import { inspectChain } from "../../src/authorization/inspect.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import type { HandLink, Party } from "./craft.js";
import { below, fileOf, party, plainLinks, sha256 } from "./craft.js";
import { BROKEN, long, three } from "./broken.js";
import {
  admitted,
  at,
  BANK,
  CLERK,
  GATE,
  GRANT,
  grant,
  handOn,
  HELPER,
  ISSUERS,
  MILL,
  NOW,
  OTHER_GATE,
  SHIP,
  THIEF,
} from "./world.js";

const TERMS = { ...GRANT, policy: [], nonce: new Uint8Array(16) };
const helper = { id: "agent:helper", key: HELPER.hex };
const INTERN = party("intern");

async function issued(change: Loose): Promise<string> {
  const made = await issueAuthorization(kernel, ISSUERS.bank.signer, BANK, { ...TERMS, ...change });
  return made.ok ? "made" : made.code;
}

async function narrowed(
  links: readonly HandLink[],
  by: Party,
  change: Loose = {},
): Promise<string> {
  const terms: NarrowerTerms = { principal: helper, nonce: new Uint8Array(16), ...change };
  const made = await attenuateAuthorization(kernel, by.signer, fileOf(links), terms);
  if (!made.ok) return made.code;
  // Nothing that is there is rewritten, and what was made is admitted, or no gate would take it.
  const lines = plainLinks(made.value.chain);
  expect(fileOf(lines.slice(0, -1))).toEqual(fileOf(links));
  return admitted(lines).ok ? "made" : "made, and refused";
}

describe("an issuer", () => {
  test("makes what gates admit, canonical and signed once", async () => {
    const terms = { ...TERMS, policy: [["<=", ".amount", 5]], maxStaleness: 5_000 };
    const made = must(await issueAuthorization(kernel, ISSUERS.bank.signer, BANK, terms as never));
    const [link] = plainLinks(made.chain) as [HandLink];
    const { nonce: _, ...rest } = terms;
    const issuer = { domain: BANK, key: ISSUERS.bank.hex };
    expect(link.predicate).toEqual({ ...rest, issuer, nonce: "00".repeat(16) });
    expect(link.signedBy).toEqual([ISSUERS.bank.hex]);
    expect(made.link.sha256).toBe(link.id);
    expect(admitted([link]).ok).toBe(true);
  });

  test.each<[string, Loose, string]>([
    ["a short nonce", { nonce: new Uint8Array(15) }, "MALFORMED"],
    ["a command of no form", { command: "/Pay" }, "MALFORMED"],
    ["an unknown operator", { policy: [["~", ".x", 1]] }, "MALFORMED"],
    ["an unknown member", { note: 1 }, "MALFORMED"],
    ["an audience that is no set", { audience: [SHIP, BANK] }, "MALFORMED"],
    ["no time", { notBefore: GRANT.expires }, "MALFORMED"],
    ["a count at a domain", { limits: { uses: 1 } }, "LIMIT"],
    ["a path that is none", { isolation: { level: "worker", read: ["/a/../b"] } }, "MALFORMED"],
    ["a policy over the limit", { policy: [["==", ".x", "x".repeat(70_000)]] }, "TOO_LARGE"],
  ])("does not make: %s", async (_, change, code) => {
    expect(await issued(change)).toBe(code);
  });
});

describe("a holder", () => {
  const root = grant();

  test("narrows, again and again, up to eight links", async () => {
    expect(await narrowed([root], CLERK)).toBe("made");
    expect(
      await narrowed([root, handOn(root)], HELPER, {
        principal: { id: "agent:x", key: INTERN.hex },
      }),
    ).toBe("made");
    expect(await narrowed(long(7), party("long 6"))).toBe("made");
    expect(await narrowed(long(8), party("long 7"))).toBe("TOO_LARGE");
  });

  test.each<[string, Party]>([
    ["a thief", THIEF],
    ["the issuer", ISSUERS.bank],
    ["who would get it", HELPER],
  ])("alone narrows, and not %s", async (_, by) => {
    expect(await narrowed([root], by)).toBe("HOLDER");
  });

  test.each<[string, Loose, Loose, string]>([
    ["a wider command", {}, { command: "/" }, "SCOPE"],
    ["a command beside", { command: "/pay/a" }, { command: "/pay/b" }, "SCOPE"],
    ["another audience", {}, { audience: [MILL] }, "AUDIENCE"],
    ["another gate", { audience: [GATE] }, { audience: [OTHER_GATE] }, "AUDIENCE"],
    [
      "another baseline",
      { baseline: { sha256: sha256("1") } },
      { baseline: { sha256: sha256("2") } },
      "BASELINE",
    ],
    ["more links than allowed", { limits: { delegations: 0 } }, {}, "LIMIT"],
    [
      "a time after the end",
      { expires: at(NOW + 9) },
      { notBefore: at(NOW + 9), expires: at(NOW + 99) },
      "EXPIRED",
    ],
  ])("does not make: %s", async (_, above, change, code) => {
    expect(await narrowed([grant(above)], CLERK, change)).toBe(code);
  });

  test("gains nothing by leaving out, or by stating more", async () => {
    const tight = grant({ expires: at(NOW + 9), audience: [GATE], policy: [["<=", ".amount", 5]] });
    const made = must(
      await attenuateAuthorization(kernel, CLERK.signer, fileOf([tight]), {
        principal: helper,
        nonce: new Uint8Array(16),
        expires: at(NOW + 99_999),
        audience: [SHIP],
      }),
    );
    const value = must(admitted(plainLinks(made.chain)));
    expect(value.demands.expires).toBe(NOW + 9);
    expect(value.demands.audience).toEqual([GATE]);
    expect(value.links).toHaveLength(2);
  });

  test("of a chain with a broken signature makes nothing", async () => {
    for (const name of [
      "the issuer's signature flipped",
      "the middle signature flipped",
    ] as const) {
      const { links } = (BROKEN[name] as NonNullable<(typeof BROKEN)[string]>)();
      expect(await narrowed(links, INTERN)).toBe("SIGNATURE");
    }
  });

  test("of a chain that a thief has handed on makes nothing", async () => {
    const stolen = below(root, THIEF, { principal: helper });
    expect(admitted([root, stolen])).toMatchObject({ code: "KEY" });
    const third = { principal: { id: "agent:x", key: INTERN.hex } };
    expect(await narrowed([root, stolen], HELPER, third)).toBe("KEY");
  });

  test("of a chain whose first link was cut off makes nothing", async () => {
    const cut = three().slice(1);
    expect(admitted(cut)).toMatchObject({ ok: false });
    expect(await narrowed(cut, INTERN)).not.toMatch(/^made/);
  });

  test("of nine links, of none, of no chain", async () => {
    const terms: NarrowerTerms = { principal: helper, nonce: new Uint8Array(16) };
    for (const file of [new Uint8Array(), new Uint8Array(99), fileOf(long(9))]) {
      const made = await attenuateAuthorization(kernel, CLERK.signer, file, terms);
      expect(made.ok).toBe(false);
    }
  });
});

describe("an envelope of another type, though its signature holds", () => {
  const other = { payloadType: "application/json" };
  const [root, child, leaf] = three({ childMaking: other });
  const first = grant({}, other);

  test("is not signed, to who inspects it", () => {
    const signed = (links: readonly HandLink[]) =>
      must(inspectChain(kernel, fileOf(links))).map(({ signature }) => signature.ok);
    expect(signed([first])).toEqual([false]);
    expect(signed([root, child, leaf])).toEqual([true, false, true]);
  });

  test("is not narrowed, and not admitted", async () => {
    for (const [links, holder] of [
      [[first], CLERK],
      [[root, child], HELPER],
      [[root, child, leaf], INTERN],
    ] as const) {
      const codes = [await narrowed(links, holder), admitted(links)];
      expect(codes).toEqual(["MALFORMED", expect.objectContaining({ code: "MALFORMED" })]);
    }
  });
});

test("inspecting tells of every link whether the key that it names has signed it", () => {
  const [root, child, leaf] = three({ childMaking: { signers: [[THIEF, CLERK.hex]] } });
  const inspected = must(inspectChain(kernel, fileOf([root, child, leaf])));
  expect(inspected.map(({ link }) => link.sha256)).toEqual([root.id, child.id, leaf.id]);
  expect(inspected.map(({ signature }) => signature.ok)).toEqual([true, false, true]);
});
