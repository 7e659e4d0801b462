import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileStorage } from "../../src/storage/files.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { describeStorage } from "./storage.js";

/** More than any file here holds. */
const LIMIT = 1 << 24;

const base = await realpath(await mkdtemp(join(tmpdir(), "writ-storage-")));
let count = 0;
afterAll(() => rm(base, { recursive: true }));

/** A folder that is not there yet. */
const folder = (): string => join(base, `${count++}`, "log");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describeStorage("MemoryStorage", async () => new MemoryStorage());
describeStorage("FileStorage", async () => new FileStorage(folder()));

describe("FileStorage", () => {
  test("reading makes no folder", async () => {
    const root = folder();
    const storage = new FileStorage(root);
    await storage.read("a/b", LIMIT);
    await storage.list("a");
    await expect(readdir(root)).rejects.toThrow(/ENOENT/);
  });

  test("another storage over the same folder sees the same files, and the lock", async () => {
    const root = folder();
    const one = new FileStorage(root);
    const two = new FileStorage(root);
    await one.write("a/b", bytes("1"));
    expect(Uint8Array.from((await two.read("a/b", LIMIT)) ?? [])).toEqual(bytes("1"));
    const unlock = await one.lock();
    await expect(two.lock()).rejects.toThrow(new RegExp(`${process.pid}.*${root}`));
    await unlock();
    await (
      await two.lock()
    )();
  });

  test("two storages over one folder that write one file at once both succeed", async () => {
    const root = folder();
    const storages = Array.from({ length: 4 }, () => new FileStorage(root));
    await (storages[0] as FileStorage).write("file", bytes("first"));
    for (let round = 0; round < 5; round++) {
      const texts = storages.map((_, i) => `${round} by ${i}`);
      await Promise.all(storages.map((storage, i) => storage.write("file", bytes(texts[i] ?? ""))));
      const found = new TextDecoder().decode(await new FileStorage(root).read("file", LIMIT));
      expect(texts).toContain(found);
    }
    expect(await readdir(root)).toEqual(["file"]);
  });

  test("writing leaves nothing behind but the file", async () => {
    const root = folder();
    const storage = new FileStorage(root);
    await storage.write("a/b", bytes("1"));
    await storage.write("a/b", bytes("2"));
    expect(await readdir(root, { recursive: true })).toEqual(["a", "a/b"]);
  });

  test("a write that fails leaves the old bytes, and nothing beside them", async () => {
    const root = folder();
    const storage = new FileStorage(root);
    await storage.write("a/b", bytes("1"));
    await expect(storage.write("a", bytes("2"))).rejects.toThrow(Error);
    await expect(storage.write("a/b/c", bytes("2"))).rejects.toThrow(Error);
    expect(Uint8Array.from((await storage.read("a/b", LIMIT)) ?? [])).toEqual(bytes("1"));
    expect(await readdir(root, { recursive: true })).toEqual(["a", "a/b"]);
  });

  test("a folder that is given relative to the working folder is made there", async () => {
    const root = folder();
    await mkdir(root, { recursive: true });
    const before = process.cwd();
    process.chdir(root);
    try {
      await new FileStorage("some/log").write("a/b", bytes("1"));
    } finally {
      process.chdir(before);
    }
    expect(
      Uint8Array.from((await new FileStorage(join(root, "some/log")).read("a/b", LIMIT)) ?? []),
    ).toEqual(bytes("1"));
  });

  test("a fault of the medium throws, and is not taken for absence", async () => {
    const root = folder();
    await mkdir(root, { recursive: true });
    await symlink("loop", join(root, "loop"));
    await expect(new FileStorage(root).read("loop", LIMIT)).rejects.toThrow(/ELOOP/);
    await expect(new FileStorage(root).list("loop")).rejects.toThrow(/ELOOP/);
  });

  test("a lock that may be a living process's names it, and the file to remove if it is gone", async () => {
    const root = folder();
    const storage = new FileStorage(root);
    const unlock = await storage.lock();
    const file = join(root, ".lock");
    await expect(storage.lock()).rejects.toThrow(`process ${process.pid} is writing here`);
    await unlock();
    await writeFile(file, "somebody\n");
    await expect(storage.lock()).rejects.toThrow(`remove ${file} and`);
    await rm(file);
    await (
      await storage.lock()
    )();
    expect(await readdir(root)).toEqual([]);
  });
});
