import { describe, expect, test } from "vitest";
import type { Witness } from "../../src/gate/witness.js";
import { proveNewest, storeWitness, witnessesOf } from "../../src/gate/witness.js";
import type { EntryBody } from "../../src/lineage/entry.js";
import type { GateLog } from "../../src/lineage/log.js";
import { openLog } from "../../src/lineage/log.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { checkSignatures } from "../../src/tlog/signatures.js";
import type { Signer } from "../../src/tlog/signer.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { parseAddCheckpoint } from "../../src/tlog/witness.js";
import type { CosignAnswer } from "../../src/tlog/witness-state.js";
import type { Result } from "../../src/verdict.js";
import { failure, ok } from "../../src/verdict.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { log as gateKey, policyText, signer, utf8, witnesses } from "../tlog/fixture.js";
import { filesOf } from "../tlog/stored.js";
import { TestClock } from "./fake-clock.js";

const SKEW = 5_000;
const [own, stranger] = witnesses as [Signer, Signer];
const setup = { logs: [{ origin: gateKey.key.name, key: gateKey.key }], verifiers: NO_VERIFIERS };
const beat: EntryBody = { kind: "heartbeat", run: null, state: "open" };
const pulse: EntryBody = { kind: "heartbeat", run: null, state: "contained" };

/** A gate's log that a witness of its domain follows. */
class World {
  readonly clock = new TestClock();
  storage = new MemoryStorage();
  readonly store = new MemoryTrustStore();
  readonly witness = storeWitness(kernel, this.store, setup, own, this.clock);

  async withLog<T>(body: (log: GateLog) => Promise<T>): Promise<T> {
    const every = { entries: 1000, ms: 1000 };
    const { log } = must(await openLog(kernel, this.storage, gateKey, { every }));
    try {
      return await body(log);
    } finally {
      await log.close();
    }
  }

  async append(count: number, body = beat): Promise<void> {
    await this.withLog(async (log) => {
      await must(
        log.append(
          Array.from({ length: count }, () => body),
          this.clock.now(),
        ),
      ).durable;
    });
  }

  async ask(witness: Witness = this.witness) {
    return await this.withLog((log) =>
      proveNewest(kernel, log, this.storage, witness, { clock: this.clock, skew: SKEW }),
    );
  }

  async copy(): Promise<MemoryStorage> {
    const copied = new MemoryStorage();
    for (const [path, bytes] of await filesOf(this.storage)) await copied.write(path, bytes);
    return copied;
  }
}

/** A witness that answers the questions with these, and then with the last of them. */
function answering(
  ...answers: ((request: Uint8Array) => Promise<Result<CosignAnswer>>)[]
): Witness {
  let at = 0;
  return {
    key: own.key,
    add: (request) => (answers[Math.min(at++, answers.length - 1)] as (typeof answers)[0])(request),
  };
}

/** The line that `by` gives for a checkpoint, at a time in milliseconds. */
async function lineOf(checkpoint: Uint8Array, ms: number, by = own): Promise<string> {
  const note = await cosignCheckpoint(checkpoint, by, BigInt(Math.floor(ms / 1000)));
  const lines = new TextDecoder().decode(note).trimEnd().split("\n");
  return `${lines.at(-1)}\n`;
}

/** Cosigns whatever comes, with a line that the test makes. */
const saying = (make: (checkpoint: Uint8Array) => Promise<string>): Witness =>
  answering(async (request) => {
    const { checkpoint, signed } = must(parseAddCheckpoint(request));
    const { size, rootHash } = signed.checkpoint;
    return ok({ status: 200, head: { size, rootHash }, line: await make(checkpoint) });
  });

describe("F15: the witness vouches for a log that", () => {
  test("is new, has grown or stands still", async () => {
    const world = new World();
    for (const [grow, size] of [
      [0, 0],
      [3, 3],
      [0, 3],
      [300, 303],
      [1, 304],
    ] as const) {
      if (grow > 0) await world.append(grow);
      const newest = must(await world.ask());
      expect(newest.size).toBe(size);
      const { checkpoint } = must(parseCheckpoint(newest.checkpoint));
      expect(checkpoint.size).toBe(BigInt(size));
      expect(Buffer.from(checkpoint.rootHash).toString("hex")).toBe(newest.root);
      await world.clock.advance(10_000);
    }
  });

  test("and the cosignature can be stored with the checkpoint", async () => {
    const world = new World();
    await world.append(2);
    await world.withLog(async (log) => {
      const asked = { clock: world.clock, skew: SKEW };
      const newest = must(await proveNewest(kernel, log, world.storage, world.witness, asked));
      must(await log.storeCheckpoint(newest.checkpoint));
      const again = must(parseCheckpoint(await log.checkpoint()));
      const [status] = checkSignatures(kernel, again, [own.key], NO_VERIFIERS);
      expect(status?.status).toBe("ok");
    });
  });

  test("another writer of the same tree got ahead of, once", async () => {
    const world = new World();
    await world.append(5);
    await world.ask();
    await world.append(5);
    const { witness } = world;
    // In between somebody else showed the witness a part of the same log.
    const racing = answering(
      async () => ok({ status: 409, failure: failure("ROLLBACK", "old 3", "old 10"), size: 3n }),
      (request) => witness.add(request),
    );
    expect(must(await world.ask(racing)).size).toBe(10);
  });
});

