/**
 * F19, F29, F46, F47, F62: a gate that lies in its own log, with its own key, and is seen by the peer's
 * witness in time. Each decision comes out otherwise when it is made again.
 */
import { describe, expect, test } from "vitest";
import { formatRfc3339 } from "../../src/bytes/rfc3339.js";
import type { Entry } from "../../src/lineage/entry.js";
import { timeOf } from "../../src/lineage/entry.js";
import type { BundleReport } from "../../src/proof/report.js";
import { BANK, CLERK, GRANT, grant, ISSUERS, NOW, THIEF } from "../authorization/world.js";
import { fileOf, rootBy } from "../authorization/craft.js";
import { openSeen, prove, runOnce, see, verify } from "./fixture.js";
import { changing, editJson, remake, rewrite, takeApart } from "./remade.js";

const bench = await openSeen();
await see(bench);
await runOnce(bench, {}, 2);
const denied = await runOnce(bench, { request: { command: "/other" } });
await see(bench);
const good = takeApart((await prove(bench)).bytes);
const expires = formatRfc3339(NOW + 3_600_000, "s");

type Change = (entry: Entry, index: number) => Entry | readonly Entry[] | undefined;

async function lied(change: Change, parts = good): Promise<BundleReport> {
  return await verify(remake(await rewrite(parts, change)));
}

const checksOf = ({ checks }: BundleReport): string[] =>
  checks.flatMap(({ name, outcome, code }) =>
    outcome === "failed" || outcome === "missing" ? [`${name.split(": ").at(-1)} ${code}`] : [],
  );

test("what it rewrites without a lie is PROVEN", async () => {
  expect(checksOf(await lied((entry) => entry))).toEqual([]);
});

const later = (text: string | null, ms: number): string =>
  formatRfc3339(Date.parse(text as string) + ms, "ms");

describe("a decision that says something else", () => {
  test.each<[string, Change]>([
    [
      "allowed for longer",
      changing("decision", (e) => ({ ...e, validUntil: later(e.validUntil, 1) })),
    ],
    [
      "allowed for shorter",
      changing("decision", (e) => ({ ...e, validUntil: later(e.validUntil, -1) })),
    ],
    [
      "to be made again later",
      changing("decision", (e) => ({ ...e, recheck: (e.recheck ?? 0) + 1 })),
    ],
    [
      "on younger trust",
      changing("decision", (e) => ({ ...e, trust: e.trust.map((t) => ({ ...t, age: 0 })) })),
    ],
    [
      "on another view",
      changing("decision", (e) => ({
        ...e,
        trust: e.trust.map((t) => ({ ...t, view: "0".repeat(64) })),
      })),
    ],
    ["on less trust", changing("decision", (e) => ({ ...e, trust: e.trust.slice(0, 1) }))],
    [
      "on another state of its counters",
      changing("decision", (e) => ({ ...e, stateDigest: "0".repeat(64) })),
    ],
    ["for another command", changing("decision", (e) => ({ ...e, command: "/pay" }))],
    [
      "later, for as long",
      changing("decision", (e) => ({ ...e, validUntil: later(e.validUntil, 1000) }), 1),
    ],
  ])("%s: DECISION", async (_, change) => {
    const report = await lied(change);
    expect(report.outcome).toBe("REFUTED");
    expect(checksOf(report)).toContain("decisions DECISION");
    const check = report.checks.find(({ name }) => name.endsWith("decisions"));
    expect(check?.expected).toMatch(/^entry \d+: /);
  });
});

describe("an allow that its rules deny", () => {
  const allow = (change: Change): Change => {
    let run: string | undefined;
    return (entry, index) => {
      // What was denied is written down as allowed, with all that belongs to it.
      if (entry.kind === "admission" && entry.run === denied) {
        run = entry.run;
        const measured: Entry = {
          ...(bodyOf("measurement") as Entry & { kind: "measurement" }),
          run,
          time: entry.time,
        };
        return [change(entry, index) as Entry, measured];
      }
      if (entry.kind !== "decision" || entry.run !== denied) return entry;
      const first = bodyOf("decision") as Entry & { kind: "decision" };
      const decision: Entry = {
        ...entry,
        state: "trusted",
        outcome: "allow",
        code: null,
        rule: null,
        validUntil: later(entry.time, 18_000),
        recheck: first.recheck,
      };
      const intent: Entry = {
        ...(bodyOf("intent") as Entry & { kind: "intent" }),
        run: denied,
        time: entry.time,
      };
      return [decision, intent];
    };
  };
  const bodyOf = (kind: Entry["kind"]): Entry => {
    const all = good.logs[0]!.map(
      ({ entry }) => JSON.parse(new TextDecoder().decode(entry)) as Entry,
    );
    return all.find((entry) => entry.kind === kind) as Entry;
  };

  test("of the command: DECISION, with the code that denies", async () => {
    const report = await lied(allow((entry) => entry));
    expect(report.outcome).toBe("REFUTED");
    const check = report.checks.find(({ name }) => name.endsWith("decisions"));
    expect(check).toMatchObject({ code: "DECISION" });
    expect(check?.expected).toMatch(/SCOPE|UNTRUSTED/);
  });
});

