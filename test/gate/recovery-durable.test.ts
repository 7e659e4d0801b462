/** What a gate has answered of a run that was stopped stands in its log, also after a crash. */
import { describe, expect, test } from "vitest";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Journal } from "../../src/storage/storage.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { must } from "../domain/fixture.js";
import { settle } from "./fake-clock.js";
import { asking, openBench, storyOf, TestEffect } from "./harness.js";

/** Storage whose syncs take longer than all else. */
class SlowStorage extends MemoryStorage {
  /** Whether one is under way. */
  syncing = false;

  override async createJournal(path: string): Promise<Journal> {
    const journal = await super.createJournal(path);
    return {
      append: async (bytes) => {
        this.syncing = true;
        for (let i = 0; i < 20; i++) await settle();
        await journal.append(bytes);
        this.syncing = false;
      },
      close: () => journal.close(),
    };
  }
}

describe("a run that was stopped", () => {
  test.each([
    // What the gate itself knows is fresh enough; what the authorization demands of its issuer is not.
    ["recover", "transition recovering"],
    ["resumeRun", "transition contained"],
  ] as const)("%s answers when the %s is durable", async (way, last) => {
    const storage = new SlowStorage();
    const { gate, clock } = await openBench({ storage });
    const effect = new TestEffect();
    const started = await gate.start(await asking(gate, { effect }));
    if (started.outcome !== "allow") throw new Error(started.code);
    const { id, permission, finished } = started.run;
    await clock.advance((permission?.validUntil as number) - clock.now() + 1);
    await finished;

    const ask = { ...(await asking(gate, { effect })), openings: [] };
    await (way === "recover" ? gate.recover(id) : gate.resumeRun(id, new Uint8Array(), ask));
    expect(storage.syncing).toBe(false);
    expect((await storyOf(gate, id)).at(-1)).toBe(last);
    const covered = must(parseCheckpoint(await gate.checkpoint())).checkpoint.size;
    expect(Number(covered)).toBe(gate.state.size);
    await gate.close();
  });
});
