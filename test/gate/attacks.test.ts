/** Attacks on a gate's core, each with the code that it gets. */
import { describe, expect, test } from "vitest";
import { setWitnesses } from "../../src/domain/edit.js";
import { openGate } from "../../src/gate/open-gate.js";
import type { Witness } from "../../src/gate/witness.js";
import { storeWitness } from "../../src/gate/witness.js";
import { Kernel } from "../../src/kernel/kernel.js";
import { checkAlive } from "../../src/lineage/monitor.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { failure } from "../../src/verdict.js";
import { GATE, grant, handOn, HELPER, makeWorld, NOW } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { wasm } from "../kernel/raw.js";
import { kernel } from "../kernel.js";
import { utf8, witnesses } from "../tlog/fixture.js";
import { filesOf } from "../tlog/stored.js";
import { settle, TestClock } from "./fake-clock.js";
import { faultyKernel } from "./fault-parts.js";
import {
  asking,
  entriesOf,
  gateSigner,
  MEASURED,
  openBench,
  optionsOf,
  TestEffect,
} from "./harness.js";
import { answer, openResumable, running, wordFor } from "./worlds.js";

const [cosigner] = witnesses as [(typeof witnesses)[0]];
const witnessed = (
  await makeWorld(async ({ ship }) => {
    const policy = `witness w1 ${formatVkey(cosigner.key)}\nquorum w1\n`;
    await ship.publish((draft) => setWitnesses(draft, utf8(policy)));
  })
).domains;

class Watched {
  readonly clock = new TestClock(NOW);
  readonly store = new MemoryTrustStore();
  readonly setup = {
    logs: [{ origin: GATE, key: gateSigner().key }],
    verifiers: NO_VERIFIERS,
  };
  readonly witness: Witness = storeWitness(kernel, this.store, this.setup, cosigner, this.clock);

  options(storage = new MemoryStorage(), witness = this.witness) {
    return optionsOf({ domains: witnessed, storage, witness, clock: this.clock }).options;
  }

  async open(storage?: MemoryStorage) {
    return await openGate(this.options(storage));
  }
}

async function copyOf(storage: MemoryStorage): Promise<MemoryStorage> {
  const copied = new MemoryStorage();
  for (const [path, bytes] of await filesOf(storage)) await copied.write(path, bytes);
  return copied;
}

describe("F15: the log", () => {
  test("deleted, or restored from yesterday: LOG, and no gate", async () => {
    const watched = new Watched();
    const storage = new MemoryStorage();
    const gate = must(await watched.open(storage));
    await gate.close();
    const yesterday = await copyOf(storage);
    const next = must(await watched.open(storage));
    expect(await answer(next)).toBe("allow");
    await next.close();
    expect(await watched.open(new MemoryStorage())).toMatchObject({ ok: false, code: "LOG" });
    expect(await watched.open(yesterday)).toMatchObject({ ok: false, code: "LOG" });
    const again = await watched.open(storage);
    expect(again.ok).toBe(true);
    if (again.ok) await again.value.close();
  });

  test("with two writers at once: LOG for the second", async () => {
    const watched = new Watched();
    const storage = new MemoryStorage();
    const first = must(await watched.open(storage));
    expect(await watched.open(storage)).toMatchObject({ ok: false, code: "LOG" });
    await first.close();
  });

  test("with two writers on two copies: the later is contained by its witness", async () => {
    const watched = new Watched();
    const storage = new MemoryStorage();
    await must(await watched.open(storage)).close();
    const copied = await copyOf(storage);
    const first = must(await watched.open(storage));
    const second = must(await watched.open(copied));
    const { effect } = await running(second);
    expect(await answer(first)).toBe("allow");
    await watched.clock.advance(5_000);
    await watched.clock.advance(5_000);
    const stands = [first, second].map(({ state }) => state.mode).sort();
    expect(stands).toEqual(["contained", "open"]);
    if (second.state.mode === "contained") expect(effect.interrupts).toBe(1);
    await first.close();
    await second.close();
  });

  test("with a flipped byte anywhere: no gate, or the same one", async () => {
    const bench = await openResumable();
    await running(bench.gate);
    await bench.gate.close();
    const files = [...(await filesOf(bench.storage as MemoryStorage))];
    let opened = 0;
    for (const [path, bytes] of files) {
      for (let at = 0; at < bytes.length; at += 1 + Math.floor(bytes.length / 12)) {
        const copied = await copyOf(bench.storage as MemoryStorage);
        const flipped = bytes.slice();
        flipped[at] = (flipped[at] as number) ^ 1;
        await copied.write(path, flipped);
        const { options } = optionsOf({ storage: copied });
        const found = await openGate(options);
        if (found.ok) {
          // What is kept beside the log is not the log's.
          expect(path.startsWith("tile") || path === "checkpoint", path).toBe(false);
          opened += 1;
          await found.value.close();
        } else expect(found.code).toBe("LOG");
      }
    }
    expect(opened).toBeGreaterThan(0);
  });

  test("is given back where no gate comes of it", async () => {
    const storage = new MemoryStorage();
    const failing = { storage, measure: () => Promise.reject(new Error("not now")) };
    await expect(openGate(optionsOf(failing).options)).rejects.toThrow("not now");
    const watched = new Watched();
    const dead: Witness = {
      key: cosigner.key,
      add: async () => failure("UNREACHABLE", "an answer", "none"),
    };
    expect(await openGate(watched.options(storage, dead))).toMatchObject({ code: "LOG" });
    const { gate } = await openBench({ storage });
    await gate.close();
  });
});

