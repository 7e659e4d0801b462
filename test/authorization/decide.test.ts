/** Every field of an authorization: what it allows, what it denies with which code, and where exactly. */
import { describe, expect, test } from "vitest";
import { attenuateAuthorization, issueAuthorization } from "../../src/authorization/issue.js";
import type { Rehearsal } from "../../src/authorization/situation.js";
import { NOT_CHECKED } from "../../src/authorization/situation.js";
import { setBaseline } from "../../src/domain/edit.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import { agreed, permitted } from "./agreed.js";
import { plainLinks, rootBy, sha256 } from "./craft.js";
import {
  ask,
  at,
  BANK,
  BANK_TERMS,
  CLERK,
  GATE,
  GRANT,
  grant,
  handOn,
  HELPER,
  ISSUED,
  ISSUERS,
  makeWorld,
  NOW,
  OTHER_GATE,
  otherViews,
  OWN_TERMS,
  SHIP,
  situation,
  THIEF,
  world,
} from "./world.js";

const asHelper = { principal: "agent:helper" };
const bySHIP = (change: Loose = {}) => rootBy(SHIP, ISSUERS.ship, { ...GRANT, ...change });

/** The answer to the clerk under one link, or to the helper under two. */
const under = (change: Loose, request = {}, where = {}): string =>
  agreed([grant(change)], ask(request), situation(where));
const underChild = (above: Loose, change: Loose, request = {}, where = {}): string => {
  const parent = grant(above);
  return agreed(
    [parent, handOn(parent, change)],
    ask({ ...asHelper, ...request }),
    situation(where),
  );
};

test("an authorization by a listed issuer allows what it says, alone and handed on", () => {
  expect(under({})).toBe("allow");
  expect(underChild({}, {})).toBe("allow");
});

test("what the real functions make is decided on like what is made by hand", async () => {
  const { expires, ...rest } = GRANT;
  const terms = { ...rest, expires, policy: [["<=", ".amount", 10]], nonce: new Uint8Array(16) };
  const first = must(await issueAuthorization(kernel, ISSUERS.bank.signer, BANK, terms as never));
  const helper = { id: "agent:helper", key: HELPER.hex };
  const less = { principal: helper, policy: [["<=", ".amount", 5]], nonce: new Uint8Array(16) };
  const second = must(
    await attenuateAuthorization(kernel, CLERK.signer, first.chain, less as never),
  );
  const [root, leaf] = plainLinks(second.chain);
  if (!root || !leaf) throw new Error("two links");
  expect([root.id, leaf.id]).toEqual([first.link.sha256, second.link.sha256]);
  for (const [amount, alone, handed] of [
    [5, "allow", "allow"],
    [6, "allow", "SCOPE"],
    [11, "SCOPE", "SCOPE"],
  ] as const) {
    const request = { arguments: { amount } };
    expect(agreed([root], ask(request), situation())).toBe(alone);
    expect(agreed([root, leaf], ask({ ...asHelper, ...request }), situation())).toBe(handed);
  }
});

describe("issuer", () => {
  test("a key that its domain does not list", () => {
    expect(agreed([rootBy(BANK, THIEF, GRANT)], ask(), situation())).toBe("KEY");
    expect(agreed([rootBy(SHIP, ISSUERS.bank, GRANT)], ask(), situation())).toBe("KEY");
  });

  test("a key that its domain lists for another command", () => {
    const by = (command: string) => rootBy(BANK, ISSUERS.reader, { ...GRANT, command });
    const read = (command: string) => agreed([by(command)], ask({ command }), situation());
    expect(read("/read")).toBe("allow");
    expect(read("/read/all")).toBe("allow");
    for (const command of ["/pay", "/readers", "/"]) expect(read(command)).toBe("SCOPE");
  });

  test("a domain of which nothing is known", () => {
    const unknown = rootBy("nowhere.example", ISSUERS.bank, GRANT);
    expect(agreed([unknown], ask(), situation())).toBe("NO_TRUST");
  });

  test("the domain's own issuers need no peer", () => {
    expect(agreed([bySHIP({ command: "/mix" })], ask({ command: "/mix" }), situation())).toBe(
      "allow",
    );
  });

  test("a child that names another domain", () => {
    const parent = grant();
    const child = handOn(parent, { issuer: { domain: SHIP, key: CLERK.hex } });
    expect(agreed([parent, child], ask(asHelper), situation())).toBe("SCOPE");
  });
});

