/** Limits, quorum and isolation: what is counted, and what a run is held to. */
import { describe, expect, test } from "vitest";
import type { Loose } from "../trust/forge.js";
import { agreed, permitted } from "./agreed.js";
import { below, party } from "./craft.js";
import {
  ask,
  BANK,
  BANK_TERMS,
  CLERK,
  decide,
  GATE,
  grant,
  handOn,
  ISSUED,
  MILL,
  NOW,
  OTHER_GATE,
  otherState,
  otherViews,
  SHIP,
  situation,
  world,
} from "./world.js";

const asHelper = { principal: "agent:helper" };

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

const byArgument = (a: Loose, b: Loose): number => (a.argument < b.argument ? -1 : 1);

describe("limits", () => {
  const uses = (n: number) => ({ limits: { uses: n }, audience: [GATE] });
  const total = (most: number) => ({
    limits: { totals: [{ argument: ".amount", most }] },
    audience: [GATE],
  });

  test("each link that counts is charged by its own identity", () => {
    const parent = grant({ ...uses(3), limits: { uses: 3, totals: total(9).limits.totals } });
    const child = handOn(parent, uses(2));
    const charges = permitted([parent, child], ask(asHelper), situation()).charges;
    expect(charges).toEqual([
      { link: parent.id, counter: "uses", amount: 1, most: 3 },
      { link: parent.id, counter: { argument: ".amount" }, amount: 5, most: 9 },
      { link: child.id, counter: "uses", amount: 1, most: 2 },
    ]);
  });

  test("a total takes whole numbers that are not negative, up to its bound", () => {
    const is = (amount: Loose) => under(total(5), { arguments: { amount } });
    for (const amount of [0, 4, 5]) expect(is(amount)).toBe("allow");
    for (const amount of [6, -1, 0.5, "5", null, [5], true]) expect(is(amount)).toBe("LIMIT");
    expect(under(total(5), { arguments: {} })).toBe("LIMIT");
    expect(underChild(total(4), total(9))).toBe("LIMIT");
    expect(underChild(total(9), total(4))).toBe("LIMIT");
  });

  test("what is counted is counted at one gate", () => {
    expect(under(uses(1))).toBe("allow");
    for (const audience of [[SHIP], [GATE, OTHER_GATE], [SHIP, GATE]]) {
      expect(under({ ...uses(1), audience })).toBe("LIMIT");
      expect(under({ ...total(9), audience })).toBe("LIMIT");
      expect(under({ limits: { duration: 5 }, audience })).toBe("allow");
    }
  });

  test("a link that counts has its one gate by itself and those above it", () => {
    const one = { audience: [GATE] };
    expect(underChild(one, { ...uses(1), audience: [SHIP] })).toBe("allow");
    expect(underChild({}, uses(1))).toBe("allow");
    expect(underChild({}, { ...uses(1), audience: [SHIP] })).toBe("LIMIT");
  });

  test("a child cannot name the one gate: two children at two gates would have one use each", () => {
    const parent = grant({ ...uses(1), audience: [SHIP] });
    const [here, there] = [GATE, OTHER_GATE].map((gate) => {
      const child = handOn(parent, { audience: [gate] });
      return decide([parent, child], ask(asHelper), situation({ gate }));
    });
    expect(decide([parent], ask(), situation())).toBe("LIMIT");
    expect([here, there]).toEqual(["LIMIT", "LIMIT"]);
  });

  test("all totals of a request together are looked up in so many steps", () => {
    // `[]` visits every member of an object.
    const totals = [...Array(16).keys()].map((i) => ({ argument: `.big[][${i}]`, most: 9 }));
    const counting = { audience: [GATE], limits: { totals: totals.sort(byArgument) } };
    const holders = Array.from({ length: 7 }, (_, i) => party(`holder ${i}`));
    const chain = (length: number) => {
      const links = [grant(counting)];
      for (const [i, { hex: key }] of holders.slice(0, length - 1).entries()) {
        const above = links[i] as (typeof links)[0];
        const principal = { id: "agent:clerk", key };
        links.push(below(above, holders[i - 1] ?? CLERK, { ...counting, principal }));
      }
      return links;
    };
    const answer = (length: number, members: number): string => {
      const names = Array.from({ length: members }, (_, i) => [`k${i}`, 0] as const);
      const request = ask({ arguments: { big: Object.fromEntries(names) } });
      return decide(chain(length), request, situation());
    };
    expect(answer(8, 20)).toBe("allow");
    expect(answer(1, 2_000)).toBe("allow");
    expect(answer(8, 2_000)).toBe("LIMIT");
    expect(answer(1, 95_000)).toBe("LIMIT");
    expect(answer(8, 95_000)).toBe("LIMIT");
  });

  test("duration: the least of all links, and no reason to deny", () => {
    const [long, short] = [{ limits: { duration: 900 } }, { limits: { duration: 100 } }];
    const parent = grant(long);
    expect(permitted([parent], ask(), situation()).duration).toBe(900);
    const child = handOn(parent, short);
    expect(permitted([parent, child], ask(asHelper), situation()).duration).toBe(100);
    const above = grant(short);
    const again = handOn(above, long);
    expect(permitted([above, again], ask(asHelper), situation()).duration).toBe(100);
  });

  test("delegations: so many links below, and a child cannot raise it", () => {
    const depth = (limits: (number | undefined)[]) => {
      const holders = [CLERK, ...limits.slice(1).map((_, i) => party(`holder ${i}`))];
      const principal = (i: number) => ({
        id: "agent:clerk",
        key: (holders[i] as typeof CLERK).hex,
      });
      const limit = (n: number | undefined) =>
        n === undefined ? {} : { limits: { delegations: n } };
      const links = [grant(limit(limits[0]))];
      for (const [i, n] of limits.slice(1).entries()) {
        const above = links[i] as (typeof links)[0];
        links.push(
          below(above, holders[i] as typeof CLERK, { principal: principal(i + 1), ...limit(n) }),
        );
      }
      return agreed(links, ask(), situation());
    };
    expect(depth([0])).toBe("allow");
    expect(depth([0, undefined])).toBe("LIMIT");
    expect(depth([1, undefined])).toBe("allow");
    expect(depth([1, undefined, undefined])).toBe("LIMIT");
    expect(depth([1, 7, undefined])).toBe("LIMIT");
    expect(depth([7, 0, undefined])).toBe("LIMIT");
    expect(depth([7, ...Array.from({ length: 7 }, () => undefined)])).toBe("allow");
    expect(depth([6, ...Array.from({ length: 7 }, () => undefined)])).toBe("LIMIT");
    expect(depth(Array.from({ length: 9 }, () => undefined))).toBe("TOO_LARGE");
  });

  test("none at all is no limit's form", () => {
    expect(under({ limits: {} })).toBe("MALFORMED");
    expect(under({ limits: { uses: 0 } })).toBe("MALFORMED");
    expect(under({ limits: { uses: 1.5 } })).toBe("MALFORMED");
    expect(under({ limits: { other: 1 } })).toBe("MALFORMED");
  });
});

