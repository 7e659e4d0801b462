/** The file system that the tests of power loss stand on: it keeps what was synced, and no more. */
import { describe, expect, test } from "vitest";
import { FileStorage } from "../../src/storage/files.js";
import { FileTrustStore } from "../../src/storage/file-trust-store.js";
import { CrashFileSystem, Killed, PowerLoss } from "./crash-file-system.js";
import { describeLogStorage } from "./log-storage.js";
import { describeTrustStore } from "./trust-store.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function make(system: CrashFileSystem, path: string, text: string, synced: boolean) {
  const created = await system.create(path);
  await created.writeFile(bytes(text));
  if (synced) await created.sync();
  await created.close();
}

/** What is at a path after every possible loss of power; absent where nothing is. */
async function left(system: CrashFileSystem, path: string): Promise<string[]> {
  const found = (system.crashes(1 << 12) ?? []).map((each) => each.read(path, 100));
  const texts = await Promise.all(
    found.map((each) =>
      each.then(
        (value) => new TextDecoder().decode(value),
        () => "absent",
      ),
    ),
  );
  return [...new Set(texts)].sort();
}

describeLogStorage("FileStorage without a crash", async () => {
  const system = new CrashFileSystem();
  return () => {
    const fileSystem = system.another();
    return new FileStorage("/data/log", fileSystem, fileSystem.owners);
  };
});

describeTrustStore("FileTrustStore without a crash", async () => {
  const system = new CrashFileSystem();
  return () => {
    const fileSystem = system.another();
    return new FileTrustStore("/data/trust", { fileSystem, owners: fileSystem.owners });
  };
});