describe("audience", () => {
  const is = (audience: string[], gate: Rehearsal["gate"] = GATE) =>
    under({ audience }, {}, { gate });

  test("its domain or its gate, as whole names", () => {
    expect(is([SHIP])).toBe("allow");
    expect(is([GATE])).toBe("allow");
    expect(is([BANK, GATE])).toBe("allow");
    for (const other of [OTHER_GATE, BANK, `${GATE}0`, `${GATE}/sub`, "ship.examples", "ship"]) {
      expect(is([other])).toBe("AUDIENCE");
    }
    expect(is([GATE], OTHER_GATE)).toBe("AUDIENCE");
  });

  test("every link has to name it", () => {
    const both = (above: string[], child: string[]) =>
      underChild({ audience: above }, { audience: child });
    expect(both([SHIP], [GATE])).toBe("allow");
    expect(both([GATE], [SHIP])).toBe("allow");
    expect(both([GATE, OTHER_GATE], [OTHER_GATE])).toBe("AUDIENCE");
    expect(both([OTHER_GATE], [GATE])).toBe("AUDIENCE");
    expect(both([BANK], [BANK, SHIP])).toBe("AUDIENCE");
  });

  test("without a gate, one of the domain's has to be meant", () => {
    const domainOnly = (audience: string[]) => is(audience, NOT_CHECKED);
    expect(domainOnly([SHIP])).toBe("allow");
    expect(domainOnly([OTHER_GATE])).toBe("allow");
    expect(domainOnly([BANK])).toBe("AUDIENCE");
    expect(domainOnly(["ship.examples/gate"])).toBe("AUDIENCE");
    expect(permitted([grant()], ask(), situation({ gate: NOT_CHECKED })).unchecked).toContain(
      "gate",
    );
  });

  test("an empty one, and one that is no set", () => {
    expect(is([])).toBe("MALFORMED");
    expect(is([SHIP, BANK])).toBe("MALFORMED");
    expect(is([BANK, BANK])).toBe("MALFORMED");
  });
});

test("principal: the one that the last link names, and no other", () => {
  expect(under({}, { principal: "agent:clerk" })).toBe("allow");
  for (const principal of ["agent:clerk2", "agent:Clerk", "user:clerk", "agent:helper"]) {
    expect(under({}, { principal })).toBe("HOLDER");
  }
  expect(underChild({}, {}, { principal: "agent:clerk" })).toBe("HOLDER");
});

test("principal: no character of its id is one that does not show", () => {
  for (const hidden of ["\u3164", "\u2800", "\ufe0f", "\u034f", "\u{e0100}", "\u200b"]) {
    for (const id of [`agent:clerk${hidden}`, `agent:cl${hidden}erk`, `agent:${hidden}`]) {
      expect(under({ principal: { id, key: CLERK.hex } })).toBe("MALFORMED");
      expect(() => ask({ principal: id })).toThrow("MALFORMED");
    }
  }
});

test("command: segment by segment, in every link", () => {
  for (const [command, asked, answer] of [
    ["/pay", "/pay", "allow"],
    ["/pay", "/pay/transfer/now", "allow"],
    ["/pay/transfer", "/pay/transfer", "allow"],
    ["/pay/transfer", "/pay", "SCOPE"],
    ["/pay/transfer", "/pay/transfers", "SCOPE"],
    ["/pay/transfer", "/pay/refund", "SCOPE"],
  ] as const) {
    expect(under({ command }, { command: asked })).toBe(answer);
    expect(underChild({}, { command }, { command: asked })).toBe(answer);
  }
  expect(underChild({ command: "/pay/transfer" }, { command: "/pay" })).toBe("SCOPE");
  const all = [rootBy(SHIP, ISSUERS.ship, { ...GRANT, command: "/" })];
  expect(agreed(all, ask({ command: "/anything" }), situation())).toBe("allow");
  for (const command of ["pay", "/pay/", "//pay", "/Pay", "", "/pay/../read"]) {
    expect(under({ command })).toBe("MALFORMED");
  }
});

