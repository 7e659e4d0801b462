/** Appends that crash at any write: what is stored is the old log or the new one, for good. */
import { describe, expect, test } from "vitest";
import { generateKey, signerOf } from "../../src/cli/key-file.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { appendEntries, CHECKPOINT } from "../../src/tlog/log-writer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { verifyLog } from "../../src/tlog/verify-log.js";
import { model, sampleEntries } from "../kernel/model.js";
import { kernel } from "../kernel.js";
import { filesOf } from "./stored.js";

/** More than any file here holds. */
const LIMIT = 1 << 24;

const signer = signerOf(generateKey(kernel, "log.example/crash", "ed25519"));
const entries = sampleEntries(800);
/** What is appended after the crash: other entries than those that the crash lost. */
const others = sampleEntries(1800).slice(1000);

/** Writes the first `left` files, and then the power is gone. */
class Crashing extends MemoryStorage {
  left = Number.POSITIVE_INFINITY;

  override async write(path: string, bytes: Uint8Array): Promise<void> {
    if (this.left-- <= 0) throw new Error("power is gone");
    await super.write(path, bytes);
  }

  override async remove(path: string): Promise<void> {
    if (this.left-- <= 0) throw new Error("power is gone");
    await super.remove(path);
  }
}

async function append(storage: MemoryStorage, added: readonly Uint8Array[]): Promise<void> {
  const appended = await appendEntries(kernel, storage, signer, added);
  if (!appended.ok) throw new Error(`${appended.code}: ${appended.expected}, ${appended.found}`);
}

async function outcomeOf(storage: MemoryStorage): Promise<string> {
  const checkpoint = await storage.read(CHECKPOINT, LIMIT);
  if (!checkpoint) return "no checkpoint";
  const verdict = await verifyLog(kernel, storage, checkpoint, {
    logs: [signer.key],
    origin: undefined,
    verifiers: NO_VERIFIERS,
    layout: "c2sp",
  });
  const bad = verdict.checks.find((check) => check.outcome !== "passed");
  return bad ? `${verdict.outcome}: ${bad.name}, ${bad.expected}, ${bad.found}` : verdict.outcome;
}

/** A log of `size` entries, and an append of `count` more that crashes after `writes` files. */
async function crashed(size: number, count: number, writes: number): Promise<Crashing> {
  const storage = new Crashing();
  if (size > 0) await append(storage, entries.slice(0, size));
  storage.left = writes;
  const appending = append(storage, entries.slice(size, size + count));
  await appending.catch((error: Error) => expect(error.message).toBe("power is gone"));
  storage.left = Number.POSITIVE_INFINITY;
  return storage;
}

const CASES = [
  [0, 5],
  [100, 30],
  [200, 100],
  [250, 6],
  [256, 3],
  [300, 500],
] as const;

describe.each(CASES)("a log of %i entries whose append of %i crashed", (size, count) => {
  const everyWrite = async (body: (storage: Crashing, writes: number) => Promise<void>) => {
    for (let writes = 0; ; writes++) {
      const storage = await crashed(size, count, writes);
      const checkpoint = new TextDecoder().decode(await storage.read(CHECKPOINT, LIMIT));
      if (checkpoint.split("\n")[1] === `${size + count}`) {
        expect(writes).toBeGreaterThan(2);
        return;
      }
      await body(storage, writes);
    }
  };

  test("is still the log that it was", async () => {
    await everyWrite(async (storage, writes) => {
      const expected = size === 0 ? "no checkpoint" : "PROVEN";
      expect(await outcomeOf(storage), `after ${writes} files`).toBe(expected);
    });
  });

  test("grows by the same entries and is PROVEN", async () => {
    await everyWrite(async (storage, writes) => {
      await append(storage, entries.slice(size, size + count));
      const root = model(entries).mth(0, size + count);
      const checkpoint = new TextDecoder().decode(await storage.read(CHECKPOINT, LIMIT));
      expect(checkpoint.split("\n")[2]).toBe(Buffer.from(root).toString("base64"));
      expect(await outcomeOf(storage), `after ${writes} files`).toBe("PROVEN");
    });
  });

  test.each([1, 2, 700])("grows by %i other entries and is PROVEN", async (more) => {
    await everyWrite(async (storage, writes) => {
      await append(storage, others.slice(0, more));
      expect(await outcomeOf(storage), `after ${writes} files`).toBe("PROVEN");
    });
  });
});

describe("published history is never taken for what a crash left", () => {
  const published = async () => {
    const storage = new MemoryStorage();
    await append(storage, entries.slice(0, 100));
    const early = (await storage.read(CHECKPOINT, LIMIT)) as Uint8Array;
    await append(storage, entries.slice(100, 300));
    return { storage, early };
  };

  test("when the checkpoint is gone, nothing is appended and nothing removed", async () => {
    const { storage } = await published();
    await storage.remove(CHECKPOINT);
    const before = await filesOf(storage);
    const refused = await appendEntries(kernel, storage, signer, others.slice(0, 1));
    expect(refused).toMatchObject({ ok: false, code: "TREE" });
    expect(await filesOf(storage)).toEqual(before);
  });

  test("when an older checkpoint is put back, nothing is appended and nothing removed", async () => {
    const { storage, early } = await published();
    await storage.write(CHECKPOINT, early);
    const before = await filesOf(storage);
    const refused = await appendEntries(kernel, storage, signer, others.slice(0, 1));
    expect(refused).toMatchObject({ ok: false, code: "TREE" });
    expect(await filesOf(storage)).toEqual(before);
  });

  test("a note of another append, or a torn one, explains nothing", async () => {
    const notes = [
      '{"from":"99","to":"300"}',
      '{"from":"100","to":"299"}',
      '{"from":"100","to',
      "",
    ];
    for (const note of notes) {
      const { storage, early } = await published();
      await storage.write(CHECKPOINT, early);
      await storage.write("append-intent", new TextEncoder().encode(note));
      const refused = await appendEntries(kernel, storage, signer, others.slice(0, 1));
      expect(refused, note).toMatchObject({ ok: false, code: "TREE" });
    }
  });
});
