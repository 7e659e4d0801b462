/** The behaviour that every storage driver shares. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Storage } from "../../src/storage/storage.js";

/** More than any file here holds. */
const LIMIT = 1 << 24;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The bytes alone, whatever view of them the driver gives. */
async function read(storage: Storage, path: string): Promise<Uint8Array | undefined> {
  const found = await storage.read(path, LIMIT);
  return found && Uint8Array.from(found);
}

const HOSTILE = [
  "..",
  ".",
  "../a",
  "a/..",
  "a/../b",
  "a/../../b",
  "a/./b",
  "./a",
  "a/.",
  "/",
  "/a",
  "/etc/passwd",
  "//a",
  "a//b",
  "a/",
  "a//",
  "a\\b",
  "..\\a",
  "\\a",
  "C:\\a",
  "C:a",
  "a:b",
  "a\0b",
  "\0",
  "a/\0",
  "a\n",
  "a\rb",
  "\t",
  // Names with a dot before them are the drivers' own.
  ".lock",
  ".a.tmp",
  "a/.b",
  ".a/b",
  "...",
];

/** Runs over storages that `open` makes, each new and empty. */
export function describeStorage(name: string, open: () => Promise<Storage>): void {
  describe(name, () => {
    test("what is not there is undefined", async () => {
      const storage = await open();
      expect(await storage.read("a", LIMIT)).toBeUndefined();
      expect(await storage.read("a/b/c", LIMIT)).toBeUndefined();
      await storage.write("a/b", bytes("1"));
      expect(await storage.read("a/c", LIMIT)).toBeUndefined();
      expect(await storage.read("a/b/c", LIMIT)).toBeUndefined();
      expect(await storage.read("a/B", LIMIT)).toBeUndefined();
    });

    test("a folder has no bytes", async () => {
      const storage = await open();
      await storage.write("a/b/c", bytes("1"));
      expect(await storage.read("a", LIMIT)).toBeUndefined();
      expect(await storage.read("a/b", LIMIT)).toBeUndefined();
    });

    test("what was written is read, whatever its bytes", async () => {
      const storage = await open();
      const all = Uint8Array.from({ length: 70_000 }, (_, i) => i);
      for (const each of [new Uint8Array(), Uint8Array.of(0), bytes("text\r\n"), all]) {
        await storage.write("file", each);
        expect(await read(storage, "file")).toEqual(each);
      }
    });

    test("a view into a larger buffer is written from its own start to its own end", async () => {
      const storage = await open();
      await storage.write("file", bytes("before and after").subarray(7, 10));
      expect(await read(storage, "file")).toEqual(bytes("and"));
    });

    test("writing replaces all of what was there", async () => {
      const storage = await open();
      await storage.write("file", bytes("a longer text"));
      await storage.write("other", bytes("other"));
      await storage.write("file", bytes("short"));
      expect(await read(storage, "file")).toEqual(bytes("short"));
      expect(await read(storage, "other")).toEqual(bytes("other"));
      await storage.write("file", new Uint8Array());
      expect(await read(storage, "file")).toEqual(new Uint8Array());
    });

    test("files stand side by side in nested folders", async () => {
      const storage = await open();
      const paths = [
        "a",
        "b/a",
        "b/b/a",
        "b/b/b",
        "tile/0/x001/234.p/5",
        "tile/0/x001/234",
        "b.p/1",
      ];
      for (const path of paths) await storage.write(path, bytes(path));
      for (const path of paths) expect(await read(storage, path)).toEqual(bytes(path));
    });

    test("what was removed is neither read nor listed, and can be written again", async () => {
      const storage = await open();
      for (const path of ["a/b", "a/c", "d"]) await storage.write(path, bytes(path));
      await storage.remove("a/b");
      expect(await storage.read("a/b", LIMIT)).toBeUndefined();
      expect(await storage.list("a")).toEqual(["c"]);
      expect(await read(storage, "a/c")).toEqual(bytes("a/c"));
      await storage.remove("d");
      expect(await storage.list("")).toEqual(["a"]);
      await storage.write("a/b", bytes("again"));
      expect(await read(storage, "a/b")).toEqual(bytes("again"));
    });

    test("removing what is not there changes nothing", async () => {
      const storage = await open();
      await storage.remove("a");
      await storage.remove("a/b/c");
      await storage.write("a/b", bytes("1"));
      await storage.remove("a/b/c");
      await storage.remove("a/c");
      await storage.remove("b");
      expect(await read(storage, "a/b")).toEqual(bytes("1"));
    });

    test("removing a folder removes no file", async () => {
      const storage = await open();
      await storage.write("a/b/c", bytes("1"));
      await storage.remove("a").catch(() => {});
      await storage.remove("a/b").catch(() => {});
      expect(await read(storage, "a/b/c")).toEqual(bytes("1"));
    });

    test("a list has the names directly under a path, each once", async () => {
      const storage = await open();
      const paths = ["x", "a/one", "a/two", "a/deep/1", "a/deep/2", "a/deep/er/3", "ab/no"];
      for (const path of paths) await storage.write(path, bytes(path));
      const names = async (path: string): Promise<string[]> =>
        [...(await storage.list(path))].sort();
      expect(await names("")).toEqual(["a", "ab", "x"]);
      expect(await names("a")).toEqual(["deep", "one", "two"]);
      expect(await names("a/deep")).toEqual(["1", "2", "er"]);
      expect(await names("a/deep/er")).toEqual(["3"]);
    });

    test("a list of nothing is empty", async () => {
      const storage = await open();
      expect(await storage.list("")).toEqual([]);
      expect(await storage.list("a")).toEqual([]);
      await storage.write("a/b", bytes("1"));
      expect(await storage.list("a/b")).toEqual([]);
      expect(await storage.list("a/b/c")).toEqual([]);
      expect(await storage.list("b")).toEqual([]);
    });

    test("a list has nothing but what was written", async () => {
      const storage = await open();
      const unlock = await storage.lock();
      await storage.write("a", bytes("1"));
      await storage.write("b/c", bytes("1"));
      await storage.write("a", bytes("2"));
      expect([...(await storage.list(""))].sort()).toEqual(["a", "b"]);
      expect(await storage.list("b")).toEqual(["c"]);
      await unlock();
      expect([...(await storage.list(""))].sort()).toEqual(["a", "b"]);
    });

    test("bytes are copied in", async () => {
      const storage = await open();
      const mine = bytes("mine");
      await storage.write("file", mine);
      mine.fill(0);
      expect(await read(storage, "file")).toEqual(bytes("mine"));
    });

    test("bytes are copied out", async () => {
      const storage = await open();
      await storage.write("file", bytes("theirs"));
      (await storage.read("file", LIMIT))?.fill(0);
      expect(await read(storage, "file")).toEqual(bytes("theirs"));
    });

    test("a hostile path is a mistake to read", async () => {
      const storage = await open();
      await storage.write("a", bytes("1"));
      for (const path of HOSTILE) {
        await expect(storage.read(path, LIMIT), JSON.stringify(path)).rejects.toThrow(TypeError);
      }
    });

    test("a hostile path is a mistake to write, and nothing is written", async () => {
      const storage = await open();
      await storage.write("a", bytes("1"));
      for (const path of HOSTILE) {
        const written = storage.write(path, bytes("2"));
        await expect(written, JSON.stringify(path)).rejects.toThrow(TypeError);
      }
      expect(await storage.list("")).toEqual(["a"]);
      expect(await read(storage, "a")).toEqual(bytes("1"));
    });

    test("a hostile path is a mistake to remove, and nothing is removed", async () => {
      const storage = await open();
      await storage.write("a", bytes("1"));
      for (const path of ["", ...HOSTILE]) {
        await expect(storage.remove(path), JSON.stringify(path)).rejects.toThrow(TypeError);
      }
      expect(await read(storage, "a")).toEqual(bytes("1"));
    });

    test("a hostile path is a mistake to list", async () => {
      const storage = await open();
      await storage.write("a", bytes("1"));
      for (const path of HOSTILE) {
        await expect(storage.list(path), JSON.stringify(path)).rejects.toThrow(TypeError);
      }
    });

    test("the empty path can be listed, and not read or written", async () => {
      const storage = await open();
      await expect(storage.read("", LIMIT)).rejects.toThrow(TypeError);
      await expect(storage.write("", bytes("1"))).rejects.toThrow(TypeError);
      expect(await storage.list("")).toEqual([]);
    });

    test("a path of any characters is a mistake, or a file that is read and listed", async () => {
      const storage = await open();
      const part = fc.array(fc.constantFrom(..."ab.. -~x0é"), { minLength: 1, maxLength: 4 });
      const path = fc.array(part, { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(path, async (parts) => {
          const names = parts.map((each) => each.join(""));
          const joined = `root-${names.length}/${names.join("/d-")}/file`;
          if (joined.includes("/.")) {
            await expect(storage.write(joined, bytes("1"))).rejects.toThrow(TypeError);
            return;
          }
          await storage.write(joined, bytes(joined));
          expect(await read(storage, joined)).toEqual(bytes(joined));
          expect(await storage.list(joined.slice(0, -5))).toContain("file");
        }),
        { numRuns: 60 },
      );
    });

    test("the lock keeps a second writer out until it is given back", async () => {
      const storage = await open();
      const unlock = await storage.lock();
      await expect(storage.lock()).rejects.toThrow(Error);
      await expect(storage.lock()).rejects.toThrow(Error);
      await unlock();
      const again = await storage.lock();
      await expect(storage.lock()).rejects.toThrow(Error);
      await again();
    });

    test("of many that ask for the lock at once one gets it", async () => {
      const storage = await open();
      const asked = await Promise.allSettled(Array.from({ length: 20 }, () => storage.lock()));
      expect(asked.filter((each) => each.status === "fulfilled")).toHaveLength(1);
    });

    test("a lock that is given back twice does not take away the next one's", async () => {
      const storage = await open();
      const first = await storage.lock();
      await first();
      const second = await storage.lock();
      await first().catch(() => {});
      await expect(storage.lock()).rejects.toThrow(Error);
      await second();
    });

    test("what is read is a plain Uint8Array, whose slices are copies", async () => {
      const storage = await open();
      await storage.write("file", bytes("text"));
      const found = (await storage.read("file", LIMIT)) as Uint8Array;
      found.slice().fill(0);
      expect(found).toEqual(bytes("text"));
    });

    test("many writes at once, to different files and to one, all succeed", async () => {
      const storage = await open();
      const written = Array.from({ length: 40 }, (_, i) => bytes(`${i}`.repeat(1000)));
      await Promise.all(
        written.flatMap((each, i) => [storage.write(`d/${i}`, each), storage.write("one", each)]),
      );
      for (const [i, each] of written.entries())
        expect(await read(storage, `d/${i}`)).toEqual(each);
      expect(written).toContainEqual(await read(storage, "one"));
    });
  });
}