/** The bundle of a run under another chain: what its admission says is made to fit. */
async function under(links: ReturnType<typeof grant>[]): Promise<BundleReport> {
  const chain = fileOf(links);
  const leaf = links.at(-1)!;
  const sha256 = (await import("./remade.js")).digestOf(chain);
  const parts = { ...good, files: [...good.files, chain] };
  const change = changing("admission", (entry) => ({
    ...entry,
    chain: sha256,
    authorization: leaf.id,
  }));
  return await lied(change, parts);
}

describe("a chain in the place of the one that was used", () => {
  test.each([
    ["one for another command", grant({ command: "/pay/other" })],
    ["one for other gates", grant({ audience: [BANK] })],
    ["one that has expired", grant({ expires: formatRfc3339(NOW - 1, "ms") })],
    ["one for another principal", grant({ principal: { id: "agent:thief", key: THIEF.hex } })],
    ["one that asks for less", grant({ policy: [["<=", ".amount", 1]], expires })],
    ["one by an issuer that nobody lists", rootBy(BANK, THIEF, GRANT)],
    ["one by an issuer for other commands", rootBy(BANK, ISSUERS.reader, GRANT)],
  ])("%s: REFUTED", async (_, link) => {
    const report = await under([link]);
    expect(report.outcome).toBe("REFUTED");
    expect(checksOf(report).join()).toMatch(/authorizations|decisions/);
  });

  test("F29: tampered: REFUTED; absent: missing, by name", async () => {
    const at = good.files.findIndex((file) =>
      new TextDecoder().decode(file).startsWith('{"payload"'),
    );
    const without = { ...good, files: good.files.filter((_, i) => i !== at) };
    const report = await verify(remake(without));
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
    const check = report.checks.find(({ name }) => name.endsWith("authorizations"));
    expect(check?.expected).toContain("the chain of an authorization");
    const tampered = editJson(good.files[at]!, (json) => ({
      ...json,
      signatures: json.signatures.slice(1),
    }));
    const changed = good.files.map((file, i) => (i === at ? tampered : file));
    expect((await verify(remake({ ...good, files: changed }))).outcome).not.toBe("PROVEN");
  });
});

describe("F62: the proof of possession", () => {
  test.each<[string, Change]>([
    ["of nobody", changing("decision", (e) => ({ ...e, possession: null }))],
    [
      "with another signature",
      changing("decision", (e) => ({
        ...e,
        possession: {
          ...e.possession,
          signatures: [{ keyid: CLERK.hex, sig: Buffer.alloc(64, 1).toString("base64") }],
        },
      })),
    ],
    [
      "under another key",
      changing("decision", (e) => ({
        ...e,
        possession: {
          ...e.possession,
          signatures: [{ ...e.possession!.signatures[0]!, keyid: THIEF.hex }],
        },
      })),
    ],
  ])("%s: not PROVEN, by the authorizations", async (_, change) => {
    const report = await lied(change);
    expect(report.outcome).toBe("REFUTED");
    expect(checksOf(report).join()).toMatch(/(authorizations|decisions) (HOLDER|DECISION)/);
  });

  test("that served another run serves no second: HOLDER", async () => {
    const twice = await openSeen();
    await see(twice);
    await runOnce(twice, {}, 0);
    await runOnce(twice, {}, 0);
    await see(twice);
    const parts = takeApart((await prove(twice)).bytes);
    let first: Entry | undefined;
    const report = await lied((entry) => {
      if (entry.kind !== "decision") return entry;
      first ??= entry;
      return { ...entry, possession: (first as Entry & { kind: "decision" }).possession };
    }, parts);
    expect(report).toMatchObject({ outcome: "REFUTED" });
    expect(checksOf(report).join()).toContain("authorizations HOLDER");
  });
});

describe("F46, F47: decisions that are not there", () => {
  const again = (which: number): Change => {
    let n = -1;
    return (entry) => {
      if (entry.kind !== "decision" || entry.number === 0) return entry;
      n += 1;
      if (n === which) return undefined;
      return n > which ? { ...entry, number: entry.number - 1 } : entry;
    };
  };

  test.each([0, 1])("one left out, and the others numbered anew: GAP", async (which) => {
    const long = await openSeen();
    await see(long);
    await runOnce(long, {}, 3);
    await see(long);
    const parts = takeApart((await prove(long)).bytes);
    expect(checksOf(await lied((entry) => entry, parts))).toEqual([]);
    const report = await lied(again(which), parts);
    expect(report.outcome).not.toBe("PROVEN");
    expect(checksOf(report)).toContain("continuity GAP");
  });

  test("one left out, and no more: a log that no gate has written", async () => {
    const change = again(0);
    const report = await lied((entry, i) => {
      const changed = change(entry, i);
      return changed === undefined ? undefined : entry;
    });
    expect(checksOf(report)).toContain("transitions LOG");
  });
});