test("F33: quorum: so many of the named domains are fresh", () => {
  const of = (k: number, ...domains: string[]) => ({ quorum: { k, domains } });
  const old = otherViews(world.domains, {
    [MILL]: (view) => otherState(view, { issued: NOW - 25_001 }),
  });
  const atBound = otherViews(world.domains, {
    [MILL]: (view) => otherState(view, { issued: NOW - 25_000 }),
  });
  const three = [BANK, MILL, SHIP];
  expect(under(of(3, ...three))).toBe("allow");
  expect(under(of(3, ...three), {}, { domains: atBound })).toBe("allow");
  expect(under(of(3, ...three), {}, { domains: old })).toBe("QUORUM");
  expect(under(of(2, ...three), {}, { domains: old })).toBe("allow");
  expect(under(of(1, MILL), {}, { domains: old })).toBe("QUORUM");
  expect(under(of(1, "nowhere.example"))).toBe("QUORUM");
  expect(underChild(of(1, MILL), of(1, SHIP), {}, { domains: old })).toBe("QUORUM");
  expect(underChild(of(1, SHIP), of(1, MILL), {}, { domains: old })).toBe("QUORUM");
  expect(under(of(2, BANK))).toBe("MALFORMED");
  expect(under(of(2, BANK, BANK))).toBe("MALFORMED");
});

