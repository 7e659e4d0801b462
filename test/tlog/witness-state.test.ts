/** What a witness remembers: interleaved requests, crashes, clocks and damage never make it sign two trees. */
import { describe, expect, test } from "vitest";
import { addCosignatures } from "../../src/tlog/add-cosignature.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import type { Signer } from "../../src/tlog/signer.js";
import { signCheckpoint } from "../../src/tlog/signer.js";
import { checkSignatures } from "../../src/tlog/signatures.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { formatAddCheckpoint } from "../../src/tlog/witness.js";
import type { CosignAnswer } from "../../src/tlog/witness-state.js";
import { cosign, stateKey } from "../../src/tlog/witness-state.js";
import type { Result } from "../../src/verdict.js";
import type { Model } from "../kernel/model.js";
import { hash, model } from "../kernel/model.js";
import { kernel } from "../kernel.js";
import { log, NOW, ORIGIN, signer, TIME, utf8, witnesses } from "./fixture.js";
import { TestTrustStore } from "./witness-store.js";

const [witness, another] = witnesses as [Signer, Signer];
const setup = { logs: [{ origin: ORIGIN, key: log.key }], verifiers: NO_VERIFIERS };
const keys = { witnesses: [witness.key, another.key], verifiers: NO_VERIFIERS };
const KEY = stateKey(kernel, ORIGIN);

/** More than any state here holds. */
const LIMIT = 1 << 20;
const MOST = 40;
const tree = model(Array.from({ length: MOST }, (_, i) => utf8(`entry ${i}`)));
/** One log that shows two trees: they agree up to size 6. */
const fork = model(Array.from({ length: MOST }, (_, i) => utf8(i === 6 ? "other" : `entry ${i}`)));

const known = new Map<string, Uint8Array>();

/** The checkpoint that the log signs for a size, in one tree or the other. */
async function checkpoint(size: number, of: Model = tree): Promise<Uint8Array> {
  const name = `${of === tree} ${size}`;
  const head = { size: BigInt(size), rootHash: of.mth(0, size) };
  const found = known.get(name) ?? (await signCheckpoint(ORIGIN, head, log));
  known.set(name, found);
  return found;
}

async function request(old: number, size: number, of: Model = tree): Promise<Uint8Array> {
  const proof = old === 0 || old > size ? [] : of.proof(old, size);
  return formatAddCheckpoint({
    oldSize: BigInt(old),
    proof,
    checkpoint: await checkpoint(size, of),
  });
}

interface Asked {
  readonly old: number;
  readonly size: number;
  readonly of?: Model;
  readonly now?: number;
  readonly by?: Signer;
}

async function ask(store: TestTrustStore, { old, size, of, now, by }: Asked) {
  const body = await request(old, size, of);
  const signs = by ?? witness;
  const watched: Signer = {
    key: signs.key,
    sign: async (message) => {
      // The message is a line, and then what the state begins with: it is stored before it is signed.
      const [, ...said] = new TextDecoder().decode(message).split("\n");
      const states = store.history.map((each) => new TextDecoder().decode(each));
      expect(states.some((state) => state.startsWith(said.join("\n")))).toBe(true);
      return await signs.sign(message);
    },
  };
  return await cosign(kernel, store, setup, body, watched, now ?? NOW);
}

async function stored(store: TestTrustStore): Promise<Uint8Array> {
  return (await store.inner.get(KEY, LIMIT)) as Uint8Array;
}

async function storeAt(size: number): Promise<TestTrustStore> {
  const store = new TestTrustStore();
  expect(await ask(store, { old: 0, size })).toMatchObject({ value: { status: 200 } });
  return store;
}

/** A witness's statement, as anybody reads it from its signature line. */
interface Statement {
  readonly size: number;
  readonly root: string;
  readonly time: number;
}

const read = new Map<string, Statement>();

async function statement(line: string, size: number, of: Model): Promise<Statement> {
  const name = `${of === tree} ${size} ${line}`;
  const found = read.get(name) ?? (await readStatement(line, size, of));
  read.set(name, found);
  return found;
}

