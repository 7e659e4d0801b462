/** Adding cosignatures to a stored log: to its checkpoint, or to one that it has grown past. */
import { describe, expect, test } from "vitest";
import { cosignLog } from "../../src/lineage/cosign-log.js";
import { cosignedSizes, readCosigned } from "../../src/lineage/cosigned.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { CosignedCheckpoint } from "../../src/tlog/add-cosignature.js";
import { appendEntries, CHECKPOINT } from "../../src/tlog/log-writer.js";
import type { Signer } from "../../src/tlog/signer.js";
import { signCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import type { Result } from "../../src/verdict.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import {
  bare,
  cosignatureLine,
  log,
  ORIGIN,
  rootHash,
  signer,
  TIME,
  utf8,
  witnesses,
} from "../tlog/fixture.js";

const [w2, w3] = witnesses as [Signer, Signer];
const keys = { witnesses: [w2.key, w3.key], verifiers: NO_VERIFIERS };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const read = async (storage: MemoryStorage): Promise<string> =>
  text((await storage.read(CHECKPOINT, 1 << 20)) as Uint8Array);

/** What the history has of a size. */
const kept = async (storage: MemoryStorage, size: number): Promise<string> =>
  text(must((await readCosigned(storage, size)) ?? { ok: true, value: utf8("none") }));

test("a log's key for a witness's is a mistake", async () => {
  const wrong = { witnesses: [log.key], verifiers: NO_VERIFIERS };
  const storage = new MemoryStorage();
  await storage.write(CHECKPOINT, bare);
  await expect(cosignLog(kernel, storage, utf8("x"), wrong)).rejects.toThrow(TypeError);
});

describe("a stored log's checkpoint", () => {
  async function storedLog(storage = new MemoryStorage()): Promise<MemoryStorage> {
    await storage.write(CHECKPOINT, bare);
    return storage;
  }

  const cosign = async (
    storage: MemoryStorage,
    lines: string,
  ): Promise<Result<CosignedCheckpoint>> => await cosignLog(kernel, storage, utf8(lines), keys);

  test("is replaced by the cosigned one, and the lock is given back", async () => {
    const storage = await storedLog();
    const lines = await cosignatureLine(w2);
    expect(await cosign(storage, lines)).toMatchObject({ ok: true, value: { changed: true } });
    expect(await read(storage)).toBe(text(bare) + lines);
    expect(await kept(storage, 11)).toBe(text(bare) + lines);
    await (
      await storage.lock()
    )();
  });

  test("is not written where nothing changes, or where something is wrong", async () => {
    const storage = await storedLog();
    const lines = await cosignatureLine(w2);
    await cosign(storage, lines);
    storage.write = async () => {
      throw new Error("written");
    };
    expect(await cosign(storage, lines)).toMatchObject({ ok: true, value: { changed: false } });
    expect(await cosign(storage, "hello\n")).toMatchObject({ ok: false, code: "MALFORMED" });
    await expect(cosign(storage, await cosignatureLine(w3))).rejects.toThrow("written");
    await (
      await storage.lock()
    )();
  });

  test("is left alone while another writes the log", async () => {
    const storage = await storedLog();
    const unlock = await storage.lock();
    await expect(cosign(storage, await cosignatureLine(w2))).rejects.toThrow("another writer");
    await unlock();
    expect(await read(storage)).toBe(text(bare));
  });

  test("that is not there is missing", async () => {
    expect(await cosign(new MemoryStorage(), await cosignatureLine(w2))).toMatchObject({
      code: "MISSING",
    });
  });

  test("that has grown takes no cosignature of before", async () => {
    const storage = await storedLog();
    const lines = await cosignatureLine(w2);
    await storage.write(CHECKPOINT, await signCheckpoint(ORIGIN, { size: 12n, rootHash }, log));
    expect(await cosign(storage, lines)).toMatchObject({ ok: false, code: "SIGNATURE" });
    expect(await cosignedSizes(storage)).toEqual([]);
  });
});