describe("other lies", () => {
  test.each<[string, Change, RegExp]>([
    [
      "an intent that charges more",
      changing("intent", (e) => ({
        ...e,
        charges: [{ link: "0".repeat(64), counter: "uses", amount: 1, expires }],
      })),
      /decisions LIMIT/,
    ],
    [
      "a policy that trips later",
      changing("policy", (e) => ({
        ...e,
        trips: [{ id: "t", command: "/", of: "duration", most: 5 }],
      })),
      /trust POLICY|decisions DECISION/,
    ],
    [
      "another policy",
      changing("policy", (e) => ({ ...e, policy: "0".repeat(64) })),
      /trust POLICY/,
    ],
    [
      "a state under other versions",
      changing("trust", (e) => ({ ...e, trust: { ...e.trust!, timestamp: 1 } })),
      /trust DIGEST/,
    ],
    [
      "a state that it does not name",
      changing("trust", (e) => ({ ...e, trust: { ...e.trust!, digest: "0".repeat(64) } })),
      /trust MISSING/,
    ],
    [
      "something withdrawn that is not",
      changing("trust", (e) => ({ ...e, keys: ["0".repeat(64)] })),
      /^$|decisions DECISION/,
    ],
    [
      "limits that are wider",
      changing("start", (e) => ({ ...e, limits: { ...e.limits, maxStaleness: 99_000_000 } })),
      /^$|decisions DECISION/,
    ],
    [
      "limits that are narrower",
      changing("start", (e) => ({ ...e, limits: { ...e.limits, maxStaleness: 1 } })),
      /decisions DECISION/,
    ],
    [
      "another kernel",
      changing("measurement", (e) => ({ ...e, kernel: "0".repeat(64) })),
      /decisions DECISION/,
    ],
    ["no measurement", (e) => (e.kind === "measurement" ? undefined : e), /transitions LOG/],
    [
      "an argument that was not asked",
      changing("admission", (e) => ({ ...e, arguments: [] })),
      /authorizations NON_CANONICAL|authorizations HOLDER/,
    ],
    [
      "another argument",
      changing("admission", (e) => ({
        ...e,
        arguments: e.arguments.map((a) => ({ ...a, sha256: "0".repeat(64) })),
      })),
      /authorizations DIGEST/,
    ],
    [
      "a parent that is not there",
      changing("admission", (e) => ({
        ...e,
        parents: [{ origin: "ship.example/gate-1", index: 0, leaf: "0".repeat(64) }],
      })),
      /authorizations ORPHAN/,
    ],
    [
      "a parent elsewhere",
      changing("admission", (e) => ({
        ...e,
        parents: [{ origin: "bank.example/gate-1", index: 0, leaf: "0".repeat(64) }],
      })),
      /authorizations ORPHAN/,
    ],
    [
      "another principal",
      changing("admission", (e) => ({ ...e, principal: { ...e.principal, id: "agent:other" } })),
      /authorizations DIGEST/,
    ],
  ])("%s", async (_, change, caught) => {
    const report = await lied(change);
    expect(checksOf(report).join()).toMatch(caught);
    // Wider limits show where they decide; here the peers' are narrower than both. And what a gate says
    // that it saw withdrawn can only deny more.
    if (!caught.test("")) expect(report.outcome).not.toBe("PROVEN");
  });
});

describe("F48: times", () => {
  const shift = (ms: number): Change => {
    return (entry) => ({ ...entry, time: later(entry.time, ms) });
  };

  test.each([-3_600_000, -120_000, 120_000, 3_600_000])(
    "all entries %i ms elsewhere",
    async (ms) => {
      const report = await lied(shift(ms));
      expect(report.outcome).not.toBe("PROVEN");
      expect(checksOf(report).join()).toMatch(/times (CLOCK|UNWITNESSED_TIME)|decisions DECISION/);
    },
  );

  test("seen long after they were written: UNWITNESSED_TIME, and within what a verifier allows PROVEN", async () => {
    const late = await openSeen();
    await see(late);
    await runOnce(late, {}, 0);
    await late.clock.advance(90_000);
    await see(late);
    const { bytes } = await prove(late);
    const report = await verify(bytes);
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "UNWITNESSED_TIME" });
    expect((await verify(bytes, { witnessInterval: 120_000 })).outcome).toBe("PROVEN");
  });

  test("entries that go back in time: CHAIN", async () => {
    const report = await lied((entry, i) =>
      i === 6 ? { ...entry, time: formatRfc3339(timeOf(entry) - 1, "ms") } : entry,
    );
    expect(checksOf(report)).toContain("entries CHAIN");
  });
});