async function readStatement(line: string, size: number, of: Model): Promise<Statement> {
  const bytes = await checkpoint(size, of);
  const cosigned = addCosignatures(kernel, bytes, utf8(line), keys);
  if (!cosigned.ok) throw new Error(`${cosigned.code}: ${cosigned.expected}, ${cosigned.found}`);
  const signed = parseCheckpoint(cosigned.value.checkpoint);
  if (!signed.ok) throw new Error("not a checkpoint");
  const [status] = checkSignatures(kernel, signed.value, keys.witnesses, NO_VERIFIERS);
  return { size, root: `${of.mth(0, size)}`, time: Number(status?.time) };
}

function stateOf(value: Uint8Array): Statement {
  const text = new TextDecoder().decode(value);
  const time = /^time ([0-9]+)\n/.exec(text) as RegExpExecArray;
  const signed = parseCheckpoint(value.slice(time[0].length));
  if (!signed.ok) throw new Error("not a state");
  const { size, rootHash } = signed.value.checkpoint;
  return { size: Number(size), root: `${rootHash}`, time: Number(time[1]) };
}

/** All that was stored is one growing tree at times that never go back, and all that was said was stored. */
function expectOneTree(store: TestTrustStore, said: readonly Statement[]): void {
  const states = store.history.map(stateOf);
  for (const [i, state] of states.slice(1).entries()) {
    expect(state.size).toBeGreaterThanOrEqual((states[i] as Statement).size);
    expect(state.time).toBeGreaterThanOrEqual((states[i] as Statement).time);
  }
  const of = [tree, fork].find((each) =>
    states.every(({ size, root }) => `${each.mth(0, size)}` === root),
  );
  expect(of, "one tree").toBeDefined();
  for (const each of said) expect(states).toContainEqual(each);
  for (const a of said) {
    for (const b of said) if (a.size < b.size) expect(a.time).toBeLessThanOrEqual(b.time);
  }
}

describe("one request after another", () => {
  test("a cosignature states the tree and the time, and verifies", async () => {
    const store = new TestTrustStore();
    const answer = await ask(store, { old: 0, size: 5, now: NOW + 999 });
    expect(answer).toMatchObject({ ok: true, value: { status: 200, head: { size: 5n } } });
    const { line } = (answer as { value: { line: string } }).value;
    expect(line).toMatch(/^— w2\.example [A-Za-z0-9+/]+=*\n$/);
    const said = await statement(line, 5, tree);
    expect(said.time).toBe(Number(TIME));
    expectOneTree(store, [said]);
    expect(await stored(store)).toEqual(store.history.at(-1));
    expect(KEY).toBe(`witness/${Buffer.from(hash(utf8(ORIGIN))).toString("hex")}`);
  });

  test("asking again gives the cosignature again, with a newer time", async () => {
    const store = await storeAt(5);
    const again = await ask(store, { old: 5, size: 5, now: NOW + 5000 });
    const { line } = (again as { value: { line: string } }).value;
    expect((await statement(line, 5, tree)).time).toBe(Number(TIME) + 5);
  });

  test("a log is cosigned as it grows; any other old size is told the right one", async () => {
    const store = await storeAt(5);
    expect(await ask(store, { old: 5, size: 9 })).toMatchObject({ value: { status: 200 } });
    for (const old of [0, 5, 8, 10, 12]) {
      expect(await ask(store, { old, size: 12 })).toMatchObject({
        value: { status: 409, size: 9n, failure: { code: "ROLLBACK" } },
      });
    }
    expect(await ask(store, { old: 5, size: 5 })).toMatchObject({ value: { size: 9n } });
    expect(await ask(store, { old: 9, size: 5 })).toMatchObject({ value: { status: 400 } });
    expectOneTree(store, []);
  });

  test("a refusal stores nothing", async () => {
    const store = await storeAt(5);
    const before = store.history.length;
    for (const asked of [
      { old: 0, size: 9 },
      { old: 5, size: 4 },
      { old: 5, size: 5, of: fork },
      { old: 6, size: 9 },
    ]) {
      await ask(store, asked);
    }
    // The fork has not begun at size 5: that one was the same checkpoint.
    expect(store.history.slice(before).map((each) => stateOf(each).size)).toEqual([5]);
  });

  test("an empty log may be cosigned, and then grows from 0", async () => {
    const store = await storeAt(0);
    expect(stateOf(await stored(store)).size).toBe(0);
    expect(await ask(store, { old: 0, size: 3 })).toMatchObject({ value: { status: 200 } });
  });

  test("two logs are remembered apart", async () => {
    const store = await storeAt(5);
    const two = signer("log.example/two", 8, "log");
    const logs = [...setup.logs, { origin: "log.example/two", key: two.key }];
    const head = { size: 3n, rootHash: tree.mth(0, 3) };
    const body = formatAddCheckpoint({
      oldSize: 0n,
      proof: [],
      checkpoint: await signCheckpoint("log.example/two", head, two),
    });
    const both = { ...setup, logs };
    const answer = await cosign(kernel, store, both, body, witness, NOW);
    expect(answer).toMatchObject({ value: { status: 200 } });
    expect(await store.inner.get(stateKey(kernel, "log.example/two"), LIMIT)).toBeDefined();
    expect(await ask(store, { old: 5, size: 6 })).toMatchObject({ value: { status: 200 } });
  });

  test("an unknown log costs no look into the store", async () => {
    const store = new TestTrustStore();
    const none = { ...setup, logs: [] };
    const answer = await cosign(kernel, store, none, await request(0, 5), witness, NOW);
    expect(answer).toMatchObject({ value: { status: 404 } });
    expect(store.operations).toBe(0);
  });

  test("equivocation comes with the checkpoint that the log signed before", async () => {
    for (const size of [9, 12]) {
      const store = await storeAt(9);
      const answer = await ask(store, { old: 9, size, of: fork });
      expect(answer).toMatchObject({
        value: {
          status: 422,
          failure: { code: "EQUIVOCATION" },
          contradicted: await checkpoint(9),
        },
      });
    }
    // A bad proof shows nothing of the log, and no evidence is given.
    const store = await storeAt(9);
    const bad = { oldSize: 9n, proof: [tree.leaf(0)], checkpoint: await checkpoint(12) };
    const refused = await cosign(kernel, store, setup, formatAddCheckpoint(bad), witness, NOW);
    expect(refused).toMatchObject({ value: { status: 422, failure: { code: "CONSISTENCY" } } });
    expect(refused.ok && Object.keys(refused.value)).not.toContain("contradicted");
  });
});

