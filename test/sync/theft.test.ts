/**
 * The theft of each key alone: what the thief can bring about, and what not. The words for it are
 * those of `writ trust exposure`.
 */
import { describe, expect, test } from "vitest";
import { addGate, addIssuer, removeIssuer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { exposureOf } from "../../src/trust/exposure.js";
import { checkAccepted, checkGate, checkNotWithdrawn, checkTrusted } from "../../src/trust/view.js";
import { verifyEvidence } from "../../src/sync/verify-evidence.js";
import { liftEvidence } from "../../src/sync/lift.js";
import { signCheckpoint } from "../../src/tlog/signer.js";
import { hexKey, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import { Forgery, keysOf, replaceKeys } from "../trust/forge.js";
import { frozen, live, TERMS, TestReader } from "./fixture.js";
import { rotateRole } from "./history.js";
import {
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

const THIEF = keysOf("thief.example");
const { log: KEYS_LOG } = keysOf(NAME);

const intruder = { name: "intruder", key: hexKey("intruder"), commands: ["/"] };

/** An issuer of the thief's own, in the authority. */
const intrude = {
  contents: {
    "authority.json": (authority: Loose) => {
      authority.issuers.push(intruder);
    },
  },
};

test("each key's effect is what the exposure says of it", async () => {
  const { a, reader } = await world();
  const { view } = await reader.sync(a.now, live(a));
  const { keys } = exposureOf(view.state!, new Set(), TERMS.maxStaleness, new Map());
  const effects = new Map(keys.map(({ role, threshold, effect }) => [role, { threshold, effect }]));
  expect(Object.fromEntries(effects)).toEqual({
    root: { threshold: 2, effect: "replace every other key of the domain" },
    targets: { threshold: 2, effect: "name issuers, gates, peers, policy and baseline" },
    timestamp: {
      threshold: 1,
      effect: "keep an old state looking fresh, until another role expires",
    },
    snapshot: { threshold: 1, effect: "combine old files, until another role expires" },
    status: {
      threshold: 1,
      effect: "revoke and contain, and hide new revocations from those who saw none",
    },
  });
});

test("theft of one root key, below the threshold: nothing", async () => {
  const { a, reader, forgery } = await world();
  const [stolen] = KEYS.root as [Loose];
  await forgery.rotate([stolen, ...THIEF.root], (signed) => {
    replaceKeys(signed, "root", [stolen, ...THIEF.root], 2);
    replaceKeys(signed, "timestamp", THIEF.timestamp, 1);
  });
  await forgery.publish(THIEF);
  const { view, sources } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
  expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY", found: "1" } }]);
  expect(versions({ view })).toMatchObject({ root: 1, timestamp: 1 });
  expect(checkTrusted(view, demand(a.now)).ok).toBe(true);
});

test("theft of one targets key, below the threshold: nothing, also with the online key", async () => {
  const { a, reader, forgery } = await world();
  const targets = KEYS.targets.slice(0, 1);
  for (const by of [{ targets }, { ...ONLINE, targets: [...targets, ...THIEF.targets] }]) {
    const thief = await forgery.copy();
    await thief.publish(by, intrude);
    const { view, sources } = await reader.sync(a.now, frozen(thief.storage, "thief"));
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
    expect(view.state?.authority.issuers).toEqual([]);
    expect(view.failure).toBeUndefined();
  }
});

test("theft of all targets keys without the online keys: nothing is brought into effect", async () => {
  const { a, reader, forgery } = await world();
  await forgery.publish({ targets: KEYS.targets }, intrude);
  const unsigned = await reader.sync(a.now, frozen(forgery.storage, "thief"));
  expect(unsigned.sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
  // Nor in the place of the file that the honest snapshot names.
  await a.publish((draft) => addIssuer(draft, issuer));
  const honest = await Forgery.of(a);
  await honest.write("metadata/2.targets.json", await forgery.read("metadata/2.targets.json"));
  const swapped = await reader.sync(a.now, frozen(honest.storage, "thief"));
  expect(swapped.sources[0]?.failure?.code).toMatch(/^(DIGEST|TOO_LARGE)$/);
  expect(swapped.view.state?.authority.issuers).toEqual([]);
  expect(swapped.view.failure).toBeUndefined();
});

describe("theft of the timestamp and snapshot key", () => {
  test("keeps an old state looking fresh until another role expires, and no longer", async () => {
    const { a, reader, forgery } = await world();
    const { expires } = (await reader.sync(a.now, live(a))).view.state!.metadata.status;
    await a.change((open) =>
      withdraw(open, { keys: [{ key: hexKey("holder"), expires: "2030-01-01T00:00:00Z" }] }),
    );
    for (const now of [a.now + 1_800_000, expires - 1, expires]) {
      forgery.now = now;
      await forgery.publish(ONLINE);
      const { view } = await reader.sync(now, frozen(forgery.storage, "thief"));
      const trusted = checkTrusted(view, demand(now));
      if (now < expires) expect(trusted.ok).toBe(true);
      else
        expect(trusted).toMatchObject({
          code: "EXPIRED",
          expected: expect.stringMatching(/^status/),
        });
    }
    const { stolenTimestampEnds } = exposureOf(
      (await reader.sync(a.now)).view.state!,
      new Set(),
      TERMS.maxStaleness,
      new Map(),
    );
    expect(stolenTimestampEnds).toBe(expires);
  });

  test("combines old files for who has seen none of them, and signs no new ones", async () => {
    const { a, forgery: old } = await world();
    const before = (await old.current()).snapshot.signed.meta["targets.json"];
    await a.publish((draft) => addIssuer(draft, issuer));
    await a.change((open) => withdraw(open, {}));
    const forgery = await Forgery.of(a);
    await forgery.publish(ONLINE, {
      snapshot: (signed) => {
        signed.meta["targets.json"] = before;
      },
    });
    const fresh = await TestReader.of(a);
    const mixed = await fresh.sync(a.now, frozen(forgery.storage, "thief"));
    expect(versions(mixed)).toMatchObject({ targets: 1, status: 2 });
    // Who then hears an honest source sees the newest targets again.
    const honest = await fresh.sync(a.now, live(a));
    expect(versions(honest)).toMatchObject({ targets: 2 });
    for (const change of [intrude, { status: (signed: Loose) => void (signed.targets = {}) }]) {
      const thief = await Forgery.of(a);
      await thief.publish(
        { ...ONLINE, targets: ONLINE.timestamp, status: ONLINE.timestamp },
        change,
      );
      const { sources } = await (
        await TestReader.of(a)
      ).sync(a.now, frozen(thief.storage, "thief"));
      expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
    }
  });

  test("once it is replaced, the stolen one is worth nothing", async () => {
    const { a, reader, forgery } = await world();
    await rotateRole(a, "timestamp");
    await reader.sync(a.now, live(a));
    forgery.now = a.now;
    await forgery.publish(ONLINE, { timestamp: (signed) => void (signed.version = 1000) });
    const { view, sources } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
    expect(versions({ view })).toMatchObject({ root: 2, timestamp: 3 });
    expect(view.failure).toBeUndefined();
  });
});

describe("theft of the status key", () => {
  const withdrawal = {
    contents: {
      "status/status.json": (status: Loose) => {
        status.keys.push({ key: issuer.key, expires: "2030-01-01T00:00:00Z" });
        status.contained.push({ gate: "a.example/gate", since: "2026-06-01T12:00:00Z" });
      },
    },
  };

  test("alone it brings nothing into effect", async () => {
    const { a, reader, forgery } = await world();
    await forgery.publish({ status: KEYS.status }, withdrawal);
    const { view, sources } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
    expect(view.withdrawn.keys.size).toBe(0);
  });

  test("published, it revokes and contains, for ever, and names nobody", async () => {
    const { a, reader } = await world();
    await a.publish((draft) => addIssuer(draft, issuer));
    await a.publish((draft) => addGate(draft, { origin: "a.example/gate", key: hexKey("gate") }));
    await reader.sync(a.now, live(a));
    const forgery = await Forgery.of(a);
    const by = { ...ONLINE, status: KEYS.status };
    await forgery.publish(by, withdrawal);
    const { view } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(checkNotWithdrawn(view, { key: issuer.key })).toMatchObject({ code: "REVOKED" });
    expect(checkGate(view, "a.example/gate")).toMatchObject({ code: "CONTAINED" });

    const authority = await forgery.current();
    const named = authority.targets.signed.targets;
    await forgery.publish(by, {
      status: (signed) => {
        Object.assign(signed.targets, named, {
          "peers/thief.example/root.json": { length: 1, hashes: { sha256: "0".repeat(64) } },
        });
        signed.delegations = authority.targets.signed.delegations;
      },
    });
    const more = await forgery.json(`metadata/4.snapshot.json`);
    expect(more).toBeDefined();
    const after = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(after.sources).toMatchObject([{ status: "new" }]);
    expect(after.view.state?.authority).toEqual(view.state?.authority);
    expect(after.view.state?.peers.peers).toEqual([]);
    expect(checkAccepted(after.view.state!, "thief.example", "/pay")).toMatchObject({
      code: "UNTRUSTED",
    });
  });

  test("hides new revocations from those who saw none, and from nobody else", async () => {
    const { a, reader, forgery: old } = await world();
    const key = hexKey("holder");
    await a.change((open) => withdraw(open, { keys: [{ key, expires: "2030-01-01T00:00:00Z" }] }));
    await reader.sync(a.now, live(a));
    const forgery = await Forgery.of(a);
    await forgery.publish(
      { ...ONLINE, status: KEYS.status },
      {
        contents: { "status/status.json": () => ({ authorizations: [], contained: [], keys: [] }) },
      },
    );
    expect(old.now).toBeLessThan(a.now);
    const saw = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(versions(saw)).toMatchObject({ status: 3 });
    expect(checkNotWithdrawn(saw.view, { key })).toMatchObject({ code: "REVOKED" });
    const fresh = await TestReader.of(a);
    const { view } = await fresh.sync(a.now, frozen(forgery.storage, "thief"));
    expect(checkNotWithdrawn(view, { key }).ok).toBe(true);
  });
});

test("theft of the log key: brings the domain down until a person lifts it, and makes nothing true", async () => {
  const { a, reader } = await world();
  await a.change(refresh);
  const forgery = await Forgery.of(a);
  const rootHash = kernel.sha256(new Uint8Array([1]));
  const head = { size: 1n, rootHash };
  await forgery.write("log/checkpoint", await signCheckpoint(`${NAME}/trust`, head, KEYS_LOG));
  const { view, sources } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
  expect(sources).toMatchObject([{ log: "contradiction" }]);
  expect(checkTrusted(view, demand(a.now))).toMatchObject({ code: "EQUIVOCATION" });
  expect(view.state?.authority.issuers).toEqual([]);
  const pin = await a.read("metadata/1.root.json");
  const verdict = await verifyEvidence(kernel, await evidenceFile(reader), pin);
  expect(verdict.outcome).toBe("PROVEN");
  const [row] = await evidenceOf(reader);
  must(await liftEvidence(reader.store, NAME, row?.evidence ?? ""));
  const lifted = await reader.sync(a.now, live(a));
  expect(checkTrusted(lifted.view, demand(a.now)).ok).toBe(true);
});

test("theft of an issuer key after its removal: REVOKED, also where a later authority lists it", async () => {
  const { a, reader } = await world();
  await a.publish((draft) => addIssuer(draft, issuer));
  await reader.sync(a.now, live(a));
  await a.publish((draft) => removeIssuer(draft, issuer.name));
  const removed = await reader.sync(a.now, live(a));
  expect(removed.view.state?.authority).toMatchObject({ issuers: [], removed: [issuer.key] });
  expect(checkNotWithdrawn(removed.view, { key: issuer.key })).toMatchObject({ code: "REVOKED" });
  await expect(a.publish((draft) => addIssuer(draft, issuer))).rejects.toThrow("REVOKED");
  const forgery = await Forgery.of(a);
  await forgery.publish(KEYS, {
    contents: {
      "authority.json": (authority) => {
        authority.removed = [];
        authority.issuers = [issuer];
      },
    },
  });
  const { view } = await reader.sync(a.now, frozen(forgery.storage, "other"));
  expect(view.state?.authority.issuers).toEqual([issuer]);
  expect(checkNotWithdrawn(view, { key: issuer.key })).toMatchObject({ code: "REVOKED" });
});

describe("theft of retired root keys", () => {
  const next = keysOf(NAME, { root: 1 }).root;

  /** A reader at root 2, whose keys are others than those of root 1. */
  async function rotated() {
    const { a, reader, forgery } = await world();
    await rotateRole(a, "root");
    await reader.sync(a.now, live(a));
    return { a, reader, forgery };
  }

  const usurp = (root: Loose): void => {
    for (const role of ["root", "targets", "timestamp", "snapshot"] as const) {
      replaceKeys(root, role, THIEF[role].slice(0, 1), 1);
    }
  };

  test("all of them follow the root in force with nothing", async () => {
    const { a, reader } = await rotated();
    const forgery = await Forgery.of(a);
    await forgery.rotate([...KEYS.root, ...THIEF.root], usurp);
    const { view, sources } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY", found: "0" } }]);
    expect(versions({ view })).toMatchObject({ root: 2 });
    expect(view.failure).toBeUndefined();
    expect(next).toHaveLength(3);
  });

  test("one of them forks no chain", async () => {
    const { a, reader, forgery } = await rotated();
    await forgery.rotate([...KEYS.root.slice(0, 1), ...THIEF.root], usurp);
    await forgery.publish(THIEF);
    const { view, sources } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
    expect(view.failure).toBeUndefined();
  });

  test("a threshold of them forks the chain: distrust until it is pinned anew, and no thief followed", async () => {
    const { a, reader, forgery } = await rotated();
    const honest = await reader.sync(a.now);
    await forgery.rotate([...KEYS.root.slice(0, 2), ...THIEF.root], usurp);
    await forgery.publish({ ...THIEF, status: KEYS.status }, { timestamp: () => {} });
    const { view } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(view.contradictions).toEqual(["root 2"]);
    expect(view.state?.digest).toBe(honest.view.state?.digest);
    expect(checkTrusted(view, demand(a.now))).toMatchObject({ code: "EQUIVOCATION" });
    const pin = { root: await a.read("metadata/2.root.json"), terms: TERMS };
    const anew = new TestReader(NAME, pin, reader.store);
    const after = await anew.sync(a.now, frozen(forgery.storage, "thief"), live(a));
    expect(checkTrusted(after.view, demand(a.now)).ok).toBe(true);
  });

  test("who has pinned root 1 and hears the thief alone follows the thief: pins are to be renewed", async () => {
    const { a, forgery } = await rotated();
    await forgery.rotate([...KEYS.root.slice(0, 2), ...THIEF.root], usurp);
    await forgery.publish(THIEF, intrude);
    const late = await TestReader.of(a);
    const { view } = await late.sync(a.now, frozen(forgery.storage, "thief"));
    expect(view.state?.authority.issuers).toEqual([intruder]);
    const both = await late.sync(a.now, live(a));
    expect(both.view.contradictions).toContain("root 2");
  });
});
