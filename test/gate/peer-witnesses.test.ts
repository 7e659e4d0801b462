/** F48: peers cosign a gate's head, from time to time and before the effect of a run that demands it. */
import { describe, expect, test } from "vitest";
import { addResumer, setWitnesses } from "../../src/domain/edit.js";
import type { Gate } from "../../src/gate/gate.js";
import { openGate } from "../../src/gate/open-gate.js";
import { UNWITNESSED } from "../../src/gate/options.js";
import type { RunResult } from "../../src/gate/governed-run.js";
import type { Started } from "../../src/gate/started.js";
import type { Witness } from "../../src/gate/witness.js";
import { storeWitness } from "../../src/gate/witness.js";
import { cosignedSizes, readCosigned } from "../../src/lineage/cosigned.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import type { Reader } from "../../src/storage/storage.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { checkSignatures } from "../../src/tlog/signatures.js";
import type { Signer } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { failure } from "../../src/verdict.js";
import {
  BANK,
  GATE,
  grant,
  makeWorld,
  MILL,
  NOW,
  otherViews,
  SHIP,
} from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { signer, utf8 } from "../tlog/fixture.js";
import { settle, TestClock } from "./fake-clock.js";
import type { Bench, Setting } from "./harness.js";
import { asking, entriesOf, gateSigner, storyOf, TestEffect } from "./harness.js";
import { openings, openResumable, RESUMER, wordFor } from "./worlds.js";

const own = signer(`${SHIP}/witness`, 20, "witness");
const bank = signer(`${BANK}/witness`, 21, "witness");
const mill = signer(`${MILL}/witness`, 22, "witness");
const stranger = signer("stranger.example/witness", 23, "witness");

const policy = (...by: Signer[]) =>
  utf8(
    `${by.map(({ key }, i) => `witness w${i} ${formatVkey(key)}\n`).join("")}group g any ${by
      .map((_, i) => `w${i}`)
      .join(" ")}\nquorum g\n`,
  );

/** MILL lists SHIP's own witness as well. */
const domains = (
  await makeWorld(async (world) => {
    await world.ship.publish((draft) => setWitnesses(draft, policy(own)));
    await world.ship.publish((draft) =>
      addResumer(draft, { name: "duty officer", key: RESUMER.hex }),
    );
    await world.bank.publish((draft) => setWitnesses(draft, policy(bank)));
    await world.mill.publish((draft) => setWitnesses(draft, policy(mill, own)));
  })
).domains;

/** A witness whose answers a test can hold back. */
class Peer implements Witness {
  readonly key;
  readonly #witness: Witness;
  #open: Promise<void> = Promise.resolve();
  release: () => void = () => {};
  asked = 0;

  constructor(by: Signer, clock: TestClock, store = new MemoryTrustStore()) {
    const setup = { logs: [{ origin: GATE, key: gateSigner().key }], verifiers: NO_VERIFIERS };
    this.#witness = storeWitness(kernel, store, setup, by, clock);
    this.key = by.key;
  }

  hold(): this {
    this.#open = new Promise((resolve) => (this.release = resolve));
    return this;
  }

  async add(request: Uint8Array) {
    this.asked += 1;
    await this.#open;
    return await this.#witness.add(request);
  }
}

interface Watched extends Bench {
  readonly clock: TestClock;
}

const open = (setting: Setting = {}): Promise<Watched> => openResumable({ domains, ...setting });

/** The names of those who cosigned a size, as the history has it. */
async function cosigners(storage: Reader, size: number): Promise<string[]> {
  const note = must((await readCosigned(storage, size)) ?? failure("MISSING", `${size}`, "none"));
  const keys = [own, bank, mill, stranger].map(({ key }) => key);
  const statuses = checkSignatures(kernel, must(parseCheckpoint(note)), keys, NO_VERIFIERS);
  expect(statuses.every(({ status }) => status === "ok")).toBe(true);
  return statuses.map(({ key }) => key.name).sort();
}

async function newest(storage: Reader): Promise<string[]> {
  return await cosigners(storage, (await cosignedSizes(storage)).at(-1) ?? -1);
}

const WITNESSED = grant({ witnessed: "intent" });

interface Asked {
  readonly effect: TestEffect;
  readonly started: Promise<Started>;
}

