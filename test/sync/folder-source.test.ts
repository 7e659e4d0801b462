import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileStorage } from "../../src/storage/files.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Reader } from "../../src/storage/storage.js";
import { folderSource } from "../../src/sync/folder-source.js";

const base = await mkdtemp(join(tmpdir(), "writ-folder-source-"));
afterAll(() => rm(base, { recursive: true }));
const LIMIT = { limit: 8 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function inMemory(): Promise<Reader> {
  const storage = new MemoryStorage();
  await storage.write("root/1.json", bytes("12345678"));
  await storage.write("root/2.json", bytes("123456789"));
  await storage.write("empty", bytes(""));
  return storage;
}

async function onDisk(): Promise<Reader> {
  await mkdir(join(base, "root"), { recursive: true });
  await writeFile(join(base, "root", "1.json"), "12345678");
  await writeFile(join(base, "root", "2.json"), "123456789");
  await writeFile(join(base, "empty"), "");
  return new FileStorage(base);
}

describe.each([
  ["memory", inMemory],
  ["files", onDisk],
] as const)("a source over %s", (_, open) => {
  test("gives the file, whichever domain it is asked for", async () => {
    const source = folderSource(await open(), "a stick");
    expect(source.name).toBe("a stick");
    for (const domain of ["acme.example", "../x"]) {
      const answer = await source.read(domain, "root/1.json", LIMIT);
      expect(answer).toMatchObject({ ok: true, status: "found" });
      if (answer.ok && answer.status === "found") {
        expect(Uint8Array.from(answer.bytes)).toEqual(bytes("12345678"));
        expect(answer.validator).toBeUndefined();
      }
    }
    expect(await source.read("d", "empty", { limit: 0 })).toMatchObject({ status: "found" });
  });

  test("says what is absent, and what is too long", async () => {
    const source = folderSource(await open(), "a stick");
    for (const path of ["root/3.json", "root", "root/1.json/deeper"]) {
      expect(await source.read("d", path, LIMIT)).toEqual({ ok: true, status: "absent" });
    }
    expect(await source.read("d", "root/2.json", LIMIT)).toEqual({
      ok: false,
      code: "TOO_LARGE",
      expected: 'at most 8 bytes at "root/2.json"',
      found: "more than that",
    });
  });

  test("refuses what is no path as misuse", async () => {
    const source = folderSource(await open(), "a stick");
    for (const path of ["", "/etc/passwd", "../x", "a//b", "a/./b", "a\\b", "a:b", "a/\n"]) {
      await expect(source.read("d", path, LIMIT), path).rejects.toThrow(TypeError);
    }
  });
});

test.each([
  [new Error(`EIO: ${"x".repeat(500)}`), /^"EIO: x+\.\.\."$/],
  [new TypeError("bad\u001b[2J"), /^"bad\\u001b\[2J"$/],
  ["a string", /^not even an Error$/],
  [Object.create(null), /^not even an Error$/],
  [undefined, /^not even an Error$/],
])("a driver that throws %o is unreachable", async (thrown, found) => {
  const reader: Reader = {
    read: async () => {
      throw thrown;
    },
    list: async () => [],
  };
  const answer = await folderSource(reader, "a stick").read("d", "root/1.json", LIMIT);
  expect(answer).toMatchObject({ ok: false, code: "UNREACHABLE" });
  if (!answer.ok) expect(answer.found).toMatch(found);
});

test("a driver that throws at once, not through its promise, is unreachable too", async () => {
  const reader: Reader = {
    read: () => {
      throw new Error("unplugged");
    },
    list: async () => [],
  };
  const answer = await folderSource(reader, "a stick").read("d", "a", LIMIT);
  expect(answer).toMatchObject({ code: "UNREACHABLE", found: '"unplugged"' });
});

test("a driver that gives the whole of a long file is held to the limit", async () => {
  const reader: Reader = { read: async () => new Uint8Array(100), list: async () => [] };
  const answer = await folderSource(reader, "a stick").read("d", "a", LIMIT);
  expect(answer).toMatchObject({ code: "TOO_LARGE" });
});
