/** What a permission says, besides that the request is allowed. */
import { describe, expect, test } from "vitest";
import { NOT_CHECKED } from "../../src/authorization/situation.js";
import type { Loose } from "../trust/forge.js";
import { permitted } from "./agreed.js";
import { rootBy } from "./craft.js";
import {
  ask,
  BANK_TERMS,
  decide,
  GATE,
  GRANT,
  grant,
  handOn,
  ISSUED,
  ISSUERS,
  MILL,
  SHIP,
  situation,
} from "./world.js";

const asHelper = { principal: "agent:helper" };

test("witnessed: demanded where any link demands it", () => {
  const of = (above: Loose, change: Loose) => {
    const parent = grant(above);
    return permitted([parent, handOn(parent, change)], ask(asHelper), situation()).witnessed;
  };
  expect(of({}, {})).toBe(false);
  expect(of({ witnessed: "intent" }, {})).toBe(true);
  expect(of({}, { witnessed: "intent" })).toBe(true);
  for (const bad of ["effect", true]) {
    expect(decide([grant({ witnessed: bad })], ask(), situation())).toBe("MALFORMED");
  }
});

test("recheck: a child can bring it forward, and never put it off", () => {
  const of = (...links: Loose[]) => {
    const [first, second] = links;
    const parent = grant(first);
    const chain = second ? [parent, handOn(parent, second)] : [parent];
    return permitted(chain, ask(second ? asHelper : {}), situation()).recheck;
  };
  expect(of({})).toBe(1_000);
  expect(of({ maxStaleness: 1_500 })).toBe(750);
  expect(of({ recheck: 5_000 })).toBe(5_000);
  expect(of({}, { recheck: 60_000 })).toBe(1_000);
  expect(of({ maxStaleness: 1_500 }, { recheck: 60_000, maxStaleness: 60_000 })).toBe(750);
  expect(of({ recheck: 300 }, { recheck: 60_000 })).toBe(300);
  expect(of({ recheck: 5_000 }, { recheck: 20 })).toBe(20);
  expect(of({ recheck: 3_000_000 })).toBeLessThanOrEqual(BANK_TERMS.maxStaleness);
});

describe("recheck: a millisecond at least", () => {
  const of = (change: Loose, where: Loose = {}) => {
    const link = rootBy(SHIP, ISSUERS.ship, { ...GRANT, ...change });
    return permitted([link], ask(), situation({ now: ISSUED, ...where })).recheck;
  };

  test("half of the least staleness, rounded up", () => {
    expect(of({ maxStaleness: 1 })).toBe(1);
    expect(of({ maxStaleness: 2 })).toBe(1);
    expect(of({ maxStaleness: 3 })).toBe(2);
    expect(of({ maxStaleness: 1, recheck: 1 })).toBe(1);
    expect(of({}, { maxStaleness: 1 })).toBe(1);
  });

  test("where the gate demands trust of this very millisecond", () => {
    expect(of({}, { maxStaleness: 0 })).toBe(1);
    expect(of({ recheck: 5 }, { maxStaleness: 0 })).toBe(1);
  });
});

test("a permission is immutable, with all that it says", () => {
  const parent = grant({ isolation: { level: "worker", read: ["/data"] } });
  const counting = { audience: [GATE], limits: { uses: 1 }, quorum: { k: 1, domains: [MILL] } };
  const links = [parent, handOn(parent, counting)];
  for (const where of [situation(), situation({ gate: NOT_CHECKED })]) {
    const permission = permitted(links, ask(asHelper), where);
    expect(permission.charges).toHaveLength(1);
    expect(permission.evidence.length).toBeGreaterThan(2);
    const open = Object.entries(permission).filter(([, value]) => !isFrozen(value));
    expect(open.map(([name]) => name)).toEqual([]);
    expect(Object.isFrozen(permission)).toBe(true);
  }
});

function isFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozen);
}