async function ask(gate: Gate): Promise<Asked> {
  const effect = new TestEffect();
  const started = gate.start(await asking(gate, { links: [WITNESSED], effect }));
  await settle();
  return { effect, started };
}

async function resultOf(started: Started): Promise<RunResult> {
  if (started.outcome !== "allow") throw new Error(`${started.code}: ${started.found}`);
  return await started.run.finished;
}

/** Index of the latest entry of a kind. */
async function lastOf(gate: Gate, kind: string): Promise<number> {
  return (await entriesOf(gate)).findLastIndex((entry) => entry.kind === kind);
}

describe("F48: peers cosigned its head", () => {
  test("at start, while it grows, and at the end; one note a size, with all of them", async () => {
    const clock = new TestClock(NOW);
    const peers = [new Peer(bank, clock), new Peer(mill, clock)];
    const witness = new Peer(own, clock);
    const { gate, storage } = await open({ clock, witness, peerWitnesses: peers });
    await settle();
    expect(await newest(storage)).toEqual([bank, mill].map(({ key }) => key.name));
    const before = await cosignedSizes(storage);
    // Heartbeats alone.
    await clock.advance(15_000);
    const after = await cosignedSizes(storage);
    expect(after.length).toBeGreaterThan(before.length);
    expect(await newest(storage)).toContain(bank.key.name);
    await gate.contain();
    await gate.close();
    expect(await newest(storage)).toEqual([bank, mill, own].map(({ key }) => key.name));
    expect((await cosignedSizes(storage)).at(-1)).toBe(gate.state.size);
    // The log's own checkpoint has them too: it is what packets are made of.
    const note = must(parseCheckpoint((await storage.read("checkpoint", 1 << 20)) as Uint8Array));
    expect(note.note.signatures).toHaveLength(4);
  });

  test("and are not asked where nothing was added", async () => {
    const clock = new TestClock(NOW);
    const peer = new Peer(bank, clock);
    const cadence = { beat: 1e9 };
    const { gate } = await open({ clock, cadence, peerWitnesses: [peer] });
    await clock.advance(60_000);
    const { asked } = peer;
    await clock.advance(600_000);
    expect(peer.asked).toBe(asked);
    await gate.close();
    expect(peer.asked).toBe(asked);
  });

  test("one that hangs holds nobody up, and what it says late is still kept", async () => {
    const clock = new TestClock(NOW);
    const [slow, quick] = [new Peer(bank, clock).hold(), new Peer(mill, clock)];
    const cadence = { beat: 1e9 };
    const { gate, storage } = await open({ clock, cadence, peerWitnesses: [slow, quick] });
    await clock.advance(4_000);
    expect(await newest(storage)).toEqual([mill.key.name]);
    slow.release();
    await settle();
    expect(await newest(storage)).toEqual([bank.key.name, mill.key.name]);
    slow.hold();
    await gate.contain();
    await clock.until(gate.close(), 5_500);
    expect(await newest(storage)).toEqual([mill.key.name]);
    const sizes = await cosignedSizes(storage);
    // What comes after the gate has given its log back is not written.
    slow.release();
    await settle();
    expect(await newest(storage)).toEqual([mill.key.name]);
    expect(await cosignedSizes(storage)).toEqual(sizes);
  });

  test("an old question that is answered late contradicts nothing", async () => {
    const clock = new TestClock(NOW);
    const slow = new Peer(bank, clock).hold();
    const { gate, storage } = await open({ clock, peerWitnesses: [slow] });
    await clock.advance(14_000);
    const late = slow.release;
    slow.hold();
    slow.release();
    // Of a larger log; the first question, of a smaller one, comes to the witness after it.
    await clock.advance(2_000);
    expect(await newest(storage)).toEqual([bank.key.name]);
    late();
    await clock.advance(15_000);
    expect(gate.state.mode).toBe("open");
    await gate.close();
  });

  test("by no key that no peer lists, nor by one that the own domain lists", async () => {
    const clock = new TestClock(NOW);
    const peers = [new Peer(stranger, clock), new Peer(own, clock)];
    const { gate, storage } = await open({ clock, witness: UNWITNESSED, peerWitnesses: peers });
    await clock.advance(16_000);
    expect(await cosignedSizes(storage)).toEqual([]);
    expect(peers.map(({ asked }) => asked)).toEqual([0, 0]);
    const { started, effect } = await ask(gate);
    expect(await started).toMatchObject({ outcome: "deny", code: "QUORUM" });
    expect(effect.began).toBe(false);
    await gate.close();
  });

  test("by none of a peer whose trust is stale or gone", async () => {
    const clock = new TestClock(NOW);
    const peer = new Peer(bank, clock);
    const { gate, follower, storage } = await open({ clock, peerWitnesses: [peer] });
    await settle();
    const sizes = await cosignedSizes(storage);
    follower.set(otherViews(domains, { [BANK]: () => undefined }));
    await clock.advance(16_000);
    expect(await cosignedSizes(storage)).toEqual(sizes);
    await gate.close();
    const stale = new TestClock(NOW + 25_000);
    const late = new Peer(bank, stale);
    const other = await open({ clock: stale, peerWitnesses: [late] });
    await stale.advance(1_000);
    expect(late.asked).toBe(0);
    await other.gate.close();
  });

  test("a contradiction contains the gate", async () => {
    const clock = new TestClock(NOW);
    const store = new MemoryTrustStore();
    const first = await open({ clock, peerWitnesses: [new Peer(bank, clock, store)] });
    await first.gate.contain();
    await first.gate.close();
    // The log is gone, and begins anew.
    const peer = new Peer(bank, clock, store);
    const { gate } = await open({ clock, storage: new MemoryStorage(), peerWitnesses: [peer] });
    await settle();
    expect(gate.state.mode).toBe("contained");
    const drift = (await entriesOf(gate)).find((entry) => entry.kind === "drift");
    expect(drift).toMatchObject({ run: null, drift: "log", code: "LOG" });
    // Once: what must be answered is that.
    const before = gate.state.drift;
    await clock.advance(60_000);
    expect(gate.state.drift).toBe(before);
    await gate.close();
  });

  test("another root in the history is a contradiction as well", async () => {
    const clock = new TestClock(NOW);
    const first = await open({ clock, peerWitnesses: [new Peer(bank, clock)] });
    await settle();
    const history = first.storage as MemoryStorage;
    const [size] = (await cosignedSizes(history)) as [number];
    const kept = (await history.read(`cosigned/${size}`, 1 << 20)) as Uint8Array;
    await first.gate.close();
    const storage = new MemoryStorage();
    await storage.write(`cosigned/${size}`, kept);
    const options = { clock, storage, host: "another", peerWitnesses: [new Peer(mill, clock)] };
    const { gate } = await open(options);
    await settle();
    expect(gate.state.mode).toBe("contained");
    expect(await storage.read(`cosigned/${size}`, 1 << 20)).toEqual(kept);
    await gate.close();
  });

  test("and no gate is opened with one, where the own witness is asked", async () => {
    const logs = await Promise.all(
      ["one", "two"].map(async (host) => {
        const clock = new TestClock(NOW);
        const witness = new Peer(own, clock);
        const { gate, storage, options } = await open({ clock, witness, host });
        await gate.close();
        return { storage, options, size: gate.state.size };
      }),
    );
    const [one, two] = logs as [(typeof logs)[0], (typeof logs)[0]];
    expect(one.size).toBe(two.size);
    const kept = (await two.storage.read(`cosigned/${two.size}`, 1 << 20)) as Uint8Array;
    await one.storage.write(`cosigned/${one.size}`, kept);
    expect(await openGate(one.options)).toMatchObject({ ok: false, code: "LOG" });
    await one.storage.remove(`cosigned/${one.size}`);
    await must(await openGate(one.options)).close();
  });

  test("a history that cannot be written stops nothing", async () => {
    class Faulty extends MemoryStorage {
      override async write(path: string, bytes: Uint8Array): Promise<void> {
        if (path.startsWith("cosigned/")) throw new Error("no space");
        await super.write(path, bytes);
      }
    }
    const clock = new TestClock(NOW);
    const storage = new Faulty();
    const [witness, peer] = [new Peer(own, clock), new Peer(bank, clock)];
    const { gate } = await open({ clock, storage, witness, peerWitnesses: [peer] });
    await clock.advance(16_000);
    expect(gate.failure).toBeUndefined();
    expect(gate.state.mode).toBe("open");
    const effect = new TestEffect();
    await gate.start(await asking(gate, { effect }));
    expect(effect.began).toBe(true);
    // But nothing begins on a cosignature that nobody will find again.
    const asked = await ask(gate);
    await clock.advance(5_000);
    expect(await resultOf(await asked.started)).toMatchObject({ code: "QUORUM" });
    expect(asked.effect.began).toBe(false);
    await gate.close();
  });
});

