/** F29: what is not there is never taken for what would hold. */
import { describe, expect, test } from "vitest";
import { attenuateAuthorization } from "../../src/authorization/issue.js";
import { checkRequest, explainRequest, rehearseRequest } from "../../src/authorization/check.js";
import type { Rehearsal } from "../../src/authorization/situation.js";
import { NOT_CHECKED } from "../../src/authorization/situation.js";
import type { TrustView } from "../../src/trust/view.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { possessionOf } from "./agreed.js";
import type { HandLink } from "./craft.js";
import { below, fileOf, party, sha256 } from "./craft.js";
import {
  admitted,
  ask,
  BANK,
  CLERK,
  decide,
  GATE,
  grant,
  handOn,
  HELPER,
  ISSUERS,
  NOW,
  otherState,
  otherViews,
  SHIP,
  situation,
  world,
} from "./world.js";

const root = grant();
const chain = [root, handOn(root)];
const request = ask({ principal: "agent:helper" });

describe("F29: an absent link", () => {
  /** Handed from one key of an issuer to another: each link is by a key that BANK lists. */
  const among = (): HandLink[] => {
    const first = grant({ principal: { id: "agent:teller", key: ISSUERS.bank.hex } });
    return [
      first,
      below(first, ISSUERS.bank, { principal: { id: "agent:helper", key: HELPER.hex } }),
    ];
  };

  test("at the start: MISSING, and KEY where who signed the next is no issuer", () => {
    const links = among();
    expect(decide(links, request, situation())).toBe("allow");
    expect(decide(links.slice(1), request, situation())).toBe("MISSING");
    expect(decide(chain.slice(1), request, situation())).toBe("KEY");
  });

  test("in the middle, at the end, and all of them", () => {
    const [first, second] = chain as [HandLink, HandLink];
    const intern = party("intern");
    const third = below(second, HELPER, { principal: { id: "agent:intern", key: intern.hex } });
    const asked = ask({ principal: "agent:intern" });
    expect(decide([first, second, third], asked, situation())).toBe("allow");
    expect(decide([first, third], asked, situation())).toBe("KEY");
    expect(decide([first, second], asked, situation())).toBe("HOLDER");
    expect(decide([], asked, situation())).toBe("MALFORMED");
  });

  test("of a chain is no ground to narrow it on", async () => {
    const terms = { principal: { id: "agent:x", key: CLERK.hex }, nonce: new Uint8Array(16) };
    const narrowed = (links: readonly HandLink[]) =>
      attenuateAuthorization(kernel, HELPER.signer, fileOf(links), terms);
    expect((await narrowed(chain)).ok).toBe(true);
    expect(await narrowed(chain.slice(1))).toMatchObject({ ok: false, code: "MISSING" });
  });
});

describe("F29: an absent trust state", () => {
  const without = (domain: string, change: (view: TrustView) => TrustView | undefined) =>
    otherViews(world.domains, { [domain]: change });
  const none = (view: TrustView): TrustView => ({ ...view, state: undefined });
  const known = must(admitted(chain));
  const later = (domains: Rehearsal["domains"]): string => {
    const answer = rehearseRequest(known, request, situation({ domains }));
    return answer.ok ? "allow" : answer.code;
  };

  test("of the gate's own domain, or of the issuer's: NO_TRUST", () => {
    expect(later(world.domains)).toBe("allow");
    expect(later(without(SHIP, none))).toBe("NO_TRUST");
    expect(later(without(BANK, none))).toBe("NO_TRUST");
    expect(later(without(BANK, () => undefined))).toBe("NO_TRUST");
  });

  test("of all domains admits nothing: NO_TRUST", () => {
    const domains = { own: none(world.domains.own), peers: new Map() };
    expect(admitted(chain, domains)).toMatchObject({ ok: false, code: "NO_TRUST" });
  });

  test("that does not say when it was issued is as good as none: STALE", () => {
    const undated = (view: TrustView): TrustView => otherState(view, { issued: undefined });
    expect(later(without(SHIP, undated))).toBe("STALE");
    expect(later(without(BANK, undated))).toBe("STALE");
  });
});

test("F29: an absent measurement of what would run: MISSING", () => {
  const digest = { sha256: sha256("program") };
  const bound = grant({}, { subject: [{ digest }] });
  expect(decide([bound], ask(), situation({ artifacts: [digest] }))).toBe("allow");
  expect(decide([bound], ask(), situation({ artifacts: [] }))).toBe("MISSING");
});

describe("F29: an absent proof of possession", () => {
  const authorization = must(admitted(chain));

  test("or gate: a rehearsal says so, and names no step passed for it", () => {
    const left = (change: Partial<Rehearsal>) => {
      const where = situation(change);
      const steps = explainRequest(authorization, request, where);
      const names = steps
        .filter(({ outcome }) => outcome === "not-checked")
        .map(({ name }) => name);
      const { unchecked } = must(rehearseRequest(authorization, request, where));
      expect([...names].sort()).toEqual([...unchecked].sort());
      return unchecked;
    };
    expect(left({})).toEqual(["possession"]);
    expect(left({ gate: NOT_CHECKED })).toEqual(["gate", "possession"]);
  });

  test("or gate: nothing is decided", async () => {
    const possession = await possessionOf(HELPER, authorization, request, GATE, NOW);
    const whole = { ...situation(), gate: GATE, possession };
    const { possession: _, ...proofless } = whole;
    expect(must(checkRequest(authorization, request, whole)).unchecked).toEqual([]);
    for (const partial of [proofless, situation(), { ...whole, gate: NOT_CHECKED }]) {
      expect(() => checkRequest(authorization, request, partial as never)).toThrow(TypeError);
    }
  });
});