describe("F15: LOG for a log that", () => {
  test("was deleted", async () => {
    const world = new World();
    await world.append(3);
    must(await world.ask());
    world.storage = new MemoryStorage();
    expect(await world.ask()).toMatchObject({ ok: false, code: "LOG" });
  });

  test("is yesterday's copy, however it goes on", async () => {
    for (const grow of [0, 1, 2, 3, 10]) {
      const world = new World();
      await world.append(3);
      must(await world.ask());
      const yesterday = await world.copy();
      await world.append(2);
      must(await world.ask());
      world.storage = yesterday;
      if (grow > 0) await world.append(grow, pulse);
      const answer = await world.ask();
      expect(answer, `${grow} more`).toMatchObject({ ok: false, code: "LOG" });
      if (grow < 2) expect(!answer.ok && answer.found).toContain("cut short or restored");
    }
  });

  test("is another, of the same length", async () => {
    const world = new World();
    await world.append(3);
    must(await world.ask());
    world.storage = new MemoryStorage();
    await world.append(3, pulse);
    const answer = await world.ask();
    expect(answer).toMatchObject({ ok: false, code: "LOG" });
    expect(!answer.ok && answer.found).toContain("EQUIVOCATION");
  });

  test("two writers have grown apart", async () => {
    const [one, other] = [new World(), new World()];
    const shared: Witness = one.witness;
    await one.append(4);
    must(await one.ask());
    other.storage = await one.copy();
    await one.append(1);
    await other.append(2, pulse);
    must(await one.ask());
    expect(await other.ask(shared)).toMatchObject({ ok: false, code: "LOG" });
  });

  test("the witness does not know", async () => {
    const world = new World();
    const logs = [{ origin: "another.example/log", key: gateKey.key }];
    const witness = storeWitness(kernel, world.store, { ...setup, logs }, own, world.clock);
    const answer = await world.ask(witness);
    expect(answer).toMatchObject({ ok: false, code: "LOG" });
    expect(!answer.ok && answer.found).toContain("ORIGIN");
  });

  test("lacks the tiles that prove how it grew", async () => {
    const world = new World();
    await world.append(300);
    must(await world.ask());
    await world.append(300);
    await world.withLog(async (log) => {
      await log.checkpoint();
      const bare = new MemoryStorage();
      const asked = { clock: world.clock, skew: SKEW };
      const answer = await proveNewest(kernel, log, bare, world.witness, asked);
      expect(answer).toMatchObject({ ok: false, code: "LOG" });
      expect(!answer.ok && answer.found).toContain("MISSING");
    });
  });
});