describe("F48: a checkpoint that the log has grown past", () => {
  /** Three checkpoints of one log. */
  async function grown() {
    const storage = new MemoryStorage();
    const checkpoints: Uint8Array[] = [];
    for (const count of [3, 4, 300]) {
      const entries = Array.from({ length: count }, (_, i) => utf8(`${count} ${i}`));
      must(await appendEntries(kernel, storage, log, entries));
      checkpoints.push((await storage.read(CHECKPOINT, 1 << 20)) as Uint8Array);
    }
    return { storage, checkpoints: checkpoints as [Uint8Array, Uint8Array, Uint8Array] };
  }

  const cosign = async (
    storage: MemoryStorage,
    shown: Uint8Array,
    by: Signer = w2,
    key = log.key,
  ): Promise<Result<CosignedCheckpoint>> => {
    const lines = utf8(await cosignatureLine(by, TIME, shown));
    return await cosignLog(kernel, storage, lines, keys, { checkpoint: shown, log: key });
  };

  test("takes its cosignatures in the history, all of them, and the newest stays as it is", async () => {
    const { storage, checkpoints } = await grown();
    const [small, larger, newest] = checkpoints;
    expect(must(await cosign(storage, larger))).toMatchObject({
      changed: true,
      head: { size: 7n },
    });
    must(await cosign(storage, larger, w3));
    expect(must(await cosign(storage, larger))).toMatchObject({ changed: false });
    must(await cosign(storage, small));
    expect(await kept(storage, 7)).toBe(
      text(larger) +
        (await cosignatureLine(w2, TIME, larger)) +
        (await cosignatureLine(w3, TIME, larger)),
    );
    expect(await kept(storage, 3)).toBe(text(small) + (await cosignatureLine(w2, TIME, small)));
    expect(await cosignedSizes(storage)).toEqual([3, 7]);
    expect(await read(storage)).toBe(text(newest));
    // The one that is stored is as good as none named.
    must(await cosign(storage, newest));
    expect(await read(storage)).toBe(text(newest) + (await cosignatureLine(w2, TIME, newest)));
    expect(await cosignedSizes(storage)).toEqual([3, 7, 307]);
  });

  test("is taken without what others have written on it", async () => {
    const { storage, checkpoints } = await grown();
    const [small] = checkpoints;
    const noted = utf8(`${text(small)}— nobody.example AAAAAAAA\n`);
    must(await cosign(storage, noted));
    expect(await kept(storage, 3)).toBe(text(small) + (await cosignatureLine(w2, TIME, small)));
  });

  test("is refused where it is of another tree, or of another's log", async () => {
    const { storage, checkpoints } = await grown();
    const signed = (size: bigint, by = log, origin = ORIGIN) =>
      signCheckpoint(origin, { size, rootHash }, by);
    const forger = signer(ORIGIN, 77, "log");
    for (const [shown, code] of [
      [await signed(3n), "CONSISTENCY"],
      [await signed(0n), "CONSISTENCY"],
      [await signed(308n), "CONSISTENCY"],
      [await signed(307n), "EQUIVOCATION"],
      [await signed(3n, forger), "UNSIGNED"],
      [await signed(3n, log, "log.example/two"), "ORIGIN"],
    ] as const) {
      expect(await cosign(storage, shown), code).toMatchObject({ ok: false, code });
    }
    const { key } = forger;
    expect(await cosign(storage, checkpoints[0], w2, key)).toMatchObject({ code: "UNSIGNED" });
    expect(await cosignedSizes(storage)).toEqual([]);
  });

  test("of no entries is continued by every log", async () => {
    const { storage } = await grown();
    const empty = { size: 0n, rootHash: kernel.treeRoot(new Uint8Array()) };
    must(await cosign(storage, await signCheckpoint(ORIGIN, empty, log)));
    expect(await cosignedSizes(storage)).toEqual([0]);
  });
});
