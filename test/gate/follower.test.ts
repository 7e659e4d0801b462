import { describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import { addIssuer, addPeer, removePeer } from "../../src/domain/edit.js";
import { withdraw } from "../../src/domain/publish.js";
import type { FollowOptions, Subscription } from "../../src/gate/follower.js";
import { followTrust } from "../../src/gate/follower.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { rememberPins } from "../../src/sync/pins.js";
import type { Source } from "../../src/sync/source.js";
import type { TestDomain } from "../domain/fixture.js";
import { hexKey, makeDomain } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { Random, SEED } from "../authorization/random.js";
import { live, TERMS, TestReader } from "../sync/fixture.js";
import { forkOf, rotateRole } from "../sync/history.js";
import { TestTrustStore } from "../tlog/witness-store.js";
import { settle, TestClock } from "./fake-clock.js";

const OWN = "own.example";
const PEER = "peer.example";
const POLL = 1000;
const WITHIN = 600;

const revoke = (domain: TestDomain, name: string) =>
  domain.change((open) =>
    withdraw(open, { keys: [{ key: hexKey(name), expires: "9999-12-31T23:59:59Z" }] }),
  );

async function accept(own: TestDomain, peer: TestDomain, version = 1): Promise<void> {
  const root = await peer.read(`metadata/${version}.root.json`);
  const pinned = { version, sha256: encodeHex(kernel.sha256(root)) };
  const terms = { commands: ["/pay"], maxStaleness: 30_000, maxLifetime: 120_000, skew: 0 };
  await own.publish((draft) => addPeer(draft, { ...terms, name: peer.name, root: pinned }, root));
}

/** The own domain with one peer, and a follower's options. */
async function world(more: Partial<FollowOptions> = {}) {
  const [own, peer] = [await makeDomain(OWN), await makeDomain(PEER)];
  await accept(own, peer);
  const root = await own.read("metadata/1.root.json");
  const clock = new TestClock();
  const sources = new Map<string, readonly Source[]>([
    [OWN, [live(own)]],
    [PEER, [live(peer)]],
  ]);
  const hint = new Hint();
  const store = new TestTrustStore();
  const options: FollowOptions = {
    kernel,
    store,
    own: OWN,
    pins: [{ domain: OWN, root, terms: TERMS }],
    sources: (domain) => sources.get(domain) ?? [],
    clock,
    poll: POLL,
    within: WITHIN,
    subscriptions: [hint.subscribe],
    ...more,
  };
  return { own, peer, root, clock, sources, hint, store, options };
}

class Hint {
  readonly #calls = new Set<(domain?: string) => void>();

  readonly subscribe: Subscription = (changed) => {
    this.#calls.add(changed);
    return () => void this.#calls.delete(changed);
  };

  get listeners(): number {
    return this.#calls.size;
  }

  tell(domain?: string): void {
    for (const call of this.#calls) call(domain);
  }
}

/** A source that never answers, and counts how often it was asked. */
function silent(name = "silent") {
  const source = {
    name,
    asked: 0,
    read: () => {
      source.asked += 1;
      return new Promise<never>(() => {});
    },
  };
  return source;
}

/** The source, seen: how often each path was asked for. */
function counted(source: Source) {
  const paths: string[] = [];
  const read: Source["read"] = async (domain, path, request) => {
    paths.push(path);
    return await source.read(domain, path, request);
  };
  return { name: source.name, read, paths };
}

const isRevoked = (keys: ReadonlySet<string> | undefined, name: string) =>
  keys?.has(hexKey(name)) === true;

describe("a follower", () => {
  test("knows its own domain, and the peers that this names, once it is there", async () => {
    const { options, own, peer } = await world();
    const follower = await followTrust(options);
    const { domains } = follower;
    expect(domains.own.domain).toBe(OWN);
    expect(domains.own.state?.domain).toBe(OWN);
    expect([...domains.peers.keys()]).toEqual([PEER]);
    expect(domains.peers.get(PEER)?.state?.domain).toBe(PEER);
    expect(follower.lastFailure).toBeUndefined();
    expect(own.name).not.toBe(peer.name);
    await follower.close();
  });

  test("sees a revocation at the next poll, of the own domain and of a peer", async () => {
    const { options, own, peer, clock } = await world();
    const follower = await followTrust(options);
    await revoke(own, "x");
    await revoke(peer, "y");
    await clock.advance(POLL - 1);
    expect(isRevoked(follower.domains.own.withdrawn.keys, "x")).toBe(false);
    await clock.advance(1);
    expect(isRevoked(follower.domains.own.withdrawn.keys, "x")).toBe(true);
    expect(isRevoked(follower.domains.peers.get(PEER)?.withdrawn.keys, "y")).toBe(true);
    await follower.close();
  });

  test("sees it at once where it is told of, and polls on", async () => {
    const { options, own, clock, hint } = await world();
    const follower = await followTrust(options);
    await clock.advance(100);
    await revoke(own, "x");
    hint.tell();
    await settle();
    expect(isRevoked(follower.domains.own.withdrawn.keys, "x")).toBe(true);
    await revoke(own, "y");
    await clock.advance(POLL);
    expect(isRevoked(follower.domains.own.withdrawn.keys, "y")).toBe(true);
    await follower.close();
  });

  test("a flood of hints costs one round in 20 ms, and the last of them is not lost", async () => {
    const { options, own, clock, hint, sources } = await world();
    const source = counted(live(own));
    sources.set(OWN, [source]);
    const follower = await followTrust(options);
    await clock.advance(500);
    const before = source.paths.filter((path) => path === "metadata/timestamp.json").length;
    for (let ms = 0; ms < 210; ms++) {
      for (let i = 0; i < 10; i++) hint.tell();
      await clock.advance(1);
    }
    await revoke(own, "x");
    hint.tell();
    await clock.advance(20);
    const rounds =
      source.paths.filter((path) => path === "metadata/timestamp.json").length - before;
    expect(rounds).toBeGreaterThan(9);
    expect(rounds).toBeLessThanOrEqual(12);
    expect(isRevoked(follower.domains.own.withdrawn.keys, "x")).toBe(true);
    await follower.close();
  });

  test("a hint of one domain brings forward no other's round", async () => {
    const { options, peer, clock, hint, sources } = await world();
    const source = counted(live(peer));
    sources.set(PEER, [source]);
    const follower = await followTrust(options);
    await clock.advance(100);
    const before = source.paths.length;
    hint.tell(OWN);
    await settle();
    expect(source.paths.length).toBe(before);
    hint.tell(PEER);
    await settle();
    expect(source.paths.length).toBeGreaterThan(before);
    await follower.close();
  });
});

describe("what changes", () => {
  test("is told of after the change, and only where there is one", async () => {
    const { options, own, clock } = await world();
    const follower = await followTrust(options);
    const seen: number[] = [];
    const stop = follower.onChange(() => {
      seen.push(follower.domains.own.state?.metadata.timestamp.signed.version ?? 0);
    });
    const first = follower.domains;
    await follower.refresh();
    await clock.advance(5 * POLL);
    expect(seen).toEqual([]);
    expect(follower.domains).toBe(first);
    // A new timestamp alone: nothing is decided otherwise, but it is younger.
    await own.publish();
    await follower.refresh();
    expect(seen).toHaveLength(1);
    expect(follower.domains).not.toBe(first);
    await revoke(own, "x");
    await follower.refresh();
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe((seen[0] as number) + 1);
    stop();
    await revoke(own, "y");
    await follower.refresh();
    expect(seen).toHaveLength(2);
    await follower.close();
  });

  test("leaves what was read before as it was", async () => {
    const { options, own } = await world();
    const follower = await followTrust(options);
    const before = follower.domains;
    const [view, keys] = [before.own, [...before.own.withdrawn.keys]];
    await revoke(own, "x");
    await own.publish((draft) => removePeer(draft, PEER));
    await follower.refresh();
    expect(before.own).toBe(view);
    expect([...before.own.withdrawn.keys]).toEqual(keys);
    expect([...before.peers.keys()]).toEqual([PEER]);
    expect([...follower.domains.peers.keys()]).toEqual([]);
    expect(Object.isFrozen(before)).toBe(true);
    await follower.close();
  });

  test("a peer comes and goes with the word of the own domain", async () => {
    const { options, own, sources, clock } = await world();
    const other = await makeDomain("other.example");
    sources.set(other.name, [live(other)]);
    const follower = await followTrust(options);
    await accept(own, other);
    await follower.refresh();
    expect(follower.domains.peers.get(other.name)?.state?.domain).toBe(other.name);
    await own.publish((draft) => removePeer(draft, other.name));
    await follower.refresh();
    expect([...follower.domains.peers.keys()]).toEqual([PEER]);
    const source = counted(live(other));
    sources.set(other.name, [source]);
    await clock.advance(3 * POLL);
    expect(source.paths).toEqual([]);
    await follower.close();
  });

  test("another root of a peer is in force after the next round, also where that fails", async () => {
    for (const fails of [false, true]) {
      const { options, own, peer, sources, store } = await world();
      let broken = false;
      const get: typeof store.get = async (key, limit) => {
        if (broken && key.startsWith(PEER)) throw new Error("the disk is gone");
        return await store.get(key, limit);
      };
      const follower = await followTrust({
        ...options,
        store: {
          get,
          put: (key, value) => store.put(key, value),
          compareAndSwap: (key, before, value) => store.compareAndSwap(key, before, value),
          remove: (key) => store.remove(key),
        },
      });
      broken = fails;
      await follower.refresh();
      expect(follower.domains.peers.get(PEER)?.state?.metadata.root.signed.version).toBe(1);
      await rotateRole(peer, "root");
      sources.set(PEER, [live(peer)]);
      await own.publish((draft) => removePeer(draft, PEER));
      await accept(own, peer, 2);
      await follower.refresh();
      const view = follower.domains.peers.get(PEER);
      expect(view?.state?.metadata.root.signed.version).toBe(fails ? undefined : 2);
      expect(view?.failure?.code).toBe(fails ? "UNREACHABLE" : undefined);
      await follower.close();
    }
  });
});

describe("sources that do not answer", () => {
  test("of a peer hold up nobody else", async () => {
    const { options, own, clock, sources } = await world();
    sources.set(PEER, [silent()]);
    const starting = followTrust(options);
    const follower = await clock.until(starting, WITHIN + 1);
    expect(follower.domains.own.state?.domain).toBe(OWN);
    expect(follower.lastFailure?.code).toBe("TIMEOUT");
    await revoke(own, "x");
    await clock.advance(POLL);
    expect(isRevoked(follower.domains.own.withdrawn.keys, "x")).toBe(true);
    await follower.close();
  });

  test("beside an honest one of the same domain hold it up for the time of a round at most", async () => {
    const { options, own, clock, sources } = await world();
    sources.set(OWN, [silent("a"), live(own), silent("b")]);
    const follower = await clock.until(followTrust(options), WITHIN + 1);
    expect(follower.domains.own.state?.domain).toBe(OWN);
    expect(follower.lastFailure).toBeUndefined();
    await revoke(own, "x");
    await clock.advance(follower.worstDelay);
    expect(isRevoked(follower.domains.own.withdrawn.keys, "x")).toBe(true);
    await follower.close();
  });

  test("or only for a part, or slowly, make no round longer than it may be", async () => {
    const { options, own, clock, sources } = await world();
    const source = live(own);
    const noLog: Source = {
      name: "no log",
      read: async (domain, path, request) =>
        path.startsWith("log/") ? await new Promise(() => {}) : source.read(domain, path, request),
    };
    const slow: Source = {
      name: "slow",
      read: (...question) =>
        new Promise((resolve) => {
          clock.after(WITHIN / 5, () => resolve(source.read(...question)));
        }),
    };
    for (const hindrance of [noLog, slow]) {
      sources.set(OWN, [{ ...hindrance }, { ...hindrance, name: "another" }, source]);
      const follower = await clock.until(followTrust(options), WITHIN + 1);
      await revoke(own, hindrance.name.replace(" ", "-"));
      const started = clock.elapsed();
      await clock.until(follower.refresh());
      expect(clock.elapsed() - started).toBeLessThanOrEqual(WITHIN);
      expect(isRevoked(follower.domains.own.withdrawn.keys, hindrance.name.replace(" ", "-"))).toBe(
        true,
      );
      sources.set(OWN, [hindrance]);
      await revoke(own, "x");
      const alone = clock.elapsed();
      await clock.until(follower.refresh());
      expect(clock.elapsed() - alone).toBeLessThanOrEqual(WITHIN);
      await follower.close();
    }
  });

  test("are asked no more while they owe eight answers", async () => {
    const { options, clock, sources } = await world();
    const source = silent();
    sources.set(PEER, [source]);
    const follower = await clock.until(followTrust(options), WITHIN + 1);
    await clock.advance(100 * POLL);
    expect(source.asked).toBe(8);
    expect(follower.lastFailure?.code).toBe("TIMEOUT");
    await follower.close();
  });

  test("come back when they answer again", async () => {
    const { options, peer, clock, sources } = await world();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const source = live(peer);
    sources.set(PEER, [
      {
        name: source.name,
        read: async (...question) => {
          await held;
          return await source.read(...question);
        },
      },
    ]);
    const follower = await clock.until(followTrust(options), WITHIN + 1);
    await clock.advance(20 * POLL);
    expect(follower.domains.peers.get(PEER)?.state).toBeUndefined();
    release();
    await clock.advance(2 * POLL);
    expect(follower.domains.peers.get(PEER)?.state?.domain).toBe(PEER);
    expect(follower.lastFailure).toBeUndefined();
    await follower.close();
  });

  test("or throw, are sources that did not answer", async () => {
    const { options, own, sources } = await world();
    const broken: Source = {
      name: "broken",
      read: () => {
        throw new Error("no such host");
      },
    };
    sources.set(OWN, [broken, live(own)]);
    sources.set(PEER, [broken]);
    const follower = await followTrust(options);
    expect(follower.domains.own.state?.domain).toBe(OWN);
    expect(follower.lastFailure?.code).toBe("UNREACHABLE");
    expect(follower.lastFailure?.found).toContain("no such host");
    await follower.close();
  });

  test("hold up no end", async () => {
    const { options, clock, sources, hint } = await world();
    const follower = await followTrust(options);
    sources.set(OWN, [silent()]);
    void follower.refresh();
    await settle();
    await follower.close();
    expect(clock.pending).toBe(0);
    expect(hint.listeners).toBe(0);
    const { domains } = follower;
    hint.tell();
    await follower.refresh();
    await clock.advance(10 * POLL);
    expect(follower.domains).toBe(domains);
  });
});

test("whenever it is published, it has effect within the worst delay, however slow the source is in its time", async () => {
  const random = new Random(SEED);
  for (const within of [200, 900, 1700]) {
    const { options, own, clock, sources } = await world({ within });
    const source = live(own);
    // Of half the time of a round, all that a source has where it is the only one.
    const slow: Source = {
      name: source.name,
      read: (...question) =>
        new Promise((resolve) => {
          const ms = random.below(within / 2 / 12);
          const answer = source.read(...question);
          clock.after(ms, () => resolve(answer));
        }),
    };
    sources.set(OWN, [slow]);
    const follower = await clock.until(followTrust(options), within * 2);
    for (let i = 0; i < 12; i++) {
      await clock.advance(random.below(POLL * 2));
      await revoke(own, `${within}-${i}`);
      await clock.advance(follower.worstDelay);
      const seen = isRevoked(follower.domains.own.withdrawn.keys, `${within}-${i}`);
      expect(seen, `within ${within}, seed ${SEED}`).toBe(true);
    }
    await follower.close();
  }
});

describe("a store that fails", () => {
  test("leaves the views as they were, and the next round heals", async () => {
    const { options, own, store, clock } = await world();
    const follower = await followTrust(options);
    const before = follower.domains;
    let changes = 0;
    follower.onChange(() => (changes += 1));
    store.gate = async () => {
      throw new Error("the disk is gone");
    };
    await revoke(own, "x");
    await clock.advance(3 * POLL);
    expect(follower.domains).toBe(before);
    expect(changes).toBe(0);
    expect(follower.lastFailure).toMatchObject({ code: "UNREACHABLE" });
    expect(follower.lastFailure?.found).toContain("the disk is gone");
    store.gate = async () => {};
    await clock.advance(POLL);
    expect(isRevoked(follower.domains.own.withdrawn.keys, "x")).toBe(true);
    expect(follower.lastFailure).toBeUndefined();
    await follower.close();
  });

  test("from the beginning leaves nothing to trust, and says why", async () => {
    const { options, store, clock } = await world();
    store.gate = async () => {
      throw new Error("the disk is gone");
    };
    const follower = await followTrust(options);
    expect(follower.domains.own.state).toBeUndefined();
    expect(follower.domains.own.failure?.code).toBe("UNREACHABLE");
    store.gate = async () => {};
    await clock.advance(POLL);
    expect(follower.domains.own.state?.domain).toBe(OWN);
    expect(follower.domains.own.failure).toBeUndefined();
    await follower.close();
  });
});

describe("a store that another process syncs", () => {
  /** What `writ sync` does, and a follower that only reads. */
  async function read(more: Partial<FollowOptions> = {}) {
    const made = await world({ sources: () => [], ...more });
    const { own, peer, store, root } = made;
    const readers = [
      new TestReader(OWN, { root, terms: TERMS }, store),
      new TestReader(PEER, { root: await peer.read("metadata/1.root.json"), terms: TERMS }, store),
    ];
    const sync = async (): Promise<void> => {
      await readers[0]?.sync(own.now, live(own));
      await readers[1]?.sync(peer.now, live(peer));
    };
    return { ...made, sync };
  }

  test("is read and never written to", async () => {
    const { options, own, store, sync, clock } = await read();
    const follower = await followTrust(options);
    expect(store.history).toEqual([]);
    expect(follower.domains.own.state).toBeUndefined();
    await sync();
    const written = store.history.length;
    await clock.advance(POLL);
    expect(follower.domains.own.state?.domain).toBe(OWN);
    await clock.advance(POLL);
    expect(follower.domains.peers.get(PEER)?.state?.domain).toBe(PEER);
    expect(store.history.length).toBe(written);
    await revoke(own, "x");
    await sync();
    await follower.refresh();
    expect(isRevoked(follower.domains.own.withdrawn.keys, "x")).toBe(true);
    await follower.close();
  });

  test("may change at any operation of a round", async () => {
    const { options, own, store, sync } = await read();
    await sync();
    const follower = await followTrust(options);
    const started = store.operations;
    await follower.refresh();
    const most = store.operations - started;
    expect(most).toBeGreaterThan(5);
    for (let at = 1; at <= most; at++) {
      await revoke(own, `at-${at}`);
      let left = at;
      store.gate = async () => {
        if (--left !== 0) return;
        store.gate = async () => {};
        await sync();
      };
      await follower.refresh();
      store.gate = async () => {};
      expect(follower.lastFailure, `operation ${at}`).toBeUndefined();
      expect(follower.domains.own.failure, `operation ${at}`).toBeUndefined();
      expect(follower.domains.own.state, `operation ${at}`).toBeDefined();
      await sync();
      await follower.refresh();
      expect(isRevoked(follower.domains.own.withdrawn.keys, `at-${at}`)).toBe(true);
    }
    await follower.close();
  });

  test("is followed by the pins that it remembers", async () => {
    const { options, own, store, sync, clock } = await read({ pins: undefined });
    const follower = await followTrust(options);
    expect(follower.domains.own.failure?.code).toBe("NO_TRUST");
    await sync();
    await rememberPins(store, [{ domain: OWN, terms: TERMS }]);
    await clock.advance(POLL);
    expect(follower.domains.own.state?.domain).toBe(OWN);
    expect([...follower.domains.peers.keys()]).toEqual([PEER]);
    expect(own.name).toBe(OWN);
    await follower.close();
  });

  test("that is pinned anew is followed under the new root", async () => {
    const { options, own, store, sync } = await read({ pins: undefined });
    await sync();
    await rememberPins(store, [{ domain: OWN, terms: TERMS }]);
    const follower = await followTrust(options);
    const fork = await forkOf(own);
    await rotateRole(fork, "root");
    const root = await fork.read("metadata/2.root.json");
    await new TestReader(OWN, { root, terms: TERMS }, store).sync(fork.now, live(fork));
    await follower.refresh();
    expect(follower.domains.own.state?.metadata.root.signed.version).toBe(2);
    await follower.close();
  });
});

test("pins that do not fit are no trust", async () => {
  const stranger = await makeDomain("stranger.example");
  const root = await stranger.read("metadata/1.root.json");
  const { options } = await world({ pins: [{ domain: OWN, root, terms: TERMS }] });
  const follower = await followTrust(options);
  expect(follower.domains.own.failure).toMatchObject({ code: "KEY" });
  expect(follower.lastFailure).toMatchObject({ code: "KEY" });
  await follower.close();
  const none = await followTrust({ ...options, pins: [] });
  expect(none.domains.own.failure).toMatchObject({ code: "NO_TRUST" });
  await none.close();
});

test("a domain that is pinned besides is followed too, by that root", async () => {
  const { options, peer, root } = await world();
  const other = await makeDomain("other.example");
  const pins = [
    { domain: OWN, root, terms: TERMS },
    { domain: other.name, root: await other.read("metadata/1.root.json"), terms: TERMS },
  ];
  const sources = (domain: string) => [live(domain === other.name ? other : peer)];
  const follower = await followTrust({
    ...options,
    pins,
    sources: (domain, of) => (domain === OWN ? options.sources(OWN, of) : sources(domain)),
  });
  expect([...follower.domains.peers.keys()].sort()).toEqual([other.name, PEER]);
  expect(follower.domains.peers.get(other.name)?.state?.domain).toBe(other.name);
  await follower.close();
});

test("a peer's sources are chosen by what the own domain says of it", async () => {
  const asked: (readonly [string, string | undefined])[] = [];
  const { options, own } = await world();
  const follower = await followTrust({
    ...options,
    store: new MemoryTrustStore(),
    sources: (domain, peer) => {
      asked.push([domain, peer?.name]);
      return options.sources(domain, peer);
    },
  });
  expect(asked).toEqual([
    [OWN, undefined],
    [PEER, PEER],
  ]);
  await own.publish((draft) =>
    addIssuer(draft, { name: "ops", key: hexKey("ops"), commands: ["/"] }),
  );
  await follower.close();
});

test("times that are none are misuse", async () => {
  const { options } = await world();
  for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    await expect(followTrust({ ...options, poll: ms })).rejects.toThrow(RangeError);
    await expect(followTrust({ ...options, within: ms })).rejects.toThrow(RangeError);
  }
});