test("F13: the policy of every link holds, and an unknown operator anywhere refuses", () => {
  const most = (n: number) => ({ policy: [["<=", ".amount", n]] });
  expect(under(most(5))).toBe("allow");
  expect(under(most(4))).toBe("SCOPE");
  expect(underChild(most(5), most(9))).toBe("allow");
  expect(underChild(most(4), most(9))).toBe("SCOPE");
  expect(underChild(most(9), most(4))).toBe("SCOPE");
  expect(under(most(5), { arguments: {} })).toBe("SCOPE");
  expect(under(most(5), { arguments: { amount: "5" } })).toBe("SCOPE");
  expect(under({ policy: [["not", ["<=", ".amount", 5]]] }, { arguments: {} })).toBe("SCOPE");
  const hidden = [
    "or",
    [
      ["==", ".amount", 5],
      ["~=", ".amount", 5],
    ],
  ];
  expect(under({ policy: [hidden] })).toBe("MALFORMED");
  expect(underChild({}, { policy: [hidden] })).toBe("MALFORMED");
});

test("F13: policies see the resource under its name, and an argument cannot take its place", () => {
  const policy = [["==", ".resource.id", "42"]];
  const resource = (id: string) => ({ resource: { type: "account", id } });
  expect(under({ policy }, resource("42"))).toBe("allow");
  expect(under({ policy }, resource("43"))).toBe("SCOPE");
  expect(under({ policy })).toBe("SCOPE");
  const forged = { arguments: { resource: { type: "account", id: "42" } } };
  expect(() => ask({ ...resource("43"), ...forged })).toThrow("MALFORMED");
  expect(() => ask(forged)).toThrow("MALFORMED");
  expect(under({ policy }, { arguments: { Resource: { id: "42" } } })).toBe("SCOPE");
});

test("notBefore: at most the skew of the issuer's domain early", () => {
  const early = (ms: number) => ({ notBefore: at(NOW + ms) });
  expect(under(early(BANK_TERMS.skew))).toBe("allow");
  expect(under(early(BANK_TERMS.skew + 1))).toBe("NOT_YET");
  const own = (ms: number) => agreed([bySHIP(early(ms))], ask(), situation());
  expect(own(OWN_TERMS.skew)).toBe("allow");
  expect(own(OWN_TERMS.skew + 1)).toBe("NOT_YET");
  expect(underChild(early(BANK_TERMS.skew + 1), { notBefore: at(NOW - 9) })).toBe("NOT_YET");
  expect(underChild({}, early(BANK_TERMS.skew + 1))).toBe("NOT_YET");
});

test("expires: not at that time any more, whatever the skew, and a child cannot put it off", () => {
  const late = (ms: number) => ({ expires: at(NOW + ms) });
  expect(under(late(1))).toBe("allow");
  expect(under(late(0))).toBe("EXPIRED");
  expect(under(late(-1))).toBe("EXPIRED");
  expect(underChild(late(0), late(60_000))).toBe("EXPIRED");
  expect(underChild(late(60_000), late(0))).toBe("EXPIRED");
  expect(under({ expires: at(NOW), notBefore: at(NOW) })).toBe("MALFORMED");
  const never = { expires: at(NOW + 20), notBefore: at(NOW + 10) };
  expect(underChild(never, { ...never, expires: at(NOW + 10), notBefore: at(NOW - 5) })).toBe(
    "EXPIRED",
  );
  const permission = permitted([grant(late(500))], ask(), situation());
  expect(permission.validUntil).toBe(NOW + 499);
});

test("maxStaleness: the age up to the bound, of every link's", () => {
  const age = NOW - ISSUED;
  expect(under({ maxStaleness: age })).toBe("allow");
  expect(under({ maxStaleness: age - 1 })).toBe("STALE");
  expect(underChild({ maxStaleness: age - 1 }, { maxStaleness: 60_000 })).toBe("STALE");
  expect(underChild({ maxStaleness: 60_000 }, { maxStaleness: age - 1 })).toBe("STALE");
  const permission = permitted([grant({ maxStaleness: 1_500 })], ask(), situation());
  expect(permission.validUntil).toBe(ISSUED + 1_500);
});