describe("CrashFileSystem", () => {
  test("a file and its name survive when both are synced, and only then", async () => {
    const system = new CrashFileSystem();
    await make(system, "/a", "text", true);
    expect(await left(system, "/a")).toEqual(["absent", "text"]);
    await system.syncFolder("/");
    expect(await left(system, "/a")).toEqual(["text"]);
  });

  test("what is in a file that was not synced is new, old, torn or zero", async () => {
    const system = new CrashFileSystem();
    await make(system, "/a", "text", false);
    await system.syncFolder("/");
    expect(await left(system, "/a")).toEqual(["", "\0\0xt", "te", "te\0\0", "text"]);
    const random = Array.from({ length: 200 }, (_, seed) => system.crash(seed).read("/a", 100));
    const found = (await Promise.all(random)).map((value) => new TextDecoder().decode(value));
    for (const each of ["", "t", "te", "tex", "text", "\0ext", "\0\0xt", "t\0\0\0"]) {
      expect(found).toContain(each);
    }
  });

  test("what was appended and synced stays, and what came behind is lost, torn or in disorder", async () => {
    const system = new CrashFileSystem();
    const growing = await system.createGrowing("/a");
    await system.syncFolder("/");
    for (const part of ["first ", "second "])
      expect(await growing.write(bytes(part))).toBeDefined();
    await growing.sync();
    const kept = (await left(system, "/a"))[0] as string;
    for (let at = 0; at < 40;) at += await growing.write(bytes("behind".repeat(8)).subarray(at));
    const found = new Set<string>();
    for (let seed = 0; seed < 600; seed++) {
      const crashed = await system.crash(seed).read("/a", 200);
      const text = new TextDecoder().decode(crashed);
      expect(text.startsWith(kept), text).toBe(true);
      found.add(text.slice(kept.length));
    }
    const tails = [...found];
    expect(tails).toContain("");
    expect(tails).toContain("behind".repeat(8));
    // Torn at nearly every byte, and with a page there whose page before is not.
    const starts = tails.filter((tail) => "behind".repeat(8).startsWith(tail));
    expect(starts.length).toBeGreaterThan(30);
    expect(tails.filter((tail) => /[a-z]\0+[a-z]/.test(tail)).length).toBeGreaterThan(5);
    expect(tails.filter((tail) => /^\0+[a-z]/.test(tail)).length).toBeGreaterThan(5);
    await growing.sync();
    expect(await left(system, "/a")).toHaveLength(1);
  });

  test("a write takes a part of the bytes now and then, and says so", async () => {
    const system = new CrashFileSystem();
    const growing = await system.createGrowing("/a");
    const taken = [];
    for (let i = 0; i < 4; i++) taken.push(await growing.write(new Uint8Array(10)));
    expect(taken).toEqual([5, 10, 5, 10]);
    await expect(system.createGrowing("/a")).rejects.toThrow("EEXIST");
  });

  test("a rename happens whole or not at all, and syncing the file does not fix it", async () => {
    const system = new CrashFileSystem();
    await make(system, "/a", "old", true);
    await make(system, "/b", "new", true);
    await system.syncFolder("/");
    await system.rename("/b", "/a");
    expect(await left(system, "/a")).toEqual(["new", "old"]);
    expect(await left(system, "/b")).toEqual(["absent", "new"]);
    for (const each of system.crashes(2) ?? []) {
      const renamed = (await each.list("/")).length === 1;
      expect(new TextDecoder().decode(await each.read("/a", 9))).toBe(renamed ? "new" : "old");
    }
    await system.syncFolder("/");
    expect(await left(system, "/a")).toEqual(["new"]);
  });

  test("links and removals are lost until the folder is synced", async () => {
    const system = new CrashFileSystem();
    await make(system, "/a", "a", true);
    await system.syncFolder("/");
    await system.link("/a", "/b");
    await system.unlink("/a");
    expect(await left(system, "/a")).toEqual(["a", "absent"]);
    expect(await left(system, "/b")).toEqual(["a", "absent"]);
    await system.syncFolder("/");
    expect(await left(system, "/a")).toEqual(["absent"]);
    expect(await left(system, "/b")).toEqual(["a"]);
  });

  test("a folder's own name is its parent's to sync", async () => {
    const system = new CrashFileSystem();
    await system.makeFolder("/f");
    await make(system, "/f/a", "a", true);
    await system.syncFolder("/f");
    expect(await left(system, "/f/a")).toEqual(["a", "absent"]);
    await system.syncFolder("/");
    expect(await left(system, "/f/a")).toEqual(["a"]);
  });

  test("changes are lost and kept each for itself, in any order", async () => {
    const system = new CrashFileSystem();
    for (const name of ["/a", "/b", "/c"]) await make(system, name, name, true);
    const seeds = Array.from({ length: 200 }, (_, seed) => seed);
    const lists = await Promise.all(seeds.map((seed) => system.crash(seed).list("/")));
    expect(new Set(lists.map((names) => [...names].sort().join(""))).size).toBe(8);
    expect(lists.some((names) => names.join("") === "cba")).toBe(true);
    expect(system.crashes(7)).toBeUndefined();
    expect(system.crashes(8)).toHaveLength(8);
    const again = await Promise.all(seeds.map((seed) => system.crash(seed).list("/")));
    expect(again).toEqual(lists);
  });

  test("a sync that is left out does nothing, and the next one does", async () => {
    const system = new CrashFileSystem();
    system.skipSync(1);
    await make(system, "/a", "a", true);
    await system.syncFolder("/");
    expect(await left(system, "/a")).toEqual(["a", "absent"]);
    await system.syncFolder("/");
    expect(await left(system, "/a")).toEqual(["a"]);
    expect(system.syncs).toEqual(["file", "/", "/"]);
  });

  test("nothing happens once the power is gone, and a killed process alone stops", async () => {
    const system = new CrashFileSystem();
    const other = system.another();
    system.killAt(1);
    await system.makeFolder("/a");
    const owner = await system.owners.self();
    expect(await other.owners.fate(owner)).toBe("alive");
    await expect(system.makeFolder("/b")).rejects.toThrow(Killed);
    expect(await other.owners.fate(owner)).toBe("dead");
    await other.makeFolder("/c");
    other.losePowerAt(other.allOperations);
    await expect(other.makeFolder("/d")).rejects.toThrow(PowerLoss);
    await expect(other.syncFolder("/")).rejects.toThrow(PowerLoss);
    await expect(other.another().list("/")).rejects.toThrow(PowerLoss);
    const restarted = other.crash(1);
    expect(await restarted.list("/")).toEqual(["a", "c"]);
    expect(await restarted.owners.fate(await other.owners.self())).toBe("dead");
  });
});