describe("time", () => {
  test("a little behind the last cosignature, its time is stated again", async () => {
    const store = await storeAt(5);
    const answer = await ask(store, { old: 5, size: 9, now: NOW - 60_000 });
    const { line } = (answer as { value: { line: string } }).value;
    expect((await statement(line, 9, tree)).time).toBe(Number(TIME));
  });

  test("a clock that was set back signs nothing and stores nothing", async () => {
    const store = await storeAt(5);
    const before = [...store.history];
    for (const now of [NOW - 61_000, 1000]) {
      expect(await ask(store, { old: 5, size: 9, now })).toMatchObject({
        ok: false,
        code: "CLOCK",
      });
    }
    expect(store.history).toEqual(before);
    expect(await ask(store, { old: 5, size: 9 })).toMatchObject({ value: { status: 200 } });
  });

  test("no time, or a time that tells nothing, is a mistake", async () => {
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, 0, 999, -1]) {
      await expect(ask(new TestTrustStore(), { old: 0, size: 1, now })).rejects.toThrow(TypeError);
    }
  });
});

describe("misuse and damage", () => {
  test("a key that cannot cosign, or is the log's own, is a mistake before anything is stored", async () => {
    const store = new TestTrustStore();
    const asLog = signer("w.example", 9, "log");
    const self = signer("w.example", 1, "witness");
    for (const by of [asLog, self]) {
      await expect(ask(store, { old: 0, size: 1, by })).rejects.toThrow(TypeError);
    }
    expect(store.operations).toBe(0);
  });

  test("a damaged state is a failure, never an empty memory", async () => {
    const store = await storeAt(9);
    const whole = await stored(store);
    const elsewhere = await signCheckpoint(
      "log.example/two",
      { size: 1n, rootHash: tree.leaf(0) },
      log,
    );
    const damaged = [
      new Uint8Array(),
      utf8("time 1\n"),
      utf8("{}"),
      whole.slice(1),
      utf8(new TextDecoder().decode(whole).replace("time ", "time 0")),
      utf8(`time 1\n${new TextDecoder().decode(elsewhere)}`),
      utf8(`time 99999999999999999999\n${new TextDecoder().decode(await checkpoint(1))}`),
      ...Array.from({ length: whole.length }, (_, length) => whole.slice(0, length)),
    ];
    for (const value of damaged) {
      await store.inner.put(KEY, value);
      for (const old of [0, 9]) {
        const answer = await ask(store, { old, size: 12 });
        expect(answer, new TextDecoder().decode(value)).toMatchObject({ ok: false });
      }
      expect(await stored(store)).toEqual(value);
    }
  });

  test("a store that never lets anybody win ends in an error", async () => {
    const store = new TestTrustStore();
    store.compareAndSwap = async () => false;
    await expect(ask(store, { old: 0, size: 5 })).rejects.toThrow("refused");
  });

  test("a state that is read late signs nothing: the swap finds out", async () => {
    const store = await storeAt(5);
    const old = await stored(store);
    await ask(store, { old: 5, size: 9 });
    const get = store.get.bind(store);
    let stale = 3;
    store.get = async (key, limit) => (stale-- > 0 ? old : await get(key, limit));
    expect(await ask(store, { old: 5, size: 5 })).toMatchObject({
      value: { status: 409, size: 9n },
    });
    stale = 3;
    expect(await ask(store, { old: 5, size: 12 })).toMatchObject({ value: { status: 409 } });
  });
});