test("baseline: the one in force in the gate's domain", async () => {
  const is = { baseline: { sha256: world.baseline } };
  const other = { baseline: { sha256: sha256("another") } };
  expect(under(is)).toBe("allow");
  expect(under(other)).toBe("BASELINE");
  expect(underChild(is, is)).toBe("allow");
  expect(underChild({}, other)).toBe("BASELINE");
  expect(underChild(other, is)).toBe("BASELINE");
  const without = await makeWorld(async ({ ship }) => {
    await ship.publish((draft) => setBaseline(kernel, draft, undefined));
  });
  expect(without.baseline).toBe("none");
  expect(under(is, {}, { domains: without.domains })).toBe("BASELINE");
  expect(under({}, {}, { domains: without.domains })).toBe("allow");
});

test("parents: exactly the link before", () => {
  const parent = grant();
  const another = grant();
  const child = handOn(parent);
  const helper = ask(asHelper);
  expect(agreed([parent, child], helper, situation())).toBe("allow");
  expect(agreed([another, child], helper, situation())).toBe("DIGEST");
  expect(agreed([child], helper, situation())).toBe("KEY");
  expect(under({ parents: [{ sha256: parent.id }] })).toBe("MISSING");
  expect(agreed([parent, handOn(parent, { parents: undefined })], helper, situation())).toBe(
    "DIGEST",
  );
  const ids = [{ sha256: parent.id }, { sha256: another.id }];
  expect(agreed([parent, handOn(parent, { parents: ids })], helper, situation())).toBe("MALFORMED");
  expect(under({ parents: [] })).toBe("MALFORMED");
});

test("cleanup: under containment only what every link still allows", () => {
  const contained = otherViews(world.domains, {
    [SHIP]: (view) => ({
      ...view,
      withdrawn: { ...view.withdrawn, contained: new Map([[GATE, at(NOW - 500)]]) },
    }),
  });
  const where = { domains: contained };
  const list = { cleanup: ["/pay/undo"] };
  const undo = { command: "/pay/undo/all" };
  expect(under(list, {}, where)).toBe("CONTAINED");
  expect(under({}, undo, where)).toBe("CONTAINED");
  expect(under(list, undo, where)).toBe("allow");
  expect(under(list, { command: "/pay/undone" }, where)).toBe("CONTAINED");
  expect(under(list, {}, { ...where, gate: OTHER_GATE })).toBe("allow");
  expect(underChild({}, list, undo, where)).toBe("CONTAINED");
  expect(underChild(list, list, undo, where)).toBe("allow");
  expect(underChild(list, { cleanup: ["/pay/other"] }, undo, where)).toBe("CONTAINED");
  expect(under({ cleanup: [] })).toBe("MALFORMED");
});

test("nonce: another one makes another authorization, and a short one none", () => {
  const one = grant({ nonce: "11".repeat(16) });
  const other = grant({ nonce: "12".repeat(16) });
  expect(one.id).not.toBe(other.id);
  expect(agreed([one, handOn(one)], ask(asHelper), situation())).toBe("allow");
  expect(agreed([other, handOn(one)], ask(asHelper), situation())).toBe("DIGEST");
  for (const bad of ["11".repeat(15), "11".repeat(65), "1", "AA".repeat(16), undefined]) {
    expect(under({ nonce: bad })).toBe("MALFORMED");
  }
});

test("a member that is not known is refused, in every part", () => {
  const key = ISSUERS.bank.hex;
  for (const change of [
    { note: "x" },
    { issuer: { domain: BANK, key, name: "x" } },
    { principal: { ...GRANT.principal, role: "x" } },
    { baseline: { sha256: world.baseline, sha512: "00" } },
    { quorum: { k: 1, domains: [SHIP], of: 1 } },
  ]) {
    expect(under(change)).toBe("MALFORMED");
    expect(underChild({}, change)).toBe("MALFORMED");
  }
});