describe("F48: witnessed: intent", () => {
  test("denied QUORUM by a gate that asks no peers", async () => {
    const { gate } = await open();
    const { started, effect } = await ask(gate);
    expect(await started).toMatchObject({ outcome: "deny", code: "QUORUM" });
    expect(effect.began).toBe(false);
    await gate.close();
  });

  test("the effect begins when a peer has cosigned the intent, and not before", async () => {
    const clock = new TestClock(NOW);
    const [slow, dead] = [new Peer(bank, clock), new Peer(mill, clock).hold()];
    const { gate, storage } = await open({ clock, peerWitnesses: [slow, dead] });
    await clock.advance(100);
    slow.hold();
    const { started, effect } = await ask(gate);
    const intent = await lastOf(gate, "intent");
    expect(intent).toBeGreaterThan(0);
    await clock.advance(3_000);
    expect(effect.began).toBe(false);
    slow.release();
    await settle();
    expect(effect.began).toBe(true);
    const sizes = (await cosignedSizes(storage)).filter((size) => size > intent);
    expect(sizes.length).toBeGreaterThan(0);
    expect(await cosigners(storage, sizes[0] as number)).toEqual([bank.key.name]);
    effect.end();
    expect(await resultOf(await started)).toMatchObject({ outcome: "completed" });
    await clock.until(gate.close());
  });

  test("a peer that cannot be asked at first is asked again", async () => {
    const clock = new TestClock(NOW);
    const peer = new Peer(bank, clock);
    let answers = false;
    const flaky: Witness = {
      key: peer.key,
      add: (request) => (answers ? peer.add(request) : Promise.reject(new Error("down"))),
    };
    const { gate } = await open({ clock, peerWitnesses: [flaky] });
    const { effect } = await ask(gate);
    await clock.advance(2_000);
    expect(effect.began).toBe(false);
    answers = true;
    await clock.advance(500);
    expect(effect.began).toBe(true);
    effect.end();
    await clock.until(gate.close());
  });

  test.each([
    ["the bound", 5_000, {}],
    ["the bound that is set", 700, { cadence: { peerAnswer: 700 } }],
  ])("no cosignature within %s: QUORUM, and the effect never begins", async (_, ms, setting) => {
    const clock = new TestClock(NOW);
    const peer = new Peer(bank, clock).hold();
    const { gate } = await open({ clock, peerWitnesses: [peer], ...setting });
    const { started, effect } = await ask(gate);
    await clock.advance(ms - 1);
    expect(await Promise.race([started, Promise.resolve("waits")])).toBe("waits");
    await clock.advance(1);
    const ended = await started;
    expect(await resultOf(ended)).toMatchObject({
      outcome: "interrupted",
      code: "QUORUM",
      drift: "staleness",
      answer: "stopped",
    });
    const run = ended.outcome === "allow" ? ended.run.id : "";
    const story = await storyOf(gate, run);
    expect(story).toContain("intent executing");
    expect(story.slice(-2)).toEqual(["drift drifted", "interruption contained"]);
    peer.release();
    await settle();
    expect(effect.began).toBe(false);
    await clock.until(gate.close());
  });

  test("never past the end of the decision", async () => {
    const clock = new TestClock(NOW);
    const peer = new Peer(bank, clock).hold();
    // The bank's state holds up to 20 seconds after it was issued.
    await clock.advance(16_000);
    const { gate } = await open({ clock, cadence: { peerAnswer: 60_000 }, peerWitnesses: [peer] });
    const { started, effect } = await ask(gate);
    await clock.advance(3_100);
    const { code } = (await resultOf(await started)) as { code?: string };
    expect(["QUORUM", "STALE"]).toContain(code);
    expect(effect.began).toBe(false);
    peer.release();
    await clock.until(gate.close(), 70_000);
  });

  test("a revocation while it waits: the effect never begins", async () => {
    const clock = new TestClock(NOW);
    const peer = new Peer(bank, clock).hold();
    const { gate, follower } = await open({ clock, peerWitnesses: [peer] });
    const { started, effect } = await ask(gate);
    await clock.advance(1_000);
    const { id } = WITNESSED;
    follower.set(
      otherViews(domains, {
        [BANK]: (view) => ({
          ...view,
          withdrawn: { ...view.withdrawn, authorizations: new Set([id]) },
        }),
      }),
    );
    await settle();
    expect(await resultOf(await started)).toMatchObject({ code: "REVOKED", drift: "revocation" });
    peer.release();
    await clock.advance(10_000);
    expect(effect.began).toBe(false);
    await gate.close();
  });

  test.each(["contain", "close"] as const)("%s while it waits: it never begins", async (how) => {
    const clock = new TestClock(NOW);
    const peer = new Peer(bank, clock).hold();
    const { gate } = await open({ clock, peerWitnesses: [peer] });
    const { started, effect } = await ask(gate);
    const done = how === "contain" ? gate.contain() : gate.close();
    await settle();
    expect(await resultOf(await started)).toMatchObject({ code: "CONTAINED" });
    await clock.until(done);
    peer.release();
    await settle();
    expect(effect.began).toBe(false);
    await clock.until(gate.close());
  });

  test("a witness that its domain lists no more counts nothing, also for what it says then", async () => {
    const clock = new TestClock(NOW);
    const peer = new Peer(bank, clock).hold();
    const { gate, follower, storage } = await open({ clock, peerWitnesses: [peer] });
    const { started, effect } = await ask(gate);
    follower.set(
      otherViews(domains, {
        [BANK]: (view) => ({
          ...view,
          state: { ...view.state, witnesses: policy(stranger) } as never,
        }),
      }),
    );
    peer.release();
    await clock.advance(5_000);
    expect(await resultOf(await started)).toMatchObject({ code: "QUORUM" });
    expect(effect.began).toBe(false);
    expect(await cosignedSizes(storage)).toEqual([]);
    await gate.close();
  });

  test("a contradiction while it waits contains the gate, and nothing begins", async () => {
    const clock = new TestClock(NOW);
    const store = new MemoryTrustStore();
    const first = await open({ clock, peerWitnesses: [new Peer(bank, clock, store)] });
    for (let i = 0; i < 5; i++) await clock.advance(10_000);
    await first.gate.close();
    const again = new TestClock(NOW);
    const peer = new Peer(bank, again, store).hold();
    const { gate } = await open({ clock: again, peerWitnesses: [peer] });
    const { started, effect } = await ask(gate);
    peer.release();
    await settle();
    expect(await resultOf(await started)).toMatchObject({ code: "LOG", drift: "log" });
    expect([effect.began, gate.state.mode]).toEqual([false, "contained"]);
    await again.until(gate.close());
  });

  test("a run that was resumed begins when a peer has cosigned the resume", async () => {
    const clock = new TestClock(NOW);
    const peer = new Peer(bank, clock);
    const { gate, storage } = await open({ clock, peerWitnesses: [peer] });
    const { started, effect } = await ask(gate);
    expect(effect.began).toBe(true);
    const begun = await started;
    if (begun.outcome !== "allow") throw new Error(begun.code);
    const { run } = begun;
    gate.supervisor.break(run, "LIMIT", "limit");
    await run.finished;
    const take = async (next: TestEffect) => {
      const given = await asking(gate, { links: [WITNESSED], effect: next });
      const opened = openings.get(run.id) ?? [];
      const word = await wordFor(gate, run.id);
      const resumed = gate.resumeRun(run.id, word, { ...given, openings: opened });
      await settle();
      return resumed;
    };
    peer.hold();
    const late = new TestEffect();
    const broken = take(late);
    await clock.advance(5_000);
    expect(await resultOf(await broken)).toMatchObject({ code: "QUORUM" });
    expect(late.began).toBe(false);
    peer.release();
    await settle();
    peer.hold();
    const next = new TestEffect();
    const resumed = take(next);
    await clock.advance(1_000);
    const index = await lastOf(gate, "resume");
    expect(next.began).toBe(false);
    peer.release();
    await settle();
    expect(next.began).toBe(true);
    expect((await cosignedSizes(storage)).at(-1)).toBeGreaterThan(index);
    next.end();
    expect(await resultOf(await resumed)).toMatchObject({ outcome: "completed" });
    await gate.close();
  });
});
