/** Trust between domains over time: before there is any, while a reader is away, and when it ends. */
import { describe, expect, test } from "vitest";
import { addGate, addIssuer, addPeer, releaseGate, removePeer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { formatRfc3339 } from "../../src/bytes/rfc3339.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { openTrust } from "../../src/sync/open.js";
import { relaySource } from "../../src/sync/relay.js";
import type { Source } from "../../src/sync/source.js";
import { sync } from "../../src/sync/sync.js";
import type { Signer } from "../../src/tlog/signer.js";
import type { Peer } from "../../src/trust/contents/peers.js";
import { checkFreshQuorum } from "../../src/trust/freshness.js";
import type { TrustView } from "../../src/trust/view.js";
import { checkAccepted, checkGate, checkNotWithdrawn, checkTrusted } from "../../src/trust/view.js";
import type { TestDomain } from "../domain/fixture.js";
import { hexKey, makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { Forgery, keysOf, replaceKeys, sha256 } from "../trust/forge.js";
import { frozen, live, TERMS, TestReader } from "./fixture.js";
import { rotateRole } from "./history.js";
import { altered, demand, found, issuer, versions } from "./world.js";

const A = "a.example";
const B = "b.example";
const C = "c.example";
const GATE = "a.example/gate";

async function acceptedAs(
  domain: TestDomain,
  commands: readonly string[],
): Promise<[Peer, Uint8Array]> {
  const root = await domain.read("metadata/1.root.json");
  const pinned = { version: 1, sha256: sha256(root) };
  return [{ ...TERMS, name: domain.name, commands, root: pinned }, root];
}

/** A pins B for /pay, B pins C. */
async function peered() {
  const [a, b, c] = [await makeDomain(A), await makeDomain(B), await makeDomain(C)];
  const [peerB, rootB] = await acceptedAs(b, ["/pay"]);
  const [peerC, rootC] = await acceptedAs(c, ["/"]);
  await a.publish((draft) => addPeer(draft, peerB, rootB));
  await b.publish((draft) => addPeer(draft, peerC, rootC));
  return { a, b, c };
}

async function stateOf(domain: TestDomain) {
  const reader = await TestReader.of(domain);
  return (await reader.sync(domain.now, live(domain))).view.state!;
}

describe("F1: an allow needs the fresh trust state of the issuer's domain and of the gate's", () => {
  test("F1: without either of them, or past its bound, there is none", async () => {
    const { a, b } = await peered();
    const store = new MemoryTrustStore();
    const pins = [a, b].map(async (domain) => ({
      root: await domain.read("metadata/1.root.json"),
      terms: TERMS,
    }));
    const both = await Promise.all(pins);
    const now = a.now;
    const view = async (i: number): Promise<TrustView> =>
      must(await openTrust(kernel, store, both[i]!.root));
    for (const i of [0, 1]) {
      expect(checkTrusted(await view(i), demand(now))).toMatchObject({ code: "NO_TRUST" });
    }
    await sync(kernel, store, new Map([[A, [live(a)]]]), both, now);
    expect(checkTrusted(await view(0), demand(now)).ok).toBe(true);
    expect(checkTrusted(await view(1), demand(now))).toMatchObject({ code: "NO_TRUST" });
    await sync(kernel, store, new Map([[B, [live(b)]]]), both, now);
    for (const i of [0, 1]) {
      expect(checkTrusted(await view(i), demand(now)).ok).toBe(true);
      expect(checkTrusted(await view(i), demand(now + 60_000))).toMatchObject({ code: "STALE" });
    }
  });
});

describe("F50: no trust state, no allow", () => {
  test("F50: before the first sync NO_TRUST, also where sources show nothing that verifies", async () => {
    const a = await makeDomain(A);
    const reader = await TestReader.of(a);
    const opened = must(await openTrust(kernel, reader.store, reader.pin.root));
    expect(opened).toMatchObject({ state: undefined, failure: undefined, contradictions: [] });
    expect(checkTrusted(opened, demand(a.now))).toMatchObject({ ok: false, code: "NO_TRUST" });
    expect(checkGate(opened, GATE)).toMatchObject({ code: "UNTRUSTED" });
    const stranger = await makeDomain(B);
    for (const sources of [
      [],
      [live(stranger)],
      [altered(live(a), () => found(new Uint8Array()))],
    ]) {
      const { view, freshness } = await reader.sync(a.now, ...sources);
      expect(checkTrusted(view, demand(a.now))).toMatchObject({ code: "NO_TRUST" });
      expect(freshness).toBeUndefined();
    }
  });

  test("F50: a state that verifies from the pinned root starts it, whoever shows it", async () => {
    const a = await makeDomain(A);
    const reader = await TestReader.of(a);
    const { view } = await reader.sync(a.now, frozen(await a.snapshot(), "a stick"));
    expect(checkTrusted(view, demand(a.now)).ok).toBe(true);
    const opened = must(await openTrust(kernel, reader.store, reader.pin.root));
    expect(opened.state?.digest).toBe(view.state?.digest);
  });

  test("F50: age, expiry and equivocation end it, and a lost record", async () => {
    const a = await makeDomain(A);
    const reader = await TestReader.of(a);
    const { view } = await reader.sync(a.now, live(a));
    const { issued } = view.state!;
    expect(checkTrusted(view, demand(issued! + TERMS.maxStaleness)).ok).toBe(true);
    expect(checkTrusted(view, demand(issued! + TERMS.maxStaleness + 1))).toMatchObject({
      code: "STALE",
    });
    expect(checkTrusted(view, demand(issued! - TERMS.skew - 1))).toMatchObject({ code: "CLOCK" });
    await a.change(refresh);
    const next = await reader.sync(a.now, live(a));
    expect(checkTrusted(next.view, demand(a.now)).ok).toBe(true);
    const forgery = await Forgery.of(a);
    await forgery.publish(keysOf(A), { timestamp: (signed) => void (signed.version = 2) });
    const ended = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(checkTrusted(ended.view, demand(a.now))).toMatchObject({ code: "EQUIVOCATION" });
    const other = must(await openTrust(kernel, new MemoryTrustStore(), reader.pin.root));
    expect(checkTrusted(other, demand(a.now))).toMatchObject({ code: "NO_TRUST" });
  });
});

describe("F12: a foreign domain is accepted by its pinned root, for stated commands, never transitively", () => {
  test("F12: for /pay and what lies below it", async () => {
    const { a } = await peered();
    const own = await stateOf(a);
    expect(checkAccepted(own, B, "/pay")).toMatchObject({ ok: true });
    expect(checkAccepted(own, B, "/pay/transfer")).toMatchObject({ ok: true });
    for (const command of ["/", "/payroll", "/admin", "/PAY", "", "pay", "/pa"]) {
      expect(checkAccepted(own, B, command), command).toMatchObject({ code: "UNTRUSTED" });
    }
  });

  test("F12: not the peers of a peer, not the domain itself, and no name that is almost one", async () => {
    const { a, b } = await peered();
    expect(checkAccepted(await stateOf(b), C, "/pay")).toMatchObject({ ok: true });
    const own = await stateOf(a);
    for (const name of [C, A, "B.example", "b.example.", "b.exampl", "", "__proto__"]) {
      expect(checkAccepted(own, name, "/pay"), name).toMatchObject({ code: "UNTRUSTED" });
    }
  });

  test("F12: removed, the next decision denies", async () => {
    const { a } = await peered();
    const reader = await TestReader.of(a);
    const before = await reader.sync(a.now, live(a));
    expect(checkAccepted(before.view.state!, B, "/pay").ok).toBe(true);
    await a.publish((draft) => removePeer(draft, B));
    const after = await reader.sync(a.now, live(a));
    expect(checkAccepted(after.view.state!, B, "/pay")).toMatchObject({ code: "UNTRUSTED" });
    expect(after.view.state?.contents.has(`peers/${B}/root.json`)).toBe(false);
  });

  test("F12: what A hands out as B's root is the one it pinned, to the byte", async () => {
    const { a, b } = await peered();
    const own = await stateOf(a);
    const root = own.contents.get(`peers/${B}/root.json`) as Uint8Array;
    const reader = new TestReader(B, { root, terms: TERMS });
    const { view } = await reader.sync(b.now, live(b));
    expect(view.state?.domain).toBe(B);
    const forgery = await Forgery.of(a);
    const digest = sha256(root);
    await forgery.write(
      `targets/peers/${B}/${digest}.root.json`,
      await (await makeDomain(C)).read("metadata/1.root.json"),
    );
    const swapped = await (await TestReader.of(a)).sync(a.now, frozen(forgery.storage, "thief"));
    expect(swapped.sources[0]?.failure?.code).toMatch(/^(DIGEST|TOO_LARGE)$/);
  });
});

test("F6: link A-C cut: C gets A's newest state through B, and B's store needs no key", async () => {
  const a = await makeDomain(A);
  await a.publish((draft) => addIssuer(draft, issuer));
  await rotateRole(a, "root");
  const b = await TestReader.of(a);
  const c = await TestReader.of(a);
  const relay = relaySource(kernel, b.store, "relay");
  const cut: Source = {
    name: "cut",
    read: async () => ({ ok: false, code: "UNREACHABLE", expected: "A", found: "no route" }),
  };
  const empty = await c.sync(a.now, cut, relay);
  expect(empty.view.state).toBeUndefined();
  for (let round = 0; round < 3; round++) {
    const direct = await b.sync(a.now, live(a));
    const relayed = await c.sync(a.now, cut, relay);
    expect(relayed.sources[0]).toMatchObject({ status: "failed" });
    expect(relayed.sources[1]).toMatchObject({ status: "new" });
    expect(relayed.view.state?.digest).toBe(direct.view.state?.digest);
    expect(checkTrusted(relayed.view, demand(a.now)).ok).toBe(true);
    if (round === 0) await a.change((open) => withdraw(open, {}));
    else await a.change(refresh);
  }
});

describe("F21: roots rotate by the old and the new threshold", () => {
  async function away() {
    const a = await makeDomain(A);
    const reader = await TestReader.of(a);
    await reader.sync(a.now, live(a));
    for (let i = 0; i < 3; i++) await rotateRole(a, "root");
    return { a, reader };
  }

  test("F21: offline across three rotations: all of them are followed at once", async () => {
    const { a, reader } = await away();
    const { view, sources } = await reader.sync(a.now, live(a));
    expect(sources).toMatchObject([{ status: "new", log: "extended" }]);
    expect(versions({ view })).toMatchObject({ root: 4 });
    expect(checkTrusted(view, demand(a.now)).ok).toBe(true);
  });

  test("F21: a skipped one is refused: missing, or another in its place", async () => {
    const { a } = await away();
    const four = await a.read("metadata/4.root.json");
    const two = await a.read("metadata/2.root.json");
    for (const [answer, code] of [
      [undefined, "MISSING"],
      [four, "KEY"],
      [two, "ROLLBACK"],
    ] as const) {
      const fresh = await TestReader.of(a);
      const source = altered(live(a), (path) => {
        if (path !== "metadata/3.root.json") return undefined;
        return answer ? found(answer) : { ok: true, status: "absent" };
      });
      const { view, sources } = await fresh.sync(a.now, source);
      expect(sources).toMatchObject([{ status: "failed", failure: { code } }]);
      expect(view.state).toBeUndefined();
    }
  });

  test("F21: a rotation that only the old, or only the new threshold has signed is refused", async () => {
    const { a, reader } = await away();
    await reader.sync(a.now, live(a));
    const [one, two] = keysOf(A, { root: 3 }).root as [Signer, Signer];
    const next = keysOf(A, { root: 9 }).root as [Signer, Signer, Signer];
    const rotated = async (by: readonly Signer[]) => {
      const forgery = await Forgery.of(a);
      await forgery.rotate(by, (signed) => replaceKeys(signed, "root", next, 2));
      return await reader.sync(a.now, frozen(forgery.storage, "s"));
    };
    for (const by of [[one, two], next, [one, ...next], [one, two, next[0]]]) {
      const { view, sources } = await rotated(by);
      expect(sources).toMatchObject([{ failure: { code: "KEY" } }]);
      expect(versions({ view })).toMatchObject({ root: 4 });
    }
    expect(versions(await rotated([one, two, ...next.slice(1)]))).toMatchObject({ root: 5 });
  });
});

test("F27: contain in A: B's view says CONTAINED, until A releases it", async () => {
  const a = await makeDomain(A);
  await a.publish((draft) => addGate(draft, { origin: GATE, key: hexKey("gate") }));
  const b = await TestReader.of(a);
  const listed = await b.sync(a.now, live(a));
  expect(checkGate(listed.view, GATE)).toEqual({ ok: true, value: hexKey("gate") });
  expect(checkGate(listed.view, "a.example/other")).toMatchObject({ code: "UNTRUSTED" });
  await a.change((open) => withdraw(open, { contain: [GATE] }));
  const contained = await b.sync(a.now, live(a));
  expect(checkGate(contained.view, GATE)).toMatchObject({ ok: false, code: "CONTAINED" });
  // A view that is old and one that is pinned elsewhere say the same.
  const opened = must(await openTrust(kernel, b.store, b.pin.root));
  expect(checkGate(opened, GATE)).toMatchObject({ code: "CONTAINED" });
  await a.publish((draft) => releaseGate(draft, GATE, formatRfc3339(a.now, "ms")));
  const released = await b.sync(a.now, live(a));
  expect(checkGate(released.view, GATE).ok).toBe(true);
  await a.change((open) => withdraw(open, { contain: [GATE] }));
  const again = await b.sync(a.now, live(a));
  expect(checkGate(again.view, GATE)).toMatchObject({ code: "CONTAINED" });
});

test("F33: 2 of 3 fresh: lose one, allow; lose two, deny", async () => {
  const domains = [await makeDomain(A), await makeDomain(B), await makeDomain(C)];
  const readers = await Promise.all(domains.map((domain) => TestReader.of(domain)));
  const now = domains[0]!.now;
  const answers = async (at: number, fresh: readonly number[]) =>
    await Promise.all(
      readers.map(async (reader, i) => {
        const domain = domains[i] as TestDomain;
        if (fresh.includes(i)) domain.now = at;
        if (fresh.includes(i)) await domain.change(refresh);
        const { freshness } = await reader.sync(at, ...(fresh.includes(i) ? [live(domain)] : []));
        return { domain: domain.name, freshness };
      }),
    );
  const later = (i: number): number => now + i * 40_000;
  expect(checkFreshQuorum(2, await answers(later(0), [0, 1, 2]))).toMatchObject({ ok: true });
  expect(checkFreshQuorum(2, await answers(later(1), [0, 2]))).toEqual({ ok: true, value: [A, C] });
  const one = await answers(later(2), [2]);
  expect(checkFreshQuorum(2, one)).toMatchObject({ ok: false, code: "QUORUM", found: C });
  // One domain is one, however often it is named.
  expect(checkFreshQuorum(2, [...one, ...one])).toMatchObject({ ok: false, code: "QUORUM" });
  expect(checkFreshQuorum(1, await answers(later(3), []))).toMatchObject({ found: "none" });
  for (const k of [0, -1, 1.5, NaN]) expect(() => checkFreshQuorum(k, one)).toThrow(RangeError);
});

test("F10: heal after 1,000 versions: one walk, one consistency proof", async () => {
  const a = await makeDomain(A);
  const reader = await TestReader.of(a);
  await reader.sync(a.now, live(a));
  const key = { key: hexKey("holder"), expires: "2030-01-01T00:00:00Z" };
  for (let i = 1; i <= 1000; i++) {
    if (i % 250 === 0) await rotateRole(a, i === 500 ? "timestamp" : "root");
    else if (i === 700) await a.change((open) => withdraw(open, { keys: [key] }));
    else if (i % 3 === 0) await a.change((open) => withdraw(open, {}));
    else await a.change(refresh);
  }
  const asked: string[] = [];
  const counted = altered(live(a), (path) => {
    asked.push(path);
    return undefined;
  });
  const { view, sources } = await reader.sync(a.now, counted);
  expect(sources).toMatchObject([{ status: "new", log: "extended", failure: undefined }]);
  expect(versions({ view })).toMatchObject({ root: 5, targets: 1 });
  // Each rotation makes two timestamps: one that both roots allow, and one that names the new root.
  expect(versions({ view })?.timestamp).toBeGreaterThan(1000);
  expect(checkTrusted(view, demand(a.now)).ok).toBe(true);
  expect(checkNotWithdrawn(view, key)).toMatchObject({ code: "REVOKED" });
  const count = (part: RegExp): number => asked.filter((path) => part.test(path)).length;
  expect(count(/root\.json$/)).toBe(5);
  expect(count(/timestamp\.json$/)).toBe(1);
  expect(count(/snapshot\.json$/)).toBe(1);
  expect(count(/^log\/checkpoint$/)).toBe(1);
  expect(count(/^log\/tile/)).toBeLessThanOrEqual(8);
  expect(asked.length).toBeLessThan(24);
});