describe("F15: LOG where the witness", () => {
  const refused = async (witness: Witness, found: string, world = new World()) => {
    await world.append(3);
    const answer = await world.ask(witness);
    expect(answer).toMatchObject({ ok: false, code: "LOG" });
    expect(!answer.ok && answer.found).toContain(found);
  };

  test("cannot be asked, or fails", async () => {
    await refused(
      answering(async () => failure("TIMEOUT", "an answer", "none")),
      "TIMEOUT",
    );
    await refused(
      answering(async () => {
        throw new Error("connection refused");
      }),
      "connection refused",
    );
    await refused(
      {
        key: own.key,
        add: () => {
          throw new Error("no network");
        },
      },
      "no network",
    );
    const world = new World();
    const broken = new MemoryTrustStore();
    broken.get = async () => utf8("nonsense");
    await refused(storeWitness(kernel, broken, setup, own, world.clock), "MALFORMED", world);
  });

  test("refuses", async () => {
    for (const status of [400, 403, 404, 422] as const) {
      await refused(
        answering(async () => ok({ status, failure: failure("CONSISTENCY", "x", "not so") })),
        "not so",
      );
    }
  });

  test("contradicts itself about what it remembers, or never comes to an end", async () => {
    const conflict = (size: bigint) => async () =>
      ok({ status: 409 as const, failure: failure("ROLLBACK", "x", `${size}`), size });
    await refused(answering(conflict(3n)), "ROLLBACK");
    await refused(
      answering(...Array.from({ length: 40 }, (_, i) => conflict(BigInt(i % 2)))),
      "answers",
    );
  });

  test("answers with what is no cosignature of this checkpoint by its key", async () => {
    const world = new World();
    const now = world.clock.now();
    await refused(
      saying((checkpoint) => lineOf(checkpoint, now, stranger)),
      "SIGNATURE",
    );
    await refused(
      saying(async () => "— w2.example AAAA\n"),
      "MALFORMED",
    );
    await refused(
      saying(async () => ""),
      "MALFORMED",
    );
    await refused(
      saying(async (checkpoint) => (await lineOf(checkpoint, now)).trimEnd()),
      "MALFORMED",
    );
    // The line of another tree.
    const other = new World();
    await other.append(4);
    const note = await other.withLog((log) => log.checkpoint());
    await refused(
      saying(() => lineOf(note, now)),
      "SIGNATURE",
    );
    // More than a line: what the note says would be another text.
    await refused(
      saying(async (checkpoint) => `x\n\n${await lineOf(checkpoint, now)}`),
      "SIGNATURE",
    );
    await refused(
      saying(async (checkpoint) => (await lineOf(checkpoint, now)).repeat(2)),
      "SIGNATURE",
    );
    // By a log's key of the same name, a signature without a time.
    const same = signer(own.key.name, 2, "log");
    await refused(
      { ...saying((checkpoint) => lineOf(checkpoint, now)), key: same.key },
      "SIGNATURE",
    );
  });

  test("gives a cosignature of another time than that of the question", async () => {
    for (const [offset, good] of [
      [0, true],
      [-SKEW, true],
      [-SKEW - 1000, false],
      [-60_000, false],
      [SKEW, true],
      [SKEW + 1000, false],
      [86_400_000, false],
    ] as const) {
      const world = new World();
      // Whole seconds are stated: of the last millisecond of one the most is lost.
      await world.clock.advance(good ? 999 : 0);
      const witness = saying((checkpoint) => lineOf(checkpoint, world.clock.now() + offset));
      if (good) {
        await world.append(3);
        expect((await world.ask(witness)).ok, `${offset} ms`).toBe(true);
      } else await refused(witness, "STALE", world);
    }
    await refused(
      saying((checkpoint) => lineOf(checkpoint, 0)),
      "STALE",
    );
  });

  test("only said so before: what is stored, or sent again, does not count", async () => {
    const world = new World();
    await world.append(3);
    const lines: string[] = [];
    const heard: Witness = {
      key: own.key,
      add: async (request) => {
        const answer = await world.witness.add(request);
        if (answer.ok && answer.value.status === 200) lines.push(answer.value.line);
        return answer;
      },
    };
    await world.withLog(async (log) => {
      const asked = { clock: world.clock, skew: SKEW };
      const newest = must(await proveNewest(kernel, log, world.storage, heard, asked));
      must(await log.storeCheckpoint(newest.checkpoint));
    });
    const replay = saying(async () => lines[0] as string);
    expect((await world.ask(replay)).ok).toBe(true);
    await world.clock.advance(SKEW + 2000);
    expect(await world.ask(replay)).toMatchObject({ ok: false, code: "LOG" });
    // A stored cosignature from the future is not taken for the answer.
    const future = saying((checkpoint) => lineOf(checkpoint, world.clock.now() + 3_600_000));
    expect(await world.ask(future)).toMatchObject({ ok: false, code: "LOG" });
    expect(must(await world.ask()).size).toBe(3);
  });

  test("takes its time: the answer may be of any moment in between", async () => {
    const world = new World();
    await world.append(3);
    const slow = answering(async (request) => {
      await world.clock.advance(30_000);
      return await world.witness.add(request);
    });
    expect((await world.ask(slow)).ok).toBe(true);
  });
});

test("the witnesses of a domain are those of its policy; what is no policy is none that may be left out", () => {
  expect(witnessesOf(kernel, { witnesses: undefined })).toEqual({ ok: true, value: [] });
  const named = must(witnessesOf(kernel, { witnesses: utf8(policyText("quorum w2")) }));
  expect(named.map(({ name }) => name)).toEqual(["w2.example", "w3.example", "w4.example"]);
  expect(witnessesOf(kernel, { witnesses: utf8("nonsense") })).toMatchObject({ code: "MALFORMED" });
});

test("a skew that is none is misuse", async () => {
  const world = new World();
  await world.withLog(async (log) => {
    for (const skew of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const asked = { clock: world.clock, skew };
      await expect(proveNewest(kernel, log, world.storage, world.witness, asked)).rejects.toThrow(
        TypeError,
      );
    }
  });
});