describe("requests that come together", () => {
  /** Tasks that wait at a gate until they are let through one at a time. */
  class Turns {
    readonly #waiting: (() => void)[] = [];

    async wait(): Promise<void> {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }

    /** Runs tasks to their end; `choose` picks which of those that wait goes on. */
    async run(tasks: readonly Promise<unknown>[], choose: (waiting: number) => number) {
      let left = tasks.length;
      for (const task of tasks) {
        const done = (): void => {
          left -= 1;
        };
        task.then(done, done);
      }
      for (;;) {
        // All that happens between two gates is microtasks: here everybody waits or has ended.
        await new Promise((resolve) => setImmediate(resolve));
        if (left === 0) return;
        const [next] = this.#waiting.splice(choose(this.#waiting.length), 1);
        next?.();
      }
    }
  }

  /** The requests under one schedule: what was said, and the choices that there were at each step. */
  async function together(
    asked: readonly Asked[],
    store: TestTrustStore,
    choose: (waiting: number) => number,
  ): Promise<{ answers: Result<CosignAnswer>[]; said: Statement[] }> {
    const turns = new Turns();
    store.gate = async (side) => {
      if (side === "before") await turns.wait();
    };
    const by = (each: Signer): Signer => ({
      key: each.key,
      sign: async (message) => {
        await turns.wait();
        return await each.sign(message);
      },
    });
    const running = asked.map((each) => ask(store, { ...each, by: by(each.by ?? witness) }));
    await turns.run(running, choose);
    const answers = await Promise.all(running);
    const said = await Promise.all(
      answers.flatMap((answer, i) => {
        const { size, of } = asked[i] as Asked;
        const cosigned = answer.ok && answer.value.status === 200 ? answer.value.line : undefined;
        return cosigned === undefined ? [] : [statement(cosigned, size, of ?? tree)];
      }),
    );
    return { answers, said };
  }

  /** Every order in which the steps of these requests can come, by the choices taken at each. */
  async function everyOrder(
    asked: readonly Asked[],
    body: (outcome: Awaited<ReturnType<typeof together>>, store: TestTrustStore) => void,
  ): Promise<number> {
    const path: { choice: number; of: number }[] = [];
    for (let count = 1; ; count++) {
      const store = await storeAt(5);
      let step = 0;
      const outcome = await together(asked, store, (waiting) => {
        if (step === path.length) path.push({ choice: 0, of: waiting });
        expect(path[step]?.of).toBe(waiting);
        return (path[step++] as { choice: number }).choice;
      });
      body(outcome, store);
      while (path.length > 0 && path.at(-1)!.choice + 1 === path.at(-1)!.of) path.pop();
      if (path.length === 0) return count;
      path.at(-1)!.choice += 1;
    }
  }

  test.each([
    [
      "two trees of one log, and the old one asked for again",
      [
        { old: 5, size: 9, now: NOW + 3000 },
        { old: 5, size: 12, of: fork, now: NOW + 1000 },
        { old: 5, size: 5, now: NOW + 2000 },
      ],
    ],
    [
      "a shorter and a longer tree",
      [
        { old: 5, size: 20, now: NOW + 1000 },
        { old: 5, size: 6, now: NOW + 9000 },
        { old: 5, size: 5, now: NOW + 5000 },
      ],
    ],
    [
      "one checkpoint, asked for three times",
      [
        { old: 5, size: 9, now: NOW + 1000 },
        { old: 5, size: 9, now: NOW },
        { old: 5, size: 9, now: NOW + 2000, by: another },
      ],
    ],
  ] satisfies [string, Asked[]][])("in every order: %s", async (_, asked) => {
    const count = await everyOrder(asked, ({ answers, said }, store) => {
      expectOneTree(store, said);
      const grown = asked.filter(({ size }, i) => {
        const answer = answers[i];
        return size > 5 && answer?.ok && answer.value.status === 200;
      });
      // Of all that grow from one size, one wins; the others are told the new size.
      expect(grown).toHaveLength(1);
      for (const answer of answers) {
        expect(answer.ok && [200, 409]).toContain(answer.ok && answer.value.status);
      }
    });
    expect(count).toBeGreaterThan(60);
  });

  /** xorshift32. */
  function random(seed: number): (below: number) => number {
    let state = seed * 2_654_435_761 + 1;
    return (below) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
  }

  test("many at once in seeded orders, round after round: one tree, and it grows", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const next = random(seed);
      const store = new TestTrustStore();
      const said: Statement[] = [];
      let size = 0;
      for (let round = 0; round < 4; round++) {
        const asked = Array.from({ length: 12 }, (): Asked => {
          const of = next(3) === 0 ? fork : tree;
          const old = next(4) === 0 ? next(MOST) : size;
          const to = Math.min(MOST, old + next(9));
          return { old, size: to, of, now: NOW + round * 20_000 + next(30) * 1000 };
        });
        const outcome = await together(asked, store, next);
        said.push(...outcome.said);
        expectOneTree(store, said);
        size = stateOf(store.history.at(-1) ?? utf8("")).size;
      }
      expect(size, `seed ${seed}`).toBeGreaterThan(0);
      expect(said.length, `seed ${seed}`).toBeGreaterThan(0);
    }
  });
});