describe("F33: a quorum's end and bound", () => {
  const agedBy = (age: number) =>
    otherViews(world.domains, { [MILL]: (view) => otherState(view, { issued: NOW - age }) });
  const answer = (quorum: Loose, age: number, change: Loose = {}, later = 0): string =>
    under({ quorum, ...change }, {}, { domains: agedBy(age), now: NOW + later });
  const until = (quorum: Loose, age: number): number =>
    permitted([grant({ quorum })], ask(), situation({ domains: agedBy(age) })).validUntil;

  test("a permission ends when its quorum does", () => {
    const one = { k: 1, domains: [MILL] };
    expect(answer(one, 24_900, {}, 100)).toBe("allow");
    expect(answer(one, 24_900, {}, 101)).toBe("QUORUM");
    expect(until(one, 24_900)).toBe(NOW + 100);
  });

  test("of more domains than are needed, those count that last longest", () => {
    const [bank, mill] = [ISSUED + BANK_TERMS.maxStaleness, NOW + 100];
    expect(until({ k: 2, domains: [BANK, MILL] }, 24_900)).toBe(mill);
    expect(until({ k: 1, domains: [BANK, MILL] }, 24_900)).toBe(bank);
    expect(until({ k: 2, domains: [BANK, MILL, SHIP] }, 24_900)).toBe(bank);
  });

  test("of two quorums, the one that ends first", () => {
    const [late, early] = [
      { k: 1, domains: [SHIP] },
      { k: 1, domains: [MILL] },
    ];
    const where = situation({ domains: agedBy(24_900) });
    for (const [above, below] of [
      [late, early],
      [early, late],
    ]) {
      const parent = grant({ quorum: above });
      const child = handOn(parent, { quorum: below });
      expect(permitted([parent, child], ask(asHelper), where).validUntil).toBe(NOW + 100);
    }
  });

  test("its domains may be no older than the chain says, nor than the own domain accepts", () => {
    const one = { k: 1, domains: [MILL] };
    expect(answer(one, 9_000, { maxStaleness: 9_000 })).toBe("allow");
    expect(answer(one, 9_001, { maxStaleness: 9_000 })).toBe("QUORUM");
    expect(answer(one, 25_000, { maxStaleness: 60_000 })).toBe("allow");
    expect(answer(one, 25_001, { maxStaleness: 60_000 })).toBe("QUORUM");
  });
});

/** What a run is held to under two links that state these. */
function isolated(above: Loose, below: Loose): Loose {
  const parent = grant(above ? { isolation: above } : {});
  const child = handOn(parent, below ? { isolation: below } : {});
  return permitted([parent, child], ask(asHelper), situation()).isolation;
}

test("isolation: a host stands for all of its ports, and a port for itself", () => {
  const net = (above: string[], below: string[]) =>
    isolated({ level: "worker", net: above }, { level: "worker", net: below })?.net;
  const [host, port] = ["api.example", "api.example:443"];
  expect(net([host], [port])).toEqual([port]);
  expect(net([port], [host])).toEqual([port]);
  expect(net([port], [port])).toEqual([port]);
  expect(net([host], [host])).toEqual([host]);
  expect(net([port], ["api.example:80"])).toEqual([]);
  expect(net([host], ["pi.example:443"])).toEqual([]);
  expect(net(["[::1]"], ["[::1]:443"])).toEqual(["[::1]:443"]);
  expect(net(["[::1]"], ["[::2]:443"])).toEqual([]);
  expect(net([port], ["api.example:4433"])).toEqual([]);
  expect(net([host, "b.example:80"], [port, "b.example"])).toEqual([port, "b.example:80"]);
});

test("isolation: the strictest level, and what all sets have in common", () => {
  const of = isolated;
  expect(of(undefined, undefined)).toBeUndefined();
  const worker = { level: "worker", read: ["/data", "/etc/x"], net: [], run: ["git"] };
  expect(of(worker, undefined)).toEqual(worker);
  expect(of(undefined, worker)).toEqual(worker);
  const child = {
    level: "cooperative",
    read: ["/data/in", "/etc"],
    write: ["/tmp"],
    net: ["h.example"],
  };
  expect(of(worker, child)).toEqual({
    level: "worker",
    read: ["/data/in", "/etc/x"],
    write: ["/tmp"],
    net: [],
    run: ["git"],
  });
  expect(of({ level: "worker" }, { level: "sandbox" })).toEqual({ level: "sandbox" });
  expect(
    of({ level: "worker", read: ["/data"] }, { level: "worker", read: ["/database"] }),
  ).toEqual({
    level: "worker",
    read: [],
  });
  expect(under({ isolation: { level: "none" } })).toBe("MALFORMED");
  expect(under({ isolation: { level: "worker", read: ["data"] } })).toBe("MALFORMED");
  expect(under({ isolation: { level: "worker", exec: [] } })).toBe("MALFORMED");
});
