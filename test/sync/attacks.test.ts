/**
 * The attacks that the TUF specification names (section 1.5.2), each upon a reader that syncs: what it
 * sees, and with which code. Where the attacker needs keys, it has those of test/trust/forge.ts.
 */
import { describe, expect, test } from "vitest";
import { addIssuer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import { openTrust } from "../../src/sync/open.js";
import type { Answer, Source } from "../../src/sync/source.js";
import { sync } from "../../src/sync/sync.js";
import { judgeFreshness } from "../../src/trust/freshness.js";
import type { ReadFile, Refreshed } from "../../src/trust/repository.js";
import { refreshRepository } from "../../src/trust/repository.js";
import { verifyPinnedRoot } from "../../src/trust/root.js";
import { checkNotWithdrawn, checkTrusted } from "../../src/trust/view.js";
import type { Result } from "../../src/verdict.js";
import { failure, ok } from "../../src/verdict.js";
import type { TestDomain } from "../domain/fixture.js";
import { hexKey, makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import {
  Forgery,
  keyIdOf,
  keysOf,
  publicKeyOf,
  replaceKeys,
  sha256,
  sign,
  signerOf,
  targetPath,
  toBytes,
} from "../trust/forge.js";
import { frozen, live, TERMS, TestReader } from "./fixture.js";
import { rotateRole } from "./history.js";
import { altered, demand, found, issuer, KEYS, NAME, ONLINE, versions, world } from "./world.js";

/** Sections 5.3 to 5.6 alone, from what an earlier refresh remembered. */
async function refreshFrom(
  a: TestDomain,
  folder: MemoryStorage,
  remembered?: Refreshed,
  now = a.now,
): Promise<Result<Refreshed>> {
  const root = must(await verifyPinnedRoot(kernel, await a.read("metadata/1.root.json")));
  const read: ReadFile = async (path, limit) => ok(await folder.read(path, limit));
  return await refreshRepository(kernel, remembered ?? { root }, read, now);
}

describe("freeze", () => {
  test("a source that goes on showing one state: it stays, and supports nothing past its bound", async () => {
    const { a, reader, forgery } = await world();
    await a.publish((draft) => addIssuer(draft, issuer));
    const issued = a.now - 2000;
    const at = async (now: number) => await reader.sync(now, frozen(forgery.storage, "frozen"));
    const last = await at(issued + 30_000);
    expect(last.freshness).toMatchObject({ age: 30_000, failure: undefined });
    const over = await at(issued + 30_001);
    expect(over).toMatchObject({ changed: false, sources: [{ status: "unchanged" }] });
    expect(over.freshness?.failure).toMatchObject({ code: "STALE", found: "30001 ms" });
    expect(checkTrusted(over.view, demand(issued + 30_001))).toMatchObject({ code: "STALE" });
  });

  test("a repository client of section 5 calls it EXPIRED", async () => {
    const { a, forgery } = await world();
    const late = a.now + 60_000;
    expect(await refreshFrom(a, forgery.storage, undefined, late)).toMatchObject({
      code: "EXPIRED",
      expected: "timestamp metadata that is valid at the given time",
    });
  });
});

describe("F3: validity ends at the earlier of the timestamp's expiry and maxStaleness", () => {
  test.each([
    ["maxStaleness first", 30_000, 30_000, "maxStaleness"],
    ["the timestamp's expiry first", 90_000, 59_999, "timestamp"],
  ] as const)("F3: denied at bound + 1 ms: %s", async (_, maxStaleness, bound, limit) => {
    const { a, reader } = await world();
    const { view } = await reader.sync(a.now, live(a));
    const issued = view.state!.issued as number;
    const freshness = judgeFreshness(view.state!, demand(issued + bound, maxStaleness));
    expect(freshness).toMatchObject({ failure: undefined, validUntil: issued + bound, limit });
    expect(checkTrusted(view, demand(issued + bound, maxStaleness)).ok).toBe(true);
    expect(checkTrusted(view, demand(issued + bound + 1, maxStaleness))).toMatchObject({
      ok: false,
      code: "STALE",
    });
  });

  test("F3: neither a timestamp that lives too long nor one from the future moves the bound", async () => {
    const { reader, forgery } = await world();
    const at = forgery.now;
    await forgery.publish(ONLINE, {
      timestamp: (signed) => {
        signed.expires = new Date(at + TERMS.maxLifetime + 1).toISOString();
      },
    });
    const long = await reader.sync(at, frozen(forgery.storage, "thief"));
    expect(long.freshness?.failure).toMatchObject({ code: "CLOCK", found: "120001 ms" });
    await forgery.publish(ONLINE, {
      timestamp: (signed) => {
        signed.issued = new Date(at + TERMS.skew + 1).toISOString();
      },
    });
    const ahead = await reader.sync(at, frozen(forgery.storage, "thief"));
    expect(ahead.freshness?.failure).toMatchObject({ code: "CLOCK", found: "1001 ms ahead" });
    await forgery.publish(ONLINE, {
      timestamp: (signed) => {
        delete signed.issued;
      },
    });
    const ageless = await reader.sync(at, frozen(forgery.storage, "thief"));
    expect(ageless.freshness).toMatchObject({ age: undefined, failure: { code: "STALE" } });
  });
});

describe("expired metadata", () => {
  test.each([
    ["root", "EXPIRED"],
    ["targets", "EXPIRED"],
    ["snapshot", "EXPIRED"],
    ["status", "EXPIRED"],
    ["timestamp", "STALE"],
  ] as const)(
    "%s past its expiry supports nothing, although all else is valid",
    async (role, code) => {
      const a = await makeDomain(NAME, { lifetimes: { [role]: 20_000 } });
      const reader = await TestReader.of(a);
      const { view } = await reader.sync(a.now, live(a));
      const { expires } = view.state!.metadata[role];
      expect(checkTrusted(view, demand(expires - 1)).ok).toBe(true);
      expect(checkTrusted(view, demand(expires))).toMatchObject({
        ok: false,
        code,
        expected: `${role} metadata before its expiry`,
      });
      expect(judgeFreshness(view.state!, demand(expires))).toMatchObject({ limit: role });
    },
  );

  test("an expired root in between does not end the walk, the last one does", async () => {
    const { a, reader, forgery } = await world();
    const past = "2020-01-01T00:00:00Z";
    await forgery.rotate(KEYS.root, (signed) => {
      signed.expires = past;
    });
    const next = await forgery.rotate(KEYS.root, (signed) => {
      signed.expires = "2027-01-01T00:00:00Z";
    });
    const walked = await reader.sync(a.now, frozen(forgery.storage, "s"));
    expect(versions(walked)).toMatchObject({ root: 3 });
    expect(walked.freshness?.failure).toBeUndefined();
    next.signed.version = 4;
    next.signed.expires = past;
    await forgery.write("metadata/4.root.json", await sign(next.signed, KEYS.root));
    const last = await reader.sync(a.now, frozen(forgery.storage, "s"));
    expect(last.freshness).toMatchObject({ limit: "root", failure: { code: "EXPIRED" } });
  });
});

describe("rollback", () => {
  test("timestamp: an older one is behind, and changes nothing", async () => {
    const { a, reader, forgery } = await world();
    await a.publish((draft) => addIssuer(draft, issuer));
    const newest = await reader.sync(a.now, live(a));
    const back = await reader.sync(a.now, frozen(forgery.storage, "old"));
    expect(versions(back)).toEqual(versions(newest));
    expect(back.view.contradictions).toEqual([]);
    const remembered = must(await refreshFrom(a, await a.snapshot()));
    expect(await refreshFrom(a, forgery.storage, remembered)).toMatchObject({
      code: "ROLLBACK",
      expected: "timestamp: version 2 or later",
    });
  });

  test("snapshot named by the timestamp: a lower version is passed over", async () => {
    const { a, reader } = await world();
    await a.change((domain) => withdraw(domain, {}));
    const newest = await reader.sync(a.now, live(a));
    const forgery = await Forgery.of(a);
    const remembered = must(await refreshFrom(a, await a.snapshot()));
    await forgery.publish(ONLINE, {
      snapshot: (signed) => {
        signed.version = 1;
        signed.expires = "2026-06-08T11:00:00Z";
      },
    });
    const back = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(back.sources).toMatchObject([{ status: "behind" }]);
    expect(versions(back)).toEqual(versions(newest));
    expect(await refreshFrom(a, forgery.storage, remembered)).toMatchObject({
      code: "ROLLBACK",
      expected: "snapshot named by the timestamp: version 2 or later",
    });
  });

  test.each(["targets", "status"] as const)(
    "%s in the snapshot: a lower version is passed over",
    async (role) => {
      const { a, reader, forgery: old } = await world();
      const before = (await old.current()).snapshot.signed.meta[`${role}.json`];
      if (role === "targets") await a.publish((draft) => addIssuer(draft, issuer));
      else await a.change((domain) => withdraw(domain, {}));
      const newest = await reader.sync(a.now, live(a));
      const remembered = must(await refreshFrom(a, await a.snapshot()));
      const forgery = await Forgery.of(a);
      await forgery.publish(ONLINE, {
        snapshot: (signed) => {
          signed.meta[`${role}.json`] = before;
        },
      });
      const back = await reader.sync(a.now, frozen(forgery.storage, "thief"));
      expect(back.sources).toMatchObject([{ status: "behind" }]);
      expect(versions(back)).toEqual(versions(newest));
      expect(await refreshFrom(a, forgery.storage, remembered)).toMatchObject({
        code: "ROLLBACK",
        expected: `"${role}.json" named by the snapshot: version 2 or later`,
      });
    },
  );

  test("a file that is missing in the snapshot", async () => {
    const { a, reader, forgery } = await world();
    const remembered = must(await refreshFrom(a, await a.snapshot()));
    await forgery.publish(ONLINE, {
      snapshot: (signed) => {
        delete signed.meta["status.json"];
      },
    });
    const missing = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(missing.sources).toMatchObject([{ status: "failed", failure: { code: "MISSING" } }]);
    expect(versions(missing)).toMatchObject({ timestamp: 1, snapshot: 1 });
    expect(await refreshFrom(a, forgery.storage, remembered)).toMatchObject({
      code: "ROLLBACK",
      expected: '"status.json" named by the snapshot, as before',
    });
  });

  // A timestamp of a version below all that is known must not make every honest state "go back".
  test("the online key brings back no old targets by a low timestamp that names a high snapshot", async () => {
    const { a, forgery } = await world();
    await a.publish((draft) => addIssuer(draft, issuer));
    const reader = await TestReader.of(a);
    const newest = await reader.sync(a.now, live(a));
    expect(versions(newest)).toMatchObject({ timestamp: 2, targets: 2 });
    await forgery.publish(ONLINE, {
      snapshot: (signed) => {
        signed.version = 100;
      },
      timestamp: (signed) => {
        signed.version = 1;
      },
    });
    const back = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(versions(back)).toMatchObject({ timestamp: 2, targets: 2 });
  });

  // What was passed over stays so when what it went back from is forgotten.
  test("the online key brings back no old targets by 64 timestamps after a state that was passed over", async () => {
    const { a, reader, forgery: old } = await world();
    const before = (await old.current()).snapshot.signed.meta["targets.json"];
    await a.publish((draft) => addIssuer(draft, issuer));
    await reader.sync(a.now, live(a));
    const forgery = await Forgery.of(a);
    const passed = await forgery.copy();
    await passed.publish(ONLINE, {
      snapshot: (signed) => {
        signed.version = 100;
        signed.meta["targets.json"] = before;
      },
    });
    const over = await reader.sync(a.now, frozen(passed.storage, "thief"));
    expect(over.sources).toMatchObject([{ status: "behind" }]);
    await forgery.publish(ONLINE);
    for (let i = 0; i < 64; i++) {
      await forgery.publish(ONLINE);
      const next = await reader.sync(a.now, frozen(forgery.storage, "thief"));
      expect(versions(next), `${i}`).toMatchObject({ targets: 2 });
    }
  });
});

/** A timestamp by the key in force that was made under another root 2. */
async function otherRoot(a: TestDomain): Promise<Source> {
  const forgery = await Forgery.of(a);
  await forgery.publish(ONLINE, {
    timestamp: (signed) => {
      signed.root = { version: 2, sha256: sha256(new Uint8Array()) };
    },
  });
  return frozen(forgery.storage, "thief");
}

describe("mix and match", () => {
  test("no file of another version takes the place of the one that is named", async () => {
    const { a, forgery: old } = await world();
    await a.publish((draft) => addIssuer(draft, issuer));
    await a.change((domain) => withdraw(domain, {}));
    const swaps: readonly (readonly [string, string, string])[] = [
      ["metadata/3.snapshot.json", "metadata/1.snapshot.json", "DIGEST"],
      ["metadata/2.targets.json", "metadata/1.targets.json", "DIGEST"],
      ["metadata/2.status.json", "metadata/1.status.json", "DIGEST"],
      ["metadata/2.status.json", "metadata/2.targets.json", "TOO_LARGE"],
    ];
    for (const [path, other, code] of swaps) {
      const forgery = await Forgery.of(a);
      await forgery.write(path, await forgery.read(other));
      const reader = await TestReader.of(a);
      const mixed = await reader.sync(a.now, frozen(forgery.storage, "thief"));
      expect(mixed.sources, path).toMatchObject([{ status: "failed", failure: { code } }]);
      expect(mixed.view.state).toBeUndefined();
    }
    // Nor a target file.
    const forgery = await Forgery.of(a);
    const named = (await forgery.current()).targets.signed.targets["authority.json"].hashes.sha256;
    const stale = (await old.current()).targets.signed.targets["authority.json"].hashes.sha256;
    await forgery.write(
      targetPath("authority.json", named),
      await old.read(targetPath("authority.json", stale)),
    );
    const reader = await TestReader.of(a);
    const mixed = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(mixed.sources).toMatchObject([{ status: "failed", failure: { code: "DIGEST" } }]);
  });

  test("a timestamp that names another root than the one of the chain, by a reader that knows the chain", async () => {
    const { a } = await world();
    await rotateRole(a, "root");
    await rotateRole(a, "root");
    const reader = await TestReader.of(a);
    await reader.sync(a.now, live(a));
    const { sources } = await reader.sync(a.now, await otherRoot(a));
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
  });

  test("the same, by a reader that learns the chain with it", async () => {
    const { a } = await world();
    await rotateRole(a, "root");
    await rotateRole(a, "root");
    const reader = await TestReader.of(a);
    const { sources } = await reader.sync(a.now, await otherRoot(a));
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
  });

  test("no file of another domain does, and no whole folder", async () => {
    const { a, reader } = await world();
    const b = await makeDomain("b.example");
    const whole = await reader.sync(a.now, live(b));
    expect(whole.sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
    await b.publish((draft) => addIssuer(draft, issuer));
    await a.publish((draft) => addIssuer(draft, issuer));
    for (const path of ["timestamp", "2.snapshot", "2.targets", "1.status"]) {
      const forgery = await Forgery.of(a);
      await forgery.write(`metadata/${path}.json`, await b.read(`metadata/${path}.json`));
      const mixed = await (await TestReader.of(a)).sync(a.now, frozen(forgery.storage, "thief"));
      const code = path === "timestamp" ? "KEY" : "DIGEST";
      expect(mixed.sources, path).toMatchObject([{ status: "failed", failure: { code } }]);
    }
  });

  test("F24: swap in the middle: a source that changes between any two answers shows no mix", async () => {
    const { a } = await world();
    const old = await a.snapshot();
    const before = await (await TestReader.of(a)).sync(a.now, frozen(old, "old"));
    await a.publish((draft) => {
      const rules = [{ command: "/pay", policy: [["<=", ".amount", 1000]] }];
      return addIssuer({ ...draft, policy: { rules } }, issuer);
    });
    const next = await a.snapshot();
    const after = await (await TestReader.of(a)).sync(a.now, frozen(next, "next"));
    const whole = [before, after].map(({ view }) => view.state?.digest);
    const seen = new Set<string>();
    for (const [first, second] of [
      [old, next],
      [next, old],
    ] as const) {
      for (let turn = 0; turn < 16; turn++) {
        let asked = 0;
        const read: Source["read"] = async (domain, path, request) =>
          await frozen(asked++ < turn ? first : second, "s").read(domain, path, request);
        const { view, sources } = await (
          await TestReader.of(a)
        ).sync(a.now, { name: "turning", read });
        // Old files are still there after a publication, so that half of these are whole.
        if (view.state) expect(whole).toContain(view.state.digest);
        else expect(sources[0]?.failure?.code).toMatch(/^(MISSING|DIGEST)$/);
        seen.add(view.state?.digest ?? "none");
      }
    }
    expect(seen.size).toBe(3);
  });
});

describe("fast-forward", () => {
  test("is undone by other timestamp keys; revocations that were seen before stay", async () => {
    const { a, reader } = await world();
    const key = { key: hexKey("holder"), expires: "2026-06-02T00:00:00Z" };
    await a.change((domain) => withdraw(domain, { keys: [key] }));
    await reader.sync(a.now, live(a));
    const forgery = await Forgery.of(a);
    await forgery.publish(ONLINE, {
      snapshot: (signed) => {
        signed.version = Number.MAX_SAFE_INTEGER;
      },
      timestamp: (signed) => {
        signed.version = Number.MAX_SAFE_INTEGER;
      },
    });
    const far = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(versions(far)).toMatchObject({ timestamp: Number.MAX_SAFE_INTEGER });
    await a.change(refresh);
    const behind = await reader.sync(a.now, live(a));
    expect(behind.sources).toMatchObject([{ status: "behind" }]);
    expect(versions(behind)).toMatchObject({ timestamp: Number.MAX_SAFE_INTEGER });

    await rotateRole(a, "timestamp");
    const recovered = await reader.sync(a.now, live(a));
    expect(versions(recovered)).toMatchObject({ root: 2, timestamp: 5, snapshot: 3 });
    expect(recovered.view.failure).toBeUndefined();
    expect(checkNotWithdrawn(recovered.view, { key: key.key })).toMatchObject({ code: "REVOKED" });
    // What the old key signed leads nowhere any more.
    const again = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(versions(again)).toEqual(versions(recovered));
    expect(again.sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
  });

  test("of targets is undone by other targets keys", async () => {
    const { a, reader, forgery } = await world();
    await forgery.publish(KEYS, {
      targets: (signed) => {
        signed.version = Number.MAX_SAFE_INTEGER;
      },
    });
    const far = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(versions(far)).toMatchObject({ targets: Number.MAX_SAFE_INTEGER });
    await rotateRole(a, "targets");
    await a.change(refresh);
    const recovered = await reader.sync(a.now, live(a));
    expect(versions(recovered)).toMatchObject({ root: 2, targets: 2 });
  });

  test("past 2^53 - 1 is no version", async () => {
    const { a, reader, forgery } = await world();
    await forgery.publish(ONLINE, {
      timestamp: (signed) => {
        signed.version = Number.MAX_SAFE_INTEGER + 1;
      },
    });
    const refused = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(refused.sources).toMatchObject([{ status: "failed", failure: { code: "MALFORMED" } }]);
  });
});

describe("endless data", () => {
  test("limit + 1 bytes are too large, whatever was asked for", async () => {
    const { a } = await world();
    await rotateRole(a, "root");
    for (const part of ["root.json", "timestamp", "snapshot", "targets.json", "status.json"]) {
      const reader = await TestReader.of(a);
      const endless = altered(live(a), (path, limit) =>
        path.includes(part) ? found(new Uint8Array(limit + 1)) : undefined,
      );
      const { sources, view } = await reader.sync(a.now, endless);
      expect(sources, part).toMatchObject([{ status: "failed", failure: { code: "TOO_LARGE" } }]);
      expect(view.state).toBeUndefined();
    }
    const reader = await TestReader.of(a);
    const endless = altered(live(a), (path, limit) =>
      path.startsWith("log/") ? found(new Uint8Array(limit + 1)) : undefined,
    );
    const { sources, view } = await reader.sync(a.now, endless);
    expect(sources).toMatchObject([{ status: "new", log: { code: "TOO_LARGE" } }]);
    expect(view.state).toBeDefined();
  });

  test("a chain of roots without end ends after 1,024 of them, and goes on from there", async () => {
    const { a, reader, forgery } = await world();
    const { root } = await forgery.current();
    for (let version = 2; version <= 1030; version++) {
      root.signed.version = version;
      const bytes = toBytes(await sign(root.signed, KEYS.root.slice(0, 2)));
      await forgery.storage.write(`metadata/${version}.root.json`, bytes);
    }
    let asked = 0;
    const counted = altered(frozen(forgery.storage, "s"), (path) => {
      if (path.endsWith(".root.json")) asked++;
      return undefined;
    });
    const first = await reader.sync(a.now, counted);
    expect(versions(first)).toMatchObject({ root: 1025 });
    expect(asked).toBe(1024);
    const second = await reader.sync(a.now, counted);
    expect(versions(second)).toMatchObject({ root: 1030 });
  });

  test("a chain that only looks like one ends at its first root", async () => {
    const { a, reader } = await world();
    const thief = keysOf("thief.example").root;
    const { signed } = JSON.parse(new TextDecoder().decode(await a.read("metadata/1.root.json")));
    const asked: string[] = [];
    for (const [i, each] of thief.entries()) replaceKeys(signed, "root", [each], i + 1);
    const endless: Source = {
      name: "endless",
      async read(_, path): Promise<Answer> {
        asked.push(path);
        const version = Number(/(\d+)\.root/.exec(path)?.[1] ?? 1);
        return found(toBytes(await sign({ ...signed, version }, thief)));
      },
    };
    const { sources } = await reader.sync(a.now, endless);
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
    // A second time, since a rotation may have come between two requests.
    expect(asked).toEqual(["metadata/2.root.json", "metadata/2.root.json"]);
  });
});

describe("arbitrary files", () => {
  const junk: readonly (readonly [string, Uint8Array, string])[] = [
    ["nothing at all", new Uint8Array(), "MALFORMED"],
    ["zeros", new Uint8Array(4096), "MALFORMED"],
    ["a page", new TextEncoder().encode("<!doctype html><title>404</title>"), "MALFORMED"],
    ["JSON of another kind", new TextEncoder().encode('{"a":[1,2,{"b":null}]}'), "MALFORMED"],
    ["10,000 brackets", new TextEncoder().encode("[".repeat(10_000)), "MALFORMED"],
    ["UTF-16", new Uint8Array(Buffer.from('{"signed":{}}', "utf16le")), "MALFORMED"],
  ];

  test.each(junk)("%s is no timestamp and no root", async (_, bytes, code) => {
    const { a, reader } = await world();
    for (const part of ["timestamp.json", "2.root.json"]) {
      const source = altered(live(a), (path) =>
        path === `metadata/${part}` ? found(bytes) : undefined,
      );
      const { sources, view } = await reader.sync(a.now, source);
      expect(sources, part).toMatchObject([{ status: "failed", failure: { code } }]);
      expect(view.state).toBeDefined();
    }
  });

  test("unsigned metadata is refused at every role", async () => {
    const { a } = await world();
    const unsigned = {
      timestamp: [{}, { timestamp: () => {} }],
      snapshot: [{ timestamp: KEYS.timestamp }, { snapshot: () => {} }],
      targets: [ONLINE, { targets: () => {} }],
      status: [ONLINE, { status: () => {} }],
    } as const;
    for (const [role, [by, change]] of Object.entries(unsigned)) {
      const forgery = await Forgery.of(a);
      await forgery.publish(by, change);
      const reader = await TestReader.of(a);
      const { sources, view } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
      expect(sources, role).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
      expect(view.state).toBeUndefined();
    }
    const forgery = await Forgery.of(a);
    await forgery.rotate([]);
    const { sources } = await (
      await TestReader.of(a)
    ).sync(a.now, frozen(forgery.storage, "thief"));
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY" } }]);
  });
});

describe("wrong key", () => {
  test("no role's key signs for another role, and no stranger's for any", async () => {
    const { a } = await world();
    const stranger = keysOf("thief.example").root;
    const rings = { ...KEYS, stranger };
    for (const role of ["timestamp", "snapshot", "targets", "status"] as const) {
      for (const [name, keys] of Object.entries(rings)) {
        const own = name === role || (role === "snapshot" && name === "timestamp");
        if (own || (role === "timestamp" && name === "snapshot") || name === "log") continue;
        const forgery = await Forgery.of(a);
        const wrong = keys as typeof stranger;
        await forgery.publish({ ...KEYS, [role]: wrong }, { [role]: () => {} });
        const reader = await TestReader.of(a);
        const { sources } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
        expect(sources, `${role} by ${name}`).toMatchObject([
          { status: "failed", failure: { code: "KEY" } },
        ]);
      }
    }
  });
});

describe("a bad source beside a good one", () => {
  const bad: readonly (readonly [string, Source["read"], string])[] = [
    ["slow", async () => failure("TIMEOUT", "an answer", "none"), "TIMEOUT"],
    ["gone", async () => failure("UNREACHABLE", "an answer", "none"), "UNREACHABLE"],
    ["empty", async () => ({ ok: true, status: "absent" }), "MISSING"],
    ["lying", async () => ({ ok: true, status: "unchanged" }), ""],
    ["huge", async (_, __, { limit }) => found(new Uint8Array(limit + 1)), "TOO_LARGE"],
  ];

  test.each(bad)("%s: the good one's state comes all the same", async (name, read, code) => {
    const { a } = await world();
    for (const first of [true, false]) {
      const reader = await TestReader.of(a);
      const other = { name, read };
      const sources = first ? [other, live(a)] : [live(a), other];
      const result = await reader.sync(a.now, ...sources);
      expect(versions(result)).toMatchObject({ timestamp: 1 });
      const report = result.sources.find(({ source }) => source === name);
      expect(report?.failure?.code ?? "").toBe(code);
    }
  });

  test("a source of one domain that never answers does not hold up another domain", async () => {
    const { a } = await world();
    const b = await makeDomain("b.example");
    const [readerA, readerB] = [await TestReader.of(a), await TestReader.of(b)];
    let asked = false;
    const never: Source = { name: "never", read: () => new Promise(() => {}) };
    const watched = altered(live(b), () => {
      asked = true;
      return undefined;
    });
    const sources = new Map<string, Source[]>([
      [NAME, [never]],
      ["b.example", [watched]],
    ]);
    void sync(kernel, readerA.store, sources, [readerA.pin, readerB.pin], a.now);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(asked).toBe(true);
  });
});

describe("what is remembered", () => {
  test("a file that the store has lost brings back no older state", async () => {
    const { a, reader } = await world();
    const mirror = frozen(await a.snapshot(), "mirror");
    await a.publish((draft) => addIssuer(draft, issuer));
    const { view } = await reader.sync(a.now, live(a));
    const lost = view.state?.metadata.targets.bytes as Uint8Array;
    await reader.store.remove(`${NAME}/files/${sha256(lost)}`);
    const after = await reader.sync(a.now, mirror);
    expect(versions(after)?.targets ?? 2).toBe(2);
    const opened = must(await openTrust(kernel, reader.store, reader.pin.root));
    expect(versions({ view: opened })?.targets ?? 2).toBe(2);
  });

  test.each([
    ["no digest", (meta: Loose) => void delete meta.hashes],
    ["a short one", (meta: Loose) => void (meta.hashes.sha256 = "ab")],
    ["one by another algorithm", (meta: Loose) => void (meta.hashes = { md5: "ab" })],
  ])("a timestamp that names its snapshot by %s leaves a store that opens", async (_, edit) => {
    const { a, reader, forgery } = await world();
    await forgery.publish(ONLINE, { timestamp: (signed) => edit(signed.meta["snapshot.json"]) });
    const refused = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(refused.sources).toMatchObject([{ status: "failed", failure: { code: "MALFORMED" } }]);
    expect(await openTrust(kernel, reader.store, reader.pin.root)).toMatchObject({ ok: true });
    expect(versions(await reader.sync(a.now, live(a)))).toMatchObject({ timestamp: 1 });
  });

  test("whatever else a signed timestamp or snapshot says, the store opens again", async () => {
    const { a, reader, forgery: clean } = await world();
    const edits: ((signed: Loose) => void)[] = [
      (signed) => void (signed["__proto__ "] = 1),
      (signed) => void (signed.meta["targets.json"].hashes.sha512 = "00"),
      (signed) => void delete signed.meta["targets.json"].hashes,
      (signed) => void (signed.meta["../x"] = { version: 1 }),
      (signed) => void (signed.expires = "0000-01-01T00:00:00Z"),
    ];
    edits.push((signed) => void (signed.meta["status.json"].version = 7));
    for (const edit of edits) {
      const forgery = await clean.copy();
      await forgery.publish(ONLINE, { snapshot: edit });
      await reader.sync(a.now, frozen(forgery.storage, "thief"));
      expect(await openTrust(kernel, reader.store, reader.pin.root)).toMatchObject({ ok: true });
    }
  });
});

test("a signer of a rotated timestamp key signs what the fixture thinks it does", async () => {
  // The names of test/domain/fixture.ts and those of forge.ts must be the same keys.
  const { a } = await world();
  const { root, targets } = await (await Forgery.of(a)).current();
  for (const role of ["root", "targets", "timestamp", "snapshot"] as const) {
    const known = KEYS[role].map((signer) => keyIdOf(publicKeyOf(signer))).sort();
    expect(root.signed.roles[role].keyids).toEqual(known);
  }
  const status = keyIdOf(publicKeyOf(signerOf(`${NAME}/status`)));
  expect(targets.signed.delegations.roles[0].keyids).toEqual([status]);
});