describe("a crash at any operation", () => {
  /** A store whose power goes at the given moment, counted over both sides of each operation. */
  async function crashed(moment: number) {
    const store = await storeAt(5);
    let at = 0;
    const power = (): void => {
      if (at++ === moment) throw new Error("power is gone");
    };
    store.gate = async () => power();
    const by: Signer = {
      key: witness.key,
      sign: async (message) => {
        power();
        const signature = await witness.sign(message);
        power();
        return signature;
      },
    };
    const outcome = await ask(store, { old: 5, size: 9, by }).catch((error: Error) => error);
    store.gate = async () => {};
    return { store, outcome };
  }

  test("leaves the old state or the new one, and who asks again gets the cosignature", async () => {
    const sizes = new Set<number>();
    for (let moment = 0; ; moment++) {
      const { store, outcome } = await crashed(moment);
      if (!(outcome instanceof Error)) {
        // get, swap, sign, each with two sides.
        expect(moment).toBe(6);
        break;
      }
      expect(outcome.message).toBe("power is gone");
      const { size } = stateOf(await stored(store));
      sizes.add(size);
      const again = await ask(store, { old: 5, size: 9 });
      expect(again).toMatchObject({
        value: size === 5 ? { status: 200 } : { status: 409, size: 9n },
      });
      const told = await ask(store, { old: 9, size: 9 });
      expect(told).toMatchObject({ value: { status: 200 } });
      const { line } = (told as { value: { line: string } }).value;
      expectOneTree(store, [await statement(line, 9, tree)]);
    }
    expect([...sizes]).toEqual([5, 9]);
  });

  test("binds the witness to what it stored, though it said nothing", async () => {
    for (let moment = 0; moment < 6; moment++) {
      const { store } = await crashed(moment);
      const { size } = stateOf(await stored(store));
      const other = await ask(store, { old: size, size: 12, of: fork });
      const expected = size === 5 ? { status: 200 } : { failure: { code: "EQUIVOCATION" } };
      expect(other).toMatchObject({ value: expected });
      expectOneTree(store, []);
    }
  });
});
