/**
 * F17: a domain that has signed two statements that cannot both be true: who sees it, what the file
 * proves to others, what ends the distrust, and what is no equivocation at all.
 */
import { describe, expect, test } from "vitest";
import { addIssuer, removeIssuer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { rotateStatus } from "../../src/domain/rotate.js";
import { liftEvidence } from "../../src/sync/lift.js";
import { verifyEvidence } from "../../src/sync/verify-evidence.js";
import { checkNotWithdrawn, checkTrusted } from "../../src/trust/view.js";
import { hexKey, makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { Change, Keys } from "../trust/forge.js";
import {
  digestOf,
  Forgery,
  keyIdOf,
  keysOf,
  publicKeyOf,
  replaceKeys,
  sign,
  signerOf,
} from "../trust/forge.js";
import { frozen, live, TERMS, TestReader } from "./fixture.js";
import { rotateRole } from "./history.js";
import {
  altered,
  demand,
  evidenceFile,
  evidenceOf,
  issuer,
  KEYS,
  NAME,
  ONLINE,
  versions,
  world,
} from "./world.js";

/** As many signatures as it takes, so that each byte of them is needed. */
const JUST: Keys = { ...KEYS, root: KEYS.root.slice(0, 2), targets: KEYS.targets.slice(0, 2) };

const ROLES = ["timestamp", "snapshot", "targets", "status", "root"] as const;
type Role = (typeof ROLES)[number];

/** Two folders that contradict each other in version 2 of one role, and in nothing else. */
async function sides(role: Role, from: Forgery, by: Keys = JUST): Promise<[Forgery, Forgery]> {
  const [one, other] = [await from.copy(), await from.copy()];
  other.now += 7;
  const later = (signed: { expires: string }): void => {
    signed.expires = "2026-06-03T00:00:00Z";
  };
  if (role === "root") {
    for (const [each, edit, version] of [
      [one, () => {}, 2],
      [other, later, 3],
    ] as const) {
      const { signed } = await each.rotate(by.root, edit);
      await each.publish(by, {
        timestamp: (timestamp) => {
          timestamp.version = version;
          timestamp.root = { version: 2, sha256: digestOf(signed) };
        },
      });
    }
    return [one, other];
  }
  const at = (versions: Partial<Record<Role, number>>, change: Change["targets"]): Change => {
    const set = (each: Role, also?: Change["targets"]): Change => ({
      [each]: (signed: { version: number; expires: string }) => {
        signed.version = versions[each] ?? signed.version;
        also?.(signed);
      },
    });
    return { ...set("snapshot"), ...set("timestamp"), ...set(role, change) };
  };
  await one.publish(by, role === "timestamp" ? {} : at({}, undefined));
  const apart = { targets: { snapshot: 3, timestamp: 3 }, snapshot: { timestamp: 3 } };
  if (role === "timestamp") await other.publish(by);
  else if (role === "snapshot") await other.publish(by, at(apart.snapshot, later));
  else await other.publish(by, at(apart.targets, later));
  return [one, other];
}

describe.each(ROLES)("two of role %s with one version", (role) => {
  const contradiction = `${role} 2`;

  async function contradicted() {
    const { a, reader, forgery } = await world();
    const [one, other] = await sides(role, forgery);
    const first = await reader.sync(a.now, frozen(one.storage, "one"));
    expect(first.view.failure).toBeUndefined();
    const second = await reader.sync(a.now, frozen(other.storage, "other"));
    return { a, reader, one, other, second };
  }

  test("F17: distrust, in either order and at once, with one file of evidence", async () => {
    const { a, reader, one, other, second } = await contradicted();
    expect(second.view.contradictions).toEqual([contradiction]);
    expect(checkTrusted(second.view, demand(a.now))).toMatchObject({
      ok: false,
      code: "EQUIVOCATION",
    });
    const again = await reader.sync(a.now, frozen(one.storage, "one"));
    expect(again.view.contradictions).toEqual([contradiction]);
    const rows = await evidenceOf(reader);
    expect(rows).toMatchObject([{ role, version: "2", lifted: false, settled: false }]);
    for (const order of [
      [other, one],
      [one, other],
    ]) {
      const reverse = await TestReader.of(a);
      await reverse.sync(a.now, live(a));
      const sources = order.map(({ storage }, i) => frozen(storage, `${i}`));
      const { view } = await reverse.sync(a.now, ...sources);
      expect(view.contradictions).toEqual([contradiction]);
      expect(await evidenceOf(reverse)).toEqual(rows);
    }
  });

  test("F17: the file proves it to whoever has the pin alone, and with a byte flipped to nobody", async () => {
    const { a, reader } = await contradicted();
    const pin = await a.read("metadata/1.root.json");
    const bytes = await evidenceFile(reader);
    const good = await verifyEvidence(kernel, bytes, pin);
    expect(good).toMatchObject({ outcome: "PROVEN" });
    const stranger = await (await makeDomain("b.example")).read("metadata/1.root.json");
    expect(await verifyEvidence(kernel, bytes, stranger)).toMatchObject({ code: "KEY" });
    for (let at = 0; at < bytes.length; at += role === "timestamp" ? 1 : 3) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      const { outcome, code } = await verifyEvidence(kernel, flipped, pin);
      if (outcome === "PROVEN") throw new Error(`proven with byte ${at} flipped`);
      expect(code).toBeDefined();
    }
    for (const length of [0, 1, bytes.length - 1]) {
      const cut = await verifyEvidence(kernel, bytes.slice(0, length), pin);
      expect(cut).toMatchObject({ outcome: "REFUTED", code: "MALFORMED" });
    }
  });
});

test("evidence with one side twice, or with sides of two versions, proves nothing", async () => {
  const { a, reader, forgery } = await world();
  const [one, other] = await sides("timestamp", forgery);
  await reader.sync(a.now, frozen(one.storage, "one"), frozen(other.storage, "other"));
  const pin = await a.read("metadata/1.root.json");
  const evidence = JSON.parse(new TextDecoder().decode(await evidenceFile(reader)));
  const prove = async (change: object) =>
    await verifyEvidence(
      kernel,
      new TextEncoder().encode(JSON.stringify({ ...evidence, ...change })),
      pin,
    );
  expect(await prove({})).toMatchObject({ outcome: "PROVEN" });
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const resigned = await other.json("metadata/timestamp.json");
  resigned.signatures.push({ keyid: "stranger", sig: "00" });
  const first = base64(await forgery.read("metadata/timestamp.json"));
  const junk = base64(Buffer.from(JSON.stringify(resigned)));
  const same = base64(await other.read("metadata/timestamp.json"));
  for (const change of [
    { second: evidence.first },
    { first },
    { first: same, second: junk },
    { role: "snapshot" },
    { role: "root" },
    { role: "status" },
    { roots: [] },
    { kind: "log" },
    { more: 1 },
  ]) {
    const { outcome } = await prove(change);
    expect(outcome, JSON.stringify(Object.keys(change))).not.toBe("PROVEN");
  }
});

describe("what ends it", () => {
  test("a person lifts it: this evidence and no other", async () => {
    const { a, reader, forgery } = await world();
    const [one, other] = await sides("timestamp", forgery);
    await reader.sync(a.now, frozen(one.storage, "one"), frozen(other.storage, "other"));
    const [row] = await evidenceOf(reader);
    expect(await liftEvidence(reader.store, NAME, "0".repeat(64))).toMatchObject({
      code: "MISSING",
    });
    must(await liftEvidence(reader.store, NAME, row!.evidence));
    expect(await evidenceOf(reader)).toMatchObject([{ lifted: true }]);
    const lifted = await reader.sync(
      a.now,
      frozen(one.storage, "one"),
      frozen(other.storage, "other"),
    );
    expect(checkTrusted(lifted.view, demand(a.now))).toMatchObject({ ok: true });
    // The next contradiction is another one.
    await one.publish(ONLINE, { timestamp: (signed) => void (signed.version = 5) });
    other.now += 9;
    await other.publish(ONLINE, { timestamp: (signed) => void (signed.version = 5) });
    const next = await reader.sync(
      a.now,
      frozen(one.storage, "one"),
      frozen(other.storage, "other"),
    );
    expect(next.view.contradictions).toEqual(["timestamp 5"]);
  });

  test("of roots no one lifts it: one of them is pinned", async () => {
    const { a, reader, forgery } = await world();
    const [one, other] = await sides("root", forgery);
    await reader.sync(a.now, frozen(one.storage, "one"), frozen(other.storage, "other"));
    const [row] = await evidenceOf(reader);
    expect(await liftEvidence(reader.store, NAME, row!.evidence)).toMatchObject({ code: "KEY" });
    const root = await other.read("metadata/2.root.json");
    const anew = new TestReader(NAME, { root, terms: TERMS }, reader.store);
    const { view } = await anew.sync(a.now, frozen(other.storage, "other"));
    expect(view.failure).toBeUndefined();
    expect(view.state?.metadata.root.digest).toBe(
      (await anew.sync(a.now)).view.state?.metadata.root.digest,
    );
    expect(await evidenceOf(anew)).toHaveLength(1);
    // The other chain is not followed any more, nor does it bring the domain down again.
    const stays = await anew.sync(a.now, frozen(one.storage, "one"));
    expect(stays.view.failure).toBeUndefined();
    expect(versions(stays)).toMatchObject({ root: 2 });
  });

  test("a pin of a root before the fork settles nothing", async () => {
    const a = await makeDomain(NAME);
    await rotateRole(a, "root");
    const reader = await TestReader.of(a);
    await reader.sync(a.now, live(a));
    const forgery = await Forgery.of(a);
    const root = keysOf(NAME, { root: 1 }).root;
    await forgery.rotate(root, (signed) => void (signed.expires = "2027-01-01T00:00:00Z"));
    await rotateRole(a, "root");
    const forked = await reader.sync(a.now, live(a), frozen(forgery.storage, "thief"));
    expect(forked.view.contradictions).toContain("root 3");
    const pin = { root: await a.read("metadata/2.root.json"), terms: TERMS };
    const { view } = await new TestReader(NAME, pin, reader.store).sync(a.now, live(a));
    expect(view.failure).toMatchObject({ code: "EQUIVOCATION" });
  });

  test("keys that are replaced: recorded under the earlier root, and trusted under the new one", async () => {
    for (const role of ["timestamp", "targets"] as const) {
      const { a, reader, forgery } = await world();
      const [one, other] = await sides(role, forgery);
      const before = await reader.sync(
        a.now,
        frozen(one.storage, "one"),
        frozen(other.storage, "other"),
      );
      expect(before.view.failure).toMatchObject({ code: "EQUIVOCATION" });
      for (let i = 0; i < 3; i++) await a.change(refresh);
      await rotateRole(a, role);
      const after = await reader.sync(a.now, live(a));
      // What the fork left of other roles under keys that stay in force is a matter of its own.
      expect(after.view.contradictions.filter((each) => each.startsWith(role))).toEqual([]);
      if (role === "timestamp") {
        expect(checkTrusted(after.view, demand(a.now)).ok).toBe(true);
      }
      const row = (await evidenceOf(reader)).find((each) => each.role === role);
      expect(row).toMatchObject({ version: "2", lifted: false, settled: false });
      // Shown again, it proves as much as before and brings nothing down.
      const again = await reader.sync(a.now, frozen(other.storage, "other"));
      expect(again.view.contradictions.filter((each) => each.startsWith(role))).toEqual([]);
    }
  });

  test("a status key that is replaced: trusted again, as with any other role", async () => {
    const { a, reader, forgery } = await world();
    const [one, other] = await sides("status", forgery);
    const before = await reader.sync(
      a.now,
      frozen(one.storage, "one"),
      frozen(other.storage, "other"),
    );
    expect(before.view.contradictions).toEqual(["status 2"]);
    const next = signerOf(`${NAME}/status`, 1);
    a.ring.add(next);
    await a.change((open) => withdraw(open, {}));
    await a.change((open) => rotateStatus(open, next.key.publicKey));
    await rotateRole(a, "timestamp");
    const after = await reader.sync(a.now, live(a));
    expect(after.view.contradictions).toEqual([]);
  });
});

describe("what outlives every reset", () => {
  test("evidence, revocations and removed keys outlive other timestamp keys and another pin", async () => {
    const { a, reader } = await world();
    const holder = { key: hexKey("holder"), expires: "2026-06-01T12:00:30Z" };
    const authorization = { sha256: hexKey("grant"), expires: "2026-06-01T12:00:30Z" };
    await a.publish((draft) => addIssuer(draft, issuer));
    await a.publish((draft) => removeIssuer(draft, "ops"));
    await a.change((open) => withdraw(open, { keys: [holder], authorizations: [authorization] }));
    await reader.sync(a.now, live(a));
    const [one, other] = await sides("timestamp", await Forgery.of(a));
    const by = [frozen(one.storage, "one"), frozen(other.storage, "other")];
    expect((await reader.sync(a.now, ...by)).view.failure).toMatchObject({ code: "EQUIVOCATION" });
    const withdrawn = [
      { key: holder.key },
      { key: issuer.key },
      { authorization: authorization.sha256 },
    ];
    // Its listing ends, what was seen does not.
    a.now += 60_000;
    await a.change((open) => withdraw(open, {}));
    await rotateRole(a, "timestamp");
    const rotated = await reader.sync(a.now, live(a));
    expect(rotated.view.state?.status).toMatchObject({ keys: [], authorizations: [] });
    const pin = { root: await a.read("metadata/2.root.json"), terms: TERMS };
    const anew = new TestReader(NAME, pin, reader.store);
    const pinned = await anew.sync(a.now, live(a));
    for (const { view } of [rotated, pinned, await anew.sync(a.now)]) {
      expect(checkTrusted(view, demand(a.now)).ok).toBe(true);
      for (const what of withdrawn) {
        expect(checkNotWithdrawn(view, what)).toMatchObject({ ok: false, code: "REVOKED" });
      }
    }
    for (const each of [reader, anew]) {
      expect(await evidenceOf(each)).toMatchObject([{ role: "timestamp", lifted: false }]);
      const verdict = await verifyEvidence(
        kernel,
        await evidenceFile(each),
        await a.read("metadata/1.root.json"),
      );
      expect(verdict.outcome).toBe("PROVEN");
    }
  });

  test("another pin lifts no evidence by a key that is in force under it", async () => {
    const { a, reader, forgery } = await world();
    const [one, other] = await sides("timestamp", forgery);
    await reader.sync(a.now, frozen(one.storage, "one"), frozen(other.storage, "other"));
    for (let i = 0; i < 3; i++) await a.change(refresh);
    await rotateRole(a, "root");
    const before = await reader.sync(a.now, live(a));
    expect(before.view.contradictions).toEqual(["timestamp 2"]);
    const pin = { root: await a.read("metadata/2.root.json"), terms: TERMS };
    const { view } = await new TestReader(NAME, pin, reader.store).sync(a.now, live(a));
    expect(view.failure).toMatchObject({ code: "EQUIVOCATION" });
  });

  // The file holds the roots up to the first that verifies both sides.
  test("evidence by a key in force proves it to who pinned a later root", async () => {
    const { a, reader, forgery } = await world();
    const [one, other] = await sides("timestamp", forgery);
    await rotateRole(a, "root");
    await reader.sync(a.now, live(a));
    await reader.sync(a.now, frozen(one.storage, "one"), frozen(other.storage, "other"));
    const pin = await a.read("metadata/2.root.json");
    expect(await verifyEvidence(kernel, await evidenceFile(reader), pin)).toMatchObject({
      outcome: "PROVEN",
    });
  });

  // Forks of roots and of logs count by their evidence alone.
  test("a fork of roots is seen also after 64 pieces of evidence of something else", async () => {
    const { a, reader, forgery } = await world();
    const [one, other] = [await forgery.copy(), await forgery.copy()];
    other.now += 7;
    for (let i = 0; i < 64; i++) {
      for (const each of [one, other]) await each.publish(ONLINE);
      await reader.sync(a.now, frozen(one.storage, "one"), frozen(other.storage, "other"));
    }
    expect(await evidenceOf(reader)).toHaveLength(64);
    for (let i = 0; i < 65; i++) await a.change(refresh);
    await rotateRole(a, "timestamp");
    const healed = await reader.sync(a.now, live(a));
    expect(healed.view.failure).toBeUndefined();
    const fork = await forgery.copy();
    await fork.rotate(KEYS.root);
    const { view } = await reader.sync(a.now, frozen(fork.storage, "fork"));
    expect(view.failure).toMatchObject({ code: "EQUIVOCATION" });
  });
});

describe("what is no equivocation", () => {
  test("a junk signature, another signature set, another form of the same signed part", async () => {
    const { a, reader } = await world();
    await a.publish((draft) => addIssuer(draft, issuer));
    await reader.sync(a.now, live(a));
    const forgery = await Forgery.of(a);
    const timestamp = await forgery.json("metadata/timestamp.json");
    const ids = KEYS.targets.map((signer) => keyIdOf(publicKeyOf(signer)));
    const junk = [
      { keyid: timestamp.signatures[0].keyid, sig: "00".repeat(64) },
      { keyid: "stranger", sig: "ff" },
      ...ids.map((keyid) => ({ keyid, sig: timestamp.signatures[0].sig })),
    ];
    const forms = [
      { ...timestamp, signatures: [...junk, ...timestamp.signatures] },
      { ...timestamp, signatures: [...timestamp.signatures, ...timestamp.signatures], more: 1 },
      {
        signed: Object.fromEntries(Object.entries(timestamp.signed).reverse()),
        signatures: timestamp.signatures,
      },
    ];
    for (const form of forms) {
      await forgery.write("metadata/timestamp.json", form);
      const { view, sources } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
      expect(sources).toMatchObject([{ status: "unchanged" }]);
      expect(view.failure).toBeUndefined();
    }
    // The same targets under other two of three keys, named by a newer snapshot.
    const { targets } = await forgery.current();
    const [, ...others] = KEYS.targets;
    const bytes = Buffer.from(JSON.stringify(await sign(targets.signed, others)));
    await forgery.write("metadata/2.targets.json", new Uint8Array(bytes));
    await forgery.write("metadata/timestamp.json", timestamp);
    await forgery.publish(ONLINE, {
      snapshot: (signed) => {
        const sha256 = Buffer.from(kernel.sha256(new Uint8Array(bytes))).toString("hex");
        signed.meta["targets.json"] = { version: 2, length: bytes.length, hashes: { sha256 } };
      },
    });
    const { view } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(versions({ view })).toMatchObject({ timestamp: 3, snapshot: 3, targets: 2 });
    expect(view.failure).toBeUndefined();
    expect(await evidenceOf(reader)).toEqual([]);
  });

  test("metadata of one version that too few keys have signed", async () => {
    const { a, reader, forgery } = await world();
    const short: Keys = { ...JUST, targets: KEYS.targets.slice(0, 1), root: KEYS.root.slice(0, 1) };
    for (const role of ["targets", "root"] as const) {
      for (const side of await sides(role, forgery, short)) {
        // The timestamps of both are of one version, and signed: they are left out here.
        const source = altered(frozen(side.storage, "thief"), (path) =>
          path.endsWith("timestamp.json") ? { ok: true, status: "absent" } : undefined,
        );
        const { view } = await reader.sync(a.now, source);
        expect(view.failure).toBeUndefined();
      }
    }
    expect(await evidenceOf(reader)).toEqual([]);
  });

  test("what a retired key has signed twice", async () => {
    const { a, reader, forgery } = await world();
    await rotateRole(a, "timestamp");
    await reader.sync(a.now, live(a));
    const pairs = [await sides("timestamp", forgery), await sides("snapshot", forgery)];
    for (const side of pairs.flat()) {
      const { view, sources } = await reader.sync(a.now, frozen(side.storage, "thief"));
      expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
      expect(view.failure).toBeUndefined();
    }
    expect(await evidenceOf(reader)).toEqual([]);
  });

  // Of two keys that the role has had one after the other there is no evidence that anybody could lift.
  test("status metadata by a retired status key beside that by the one in force", async () => {
    const { a, reader, forgery: old } = await world();
    const before = (await old.current()).snapshot.signed.meta["targets.json"];
    const next = signerOf(`${NAME}/status`, 1);
    a.ring.add(next);
    await a.change((open) => rotateStatus(open, next.key.publicKey));
    await reader.sync(a.now, live(a));
    const forgery = await Forgery.of(a);
    await forgery.publish(KEYS, {
      status: (signed) => {
        signed.version = 2;
        signed.expires = "2026-06-03T00:00:00Z";
      },
      snapshot: (signed) => {
        signed.meta["targets.json"] = before;
      },
    });
    await reader.sync(a.now, frozen(forgery.storage, "thief"));
    await a.change(refresh);
    await a.change(refresh);
    await rotateRole(a, "timestamp");
    const { view } = await reader.sync(a.now, live(a));
    expect(versions({ view })).toMatchObject({ root: 2, targets: 2, status: 2 });
    expect(view.failure).toBeUndefined();
  });
});

test("keys of another role put into a new root bring nothing down that they signed before", async () => {
  // A key that becomes the timestamp key counts from the root on that names it.
  const { a, reader, forgery } = await world();
  const later = signerOf(`${NAME}/later`);
  await forgery.rotate(KEYS.root, (signed) => {
    replaceKeys(signed, "timestamp", [later], 1);
  });
  const early = await forgery.copy();
  early.now += 7;
  await early.publish({ timestamp: [later] });
  await forgery.publish({ timestamp: [later] });
  const first = await reader.sync(a.now, frozen(forgery.storage, "one"));
  expect(first.view.failure).toBeUndefined();
  const second = await reader.sync(a.now, frozen(early.storage, "other"));
  expect(second.view.contradictions).toEqual(["timestamp 2"]);
});