describe("F62: a proof of possession", () => {
  test("serves once, for one nonce of this start of this gate, and not for long", async () => {
    const first = await openResumable();
    const { gate, clock } = first;
    const ask = await asking(gate, {});
    expect(await gate.start(ask)).toMatchObject({ outcome: "allow" });
    expect(await gate.start(ask)).toMatchObject({ outcome: "deny", code: "HOLDER" });
    const other = gate.challenge();
    const possession = { ...ask.possession, nonce: other.nonce };
    expect(await gate.start({ ...ask, possession })).toMatchObject({ code: "HOLDER" });
    const stolen = await asking(gate, { holder: HELPER });
    expect(await gate.start(stolen)).toMatchObject({ code: "HOLDER" });
    const late = await asking(gate, {});
    const kept = await asking(gate, {});
    clock.set(NOW - 500);
    expect(await gate.start(late)).toMatchObject({ outcome: "allow" });
    await gate.close();
    const { gate: next } = await openResumable({ storage: first.storage });
    expect(await next.start(kept)).toMatchObject({ outcome: "deny", code: "HOLDER" });
    await next.close();
  });

  test("of two requests with one proof at once, one is allowed at most", async () => {
    const { gate } = await openResumable();
    const ask = await asking(gate, {});
    const both = await Promise.all([gate.start(ask), gate.start({ ...ask })]);
    expect(both.map(({ outcome }) => outcome).sort()).toEqual(["allow", "deny"]);
    await gate.close();
  });
});

describe("what a caller brings along ends no gate", () => {
  const cases: readonly (readonly [string, Parameters<typeof asking>[1]])[] = [
    ["a parent that is none", { rest: { parents: [{ origin: "?", index: -1, leaf: "zz" }] } }],
    [
      "a parent out of this world",
      { rest: { parents: [{ origin: GATE, index: 2 ** 53, leaf: "" }] } },
    ],
    [
      "more parents than there can be",
      {
        rest: {
          parents: Array.from({ length: 500 }, () => ({ origin: GATE, index: 0, leaf: "" })),
        },
      },
    ],
    ["a packet that is none", { rest: { packet: new Uint8Array(3) } }],
    [
      "a name of an argument that is too long",
      { request: { arguments: { ["a".repeat(2000)]: 1 } } },
    ],
    [
      "more arguments than an entry names",
      {
        request: {
          arguments: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`a${i}`, i])),
        },
      },
    ],
    ["an artifact that is none", { rest: { artifacts: [{ "no such": "thing" }] } }],
  ];

  test.each(cases)("%s", async (_, given) => {
    const { gate, storage } = await openResumable();
    const effect = new TestEffect();
    const started = await gate.start(await asking(gate, { ...given, effect }));
    expect(started.outcome).toBe("deny");
    expect(effect.began).toBe(false);
    expect(gate.failure).toBeUndefined();
    expect(await answer(gate)).toBe("allow");
    await gate.close();
    const { gate: next } = await openResumable({ storage });
    await next.close();
  });

  test("an intent with more charges than an entry holds: TOO_LARGE", async () => {
    const names = Array.from({ length: 16 }, (_, i) => `${"n".repeat(1000)}${10 + i}`);
    const totals = names.map((name) => ({ argument: `.x.${name}`, most: 100 }));
    const limits = { totals };
    const root = grant({ audience: [GATE], limits });
    const links = [root, handOn(root, { limits, principal: root.predicate["principal"] })];
    for (let i = 0; i < 3; i++) {
      const above = links.at(-1) as typeof root;
      links.push(handOn(above, { limits, principal: root.predicate["principal"] }));
    }
    const { gate, storage } = await openResumable();
    const x = Object.fromEntries(names.map((name) => [name, 1]));
    const effect = new TestEffect();
    const ask = await asking(gate, { links, effect, request: { arguments: { x } } });
    expect(await gate.start(ask)).toMatchObject({ outcome: "deny", code: "TOO_LARGE" });
    expect(effect.began).toBe(false);
    expect(await answer(gate)).toBe("allow");
    await gate.close();
    const { gate: next } = await openResumable({ storage });
    await next.close();
  });
});

