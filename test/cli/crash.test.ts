/** Appending with a crash at every write: the log is the old one or the new one, and goes on. */
import { expect, test } from "vitest";
import { appendEntries } from "../../src/cli/log-append.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Storage } from "../../src/storage/storage.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { verifyLog } from "../../src/tlog/verify-log.js";
import { kernel } from "../kernel.js";
import { log, utf8 } from "../tlog/fixture.js";

class Crash extends Error {}

/** Fails at the n-th write and at everything after, as a process that is gone. */
function crashing(storage: Storage, after: number): Storage {
  let left = after;
  return {
    read: (path) => storage.read(path),
    list: (path) => storage.list(path),
    lock: async () => async () => {},
    remove: async (path) => {
      if (left-- <= 0) throw new Crash();
      await storage.remove(path);
    },
    write: async (path, bytes) => {
      if (left-- <= 0) throw new Crash();
      await storage.write(path, bytes);
    },
  };
}

const entries = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => utf8(`entry ${from + i}`));
const demand = {
  logs: [log.key],
  origin: undefined,
  verifiers: NO_VERIFIERS,
  layout: "c2sp",
} as const;

test.each([
  [0, 3],
  [0, 300],
  [5, 6],
  [250, 600],
  [256, 257],
])("from %i to %i entries, a crash at each write", async (from, to) => {
  for (let after = 0; ; after++) {
    const storage = new MemoryStorage();
    if (from > 0) await appendEntries(kernel, storage, log, entries(0, from));
    const old = await storage.read("checkpoint");
    const crashed = await appendEntries(
      kernel,
      crashing(storage, after),
      log,
      entries(from, to),
    ).then(
      () => false,
      (error: unknown) => {
        expect(error).toBeInstanceOf(Crash);
        return true;
      },
    );
    if (crashed) {
      expect(await storage.read("checkpoint")).toEqual(old);
      if (old) {
        const verdict = await verifyLog(kernel, storage, old, demand);
        expect(verdict.outcome, `after ${after} writes`).toBe("PROVEN");
      }
      // The next run goes on from there, also with other and fewer entries than those that were lost.
      await appendEntries(kernel, storage, log, entries(1000, 1000 + (to - from + 1) / 2));
    }
    const now = (await storage.read("checkpoint")) as Uint8Array;
    const verdict = await verifyLog(kernel, storage, now, demand);
    expect(verdict, `after ${after} writes`).toMatchObject({ outcome: "PROVEN" });
    if (!crashed) return;
  }
});
