/** The history of cosigned checkpoints beside a log. */
import { describe, expect, test } from "vitest";
import {
  cosignedPath,
  cosignedSizes,
  keepCosigned,
  readCosigned,
} from "../../src/lineage/cosigned.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { MAX_NOTE_BYTES } from "../../src/tlog/note.js";
import type { Signer } from "../../src/tlog/signer.js";
import { cosignCheckpoint, signCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { checkpoint, log, ORIGIN, rootHash, TIME, utf8, witnesses } from "../tlog/fixture.js";
import { filesOf } from "../tlog/stored.js";

const [w2, w3, w4] = witnesses as [Signer, Signer, Signer];
const keys = { witnesses: [w2.key, w3.key], verifiers: NO_VERIFIERS };
const bare = await checkpoint();
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** Of the eleven entries that the fixture's log has. */
const path = cosignedPath(11);

async function kept(storage: MemoryStorage): Promise<string> {
  return text((await storage.read(path, MAX_NOTE_BYTES)) as Uint8Array);
}

const keep = (storage: MemoryStorage, note: Uint8Array, by = keys) =>
  keepCosigned(kernel, storage, note, by);

/** The lines of a note, one after the other. */
const linesOf = (note: string): string[] => note.split("\n").filter((line) => line.startsWith("—"));

describe("F48: what witnesses cosigned of one size", () => {
  test("is kept in one note, whatever comes first, and no cosignature is lost", async () => {
    const [by2, by3] = [
      await cosignCheckpoint(bare, w2, TIME),
      await cosignCheckpoint(bare, w3, TIME + 1n),
    ];
    for (const order of [
      [by2, by3, by2],
      [by3, by2],
      [await cosignCheckpoint(by2, w3, TIME + 1n)],
    ]) {
      const storage = new MemoryStorage();
      for (const note of order) must(await keep(storage, note));
      const lines = linesOf(await kept(storage));
      expect(lines).toHaveLength(3);
      for (const line of [...linesOf(text(by2)), ...linesOf(text(by3))]) {
        expect(lines).toContain(line);
      }
      expect([...(await filesOf(storage)).keys()]).toEqual([path]);
    }
  });

  test("has the newest of each key, and says whether that is new", async () => {
    const storage = new MemoryStorage();
    const [early, late] = [
      await cosignCheckpoint(bare, w2, TIME),
      await cosignCheckpoint(bare, w2, TIME + 9n),
    ];
    expect(must(await keep(storage, late))).toMatchObject({ changed: true, head: { size: 11n } });
    expect(must(await keep(storage, early))).toMatchObject({ changed: false });
    expect(await kept(storage)).toBe(text(late));
  });

  test("has what others added, also where their keys are not known here", async () => {
    const storage = new MemoryStorage();
    const all = { witnesses: [w4.key], verifiers: NO_VERIFIERS };
    must(await keep(storage, await cosignCheckpoint(bare, w4, TIME), all));
    must(await keep(storage, await cosignCheckpoint(bare, w2, TIME)));
    expect(linesOf(await kept(storage))).toHaveLength(3);
  });

  test("EQUIVOCATION: another root of the same size, and it is not overwritten", async () => {
    const storage = new MemoryStorage();
    must(await keep(storage, await cosignCheckpoint(bare, w2, TIME)));
    const before = await kept(storage);
    const other = await signCheckpoint(
      ORIGIN,
      { size: 11n, rootHash: kernel.sha256(utf8("x")) },
      log,
    );
    const found = await keep(storage, await cosignCheckpoint(other, w3, TIME));
    expect(found).toMatchObject({ ok: false, code: "EQUIVOCATION" });
    const foreign = await signCheckpoint("log.example/two", { size: 11n, rootHash }, log);
    const strange = await keep(storage, await cosignCheckpoint(foreign, w3, TIME));
    expect(strange).toMatchObject({ ok: false, code: "ORIGIN" });
    expect(await kept(storage)).toBe(before);
  });

  test("is nothing without a cosignature that verifies", async () => {
    const storage = new MemoryStorage();
    expect(await keep(storage, bare)).toMatchObject({ ok: false, code: "QUORUM" });
    const unknown = await cosignCheckpoint(bare, w4, TIME);
    expect(await keep(storage, unknown)).toMatchObject({ ok: false, code: "QUORUM" });
    const [line] = linesOf(text(await cosignCheckpoint(bare, w2, TIME))).slice(1) as [string];
    const broken = `${text(bare)}${line.slice(0, -8)}AAAAAAA=\n`;
    expect(await keep(storage, utf8(broken))).toMatchObject({ ok: false, code: "SIGNATURE" });
    const unsigned = utf8(`${text(bare).split("\n—")[0]}\n${line}\n`);
    expect(await keep(storage, unsigned)).toMatchObject({ ok: false, code: "UNSIGNED" });
    expect(await keep(storage, utf8("x"))).toMatchObject({ ok: false, code: "MALFORMED" });
    expect((await filesOf(storage)).size).toBe(0);
  });

  test("that is damaged stays as it is", async () => {
    const storage = new MemoryStorage();
    await storage.write(path, utf8("damaged"));
    const found = await keep(storage, await cosignCheckpoint(bare, w2, TIME));
    expect(found).toMatchObject({ ok: false, code: "MALFORMED" });
    expect(await kept(storage)).toBe("damaged");
    expect(await readCosigned(storage, 11)).toMatchObject({ ok: false, code: "MALFORMED" });
  });
});

describe("the history", () => {
  test("names its sizes in order, and no strange file", async () => {
    const storage = new MemoryStorage();
    const names = ["0", "9", "10", "100", "9007199254740991"];
    const strange = ["007", "-1", "1e3", "1.tmp", "x", "9007199254740993", "12345678901234567"];
    for (const name of [...names, ...strange]) await storage.write(`cosigned/${name}`, bare);
    expect(await cosignedSizes(storage)).toEqual(names.map(Number));
    expect(await cosignedSizes(new MemoryStorage())).toEqual([]);
  });

  test("gives the note of a size, and none of another", async () => {
    const storage = new MemoryStorage();
    const note = await cosignCheckpoint(bare, w2, TIME);
    must(await keep(storage, note));
    expect(await readCosigned(storage, 11)).toEqual({ ok: true, value: note });
    expect(await readCosigned(storage, 10)).toBeUndefined();
    await storage.write("cosigned/12", note);
    expect(await readCosigned(storage, 12)).toMatchObject({ ok: false, code: "MALFORMED" });
    await storage.write("cosigned/13", new Uint8Array(MAX_NOTE_BYTES + 1));
    expect(await readCosigned(storage, 13)).toMatchObject({ ok: false, code: "TOO_LARGE" });
    for (const size of [-1, 0.5, Number.NaN]) {
      await expect(readCosigned(storage, size)).rejects.toThrow(RangeError);
    }
  });
});
