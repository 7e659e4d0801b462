/** What a permission says, besides that the request is allowed. */
import { describe, expect, test } from "vitest";
import type { Loose } from "../trust/forge.js";
import { permitted } from "./agreed.js";
import { rootBy } from "./craft.js";
import {
  ask,
  BANK_TERMS,
  decide,
  GRANT,
  grant,
  handOn,
  ISSUED,
  ISSUERS,
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