test("F50: a defect that would write what no gate may write ends the gate, and not its log", async () => {
  const { gate, storage } = await openResumable();
  const { run, effect } = await running(gate);
  const written = gate.core.write([
    { kind: "heartbeat", run: "77".repeat(16), state: "executing" },
  ]);
  expect(written).toMatchObject({ ok: false, code: "LOG" });
  expect(effect.interrupts).toBe(1);
  expect(await run.finished).toMatchObject({ outcome: "interrupted", code: "LOG" });
  expect(await answer(gate)).toBe("LOG");
  await gate.close();
  const { gate: next } = await openResumable({ storage });
  expect(next.state.runs.get(run.id)?.state).toBe("contained");
  await next.close();
});

describe("a gate in a hurry", () => {
  test("that is closed begins nothing that was asked for meanwhile", async () => {
    const { gate } = await openResumable();
    const stubborn = new TestEffect();
    await running(gate, { effect: stubborn });
    const effects = Array.from({ length: 20 }, () => new TestEffect());
    const asks = await Promise.all(effects.map((effect) => asking(gate, { effect })));
    const starts: Promise<unknown>[] = [];
    let closing: Promise<void> | undefined;
    for (const [i, ask] of asks.entries()) {
      starts.push(gate.start(ask));
      if (i === 10) closing = gate.close();
      for (let n = 0; n < i; n++) await undefined;
    }
    await Promise.all([...starts, closing]);
    for (const effect of effects) expect(effect.began ? effect.interrupts : 1).toBe(1);
    await gate.close();
  });

  test("that is revoked is so before its effects have stopped", async () => {
    const { gate, clock } = await openResumable();
    const effect = new TestEffect();
    const hang = { interrupt: () => new Promise<never>(() => {}) };
    effect.start = ((start) => (context) => ({ ...start.call(effect, context), ...hang }))(
      effect.start,
    );
    await running(gate, { effect });
    const revoking = gate.revoke(null);
    expect(gate.state.mode).toBe("revoked");
    expect(await answer(gate)).toBe("REVOKED");
    await clock.advance(60_000);
    expect(await revoking).toMatchObject({ ok: true });
  });

  test("breaks a run whose own checkpoint is the first thing that it does", async () => {
    const { gate, follower } = await openResumable();
    const effect = new TestEffect();
    const { start } = effect;
    let refused: unknown;
    effect.start = (context) => {
      const { own, peers } = follower.domains;
      follower.set({ own: { ...own, state: undefined }, peers });
      void context.checkpoint().catch((error: unknown) => (refused = error));
      return start.call(effect, context);
    };
    const { run } = await running(gate, { effect });
    expect(await run.finished).toMatchObject({ outcome: "interrupted", code: "NO_TRUST" });
    expect(effect.interrupts).toBe(1);
    expect(refused).toMatchObject({ code: "NO_TRUST" });
    await gate.close();
  });

  test("begins nothing past the bound, however long the intent took to be stored", async () => {
    const { gate, clock } = await openResumable();
    const effect = new TestEffect();
    gate.onEntry(({ entry }) => {
      // The program sleeps: no timer has fired when it wakes.
      if (entry.kind === "intent") clock.set(NOW + 25_000);
    });
    const started = await gate.start(await asking(gate, { effect }));
    expect(effect.began).toBe(false);
    if (started.outcome === "allow") {
      expect(await started.run.finished).toMatchObject({ outcome: "interrupted", code: "STALE" });
    }
    await gate.close();
  });

  test("revokes a run that is being resumed, and its log opens again", async () => {
    const bench = await openResumable();
    const { gate, follower } = bench;
    const { run } = await running(gate);
    gate.supervisor.break(run, "ENV", "environment");
    await run.finished;
    const word = await wordFor(gate, run.id);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    follower.refresh = () => held;
    const effect = new TestEffect();
    const resuming = gate.resumeRun(run.id, word, {
      ...(await asking(gate, { effect })),
      openings: [],
    });
    await settle();
    expect(await gate.revoke(run.id)).toMatchObject({ ok: true });
    release();
    expect(await resuming).toMatchObject({ outcome: "deny", code: "CONTAINED" });
    expect(gate.failure).toBeUndefined();
    await gate.close();
    const { gate: next } = await openResumable({ storage: bench.storage });
    expect(next.state.revoked.has(run.id)).toBe(true);
    await next.close();
  });
});

describe("F31: the kernel", () => {
  /** A kernel with its memory in the open. */
  function opened(): { kernel: Kernel; memory: () => Uint8Array } {
    const { Instance } = WebAssembly;
    let memory: WebAssembly.Memory | undefined;
    WebAssembly.Instance = new Proxy(Instance, {
      construct(target, given) {
        const instance = new target(...(given as ConstructorParameters<typeof Instance>));
        memory = instance.exports["memory"] as WebAssembly.Memory;
        return instance;
      },
    });
    try {
      const made = new Kernel(new WebAssembly.Module(wasm));
      return { kernel: made, memory: () => new Uint8Array((memory as WebAssembly.Memory).buffer) };
    } finally {
      WebAssembly.Instance = Instance;
    }
  }

  test("whose memory is spoilt halts the gate at the next beat: KERNEL, and not a word more", async () => {
    const { kernel: own, memory } = opened();
    const { gate, clock, storage } = await openResumable({ kernel: own });
    const { run, effect } = await running(gate);
    await clock.advance(1_500);
    const { size } = gate.state;
    memory().fill(0xa5, 0, 64 * 1024);
    await gate.beat();
    expect(gate.failure).toMatchObject({ code: "KERNEL" });
    expect(effect.interrupts).toBe(1);
    expect(await run.finished).toMatchObject({ outcome: "interrupted", code: "KERNEL" });
    expect(await answer(gate)).toBe("KERNEL");
    expect(gate.state.size).toBe(size);
    await gate.close().catch(() => {});
    // What stands there is whole: another kernel opens it, and finds the run open.
    const { gate: next } = await openResumable({ storage });
    expect(next.state.runs.get(run.id)?.state).toBe("contained");
    await next.close();
  });

  test("that traps while a run is decided on again stops the run", async () => {
    const faulty = faultyKernel(kernel);
    const { gate, clock } = await openResumable({ kernel: faulty.kernel });
    const { run, effect } = await running(gate);
    faulty.trap();
    await clock.advance(1_100);
    expect(effect.interrupts).toBe(1);
    expect(await run.finished).toMatchObject({ outcome: "interrupted" });
    expect(await answer(gate)).not.toBe("allow");
  });

  test("F22: that is not the baseline's, and a part with another byte, are found at the beat", async () => {
    for (const [code, change] of [
      ["KERNEL", { kernel: "00".repeat(32) }],
      ["ENV", undefined],
    ] as const) {
      let well = true;
      const measure = async () => {
        if (well) return MEASURED;
        if (!change) throw new Error("a file is gone");
        return { ...MEASURED, ...change };
      };
      const { gate, clock } = await openResumable({ measure });
      const { run } = await running(gate);
      well = false;
      await clock.advance(10_000);
      expect(await run.finished).toMatchObject({ outcome: "interrupted", code });
      expect(gate.state.mode).toBe("contained");
      await gate.close();
    }
  });
});

describe("F28: a monitor", () => {
  test("flags a gate that was silenced, by its signed log alone", async () => {
    const { gate, clock, storage } = await openResumable();
    const watch = () => ({ now: clock.now(), most: 30_000, skew: 1_000 });
    const look = () => checkAlive(kernel, storage, gateSigner().key, watch());
    await gate.checkpoint();
    for (let i = 0; i < 5; i++) {
      await clock.advance(15_000);
      expect(must(await look())).toMatchObject({ mode: "open" });
    }
    await gate.contain();
    await gate.checkpoint();
    expect(must(await look())).toMatchObject({ mode: "contained" });
    const entries = await entriesOf(gate);
    expect(entries.filter(({ kind }) => kind === "heartbeat").length).toBeGreaterThan(5);
    await gate.close();
    await clock.advance(29_000);
    expect((await look()).ok).toBe(true);
    await clock.advance(1_001);
    expect(await look()).toMatchObject({ ok: false, code: "STALE" });
    clock.set(NOW);
    expect(await look()).toMatchObject({ ok: false, code: "CLOCK" });
    expect(await checkAlive(kernel, new MemoryStorage(), gateSigner().key, watch())).toMatchObject({
      code: "MISSING",
    });
    const stranger = gateSigner("ship.example/gate-2").key;
    expect(await checkAlive(kernel, storage, stranger, watch())).toMatchObject({ ok: false });
  });
});
