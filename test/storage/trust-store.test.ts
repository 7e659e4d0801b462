/** The drivers of the trust store, and what processes that share a folder do to each other. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileTrustStore } from "../../src/storage/file-trust-store.js";
import { FileStorage } from "../../src/storage/files.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { describeTrustStore, increment } from "./trust-store.js";

/** More than any value here holds. */
const LIMIT = 1 << 24;

const base = await realpath(await mkdtemp(join(tmpdir(), "writ-trust-")));
let count = 0;
afterAll(() => rm(base, { recursive: true }));

/** A folder that is not there yet. */
const folder = (): string => join(base, `${count++}`, "trust");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const numberIn = async (root: string): Promise<number> =>
  Number(new TextDecoder().decode(await new FileTrustStore(root).get("n", LIMIT)));

describeTrustStore("MemoryTrustStore", async () => {
  const store = new MemoryTrustStore();
  return () => store;
});
describeTrustStore("FileTrustStore", async () => {
  const root = folder();
  return () => new FileTrustStore(root);
});

describe("FileTrustStore", () => {
  test("leaves nothing in its folder but the values", async () => {
    const root = folder();
    const store = new FileTrustStore(root);
    await Promise.all([store.put("a/b", bytes("1")), store.put("c", bytes("2"))]);
    await store.compareAndSwap("c", bytes("2"), bytes("3"));
    await store.put("d", bytes("4"));
    await store.remove("d");
    expect((await readdir(root, { recursive: true })).sort()).toEqual(["a", "a/b", "c"]);
  });

  test("reads from a folder that is not there, and makes none", async () => {
    const root = folder();
    expect(await new FileTrustStore(root).get("a", LIMIT)).toBeUndefined();
    await expect(readdir(root)).rejects.toThrow(/ENOENT/);
  });

  test("waits a time that is one", () => {
    for (const wait of [-1, Number.NaN]) {
      expect(() => new FileTrustStore(base, { wait })).toThrow(RangeError);
    }
  });

  test("says what to do when a live process holds the folder too long, and goes on after it", async () => {
    const root = folder();
    const unlock = await new FileStorage(root).lock();
    const store = new FileTrustStore(root, { wait: 30 });
    const refused = expect(store.put("a", bytes("1"))).rejects;
    await refused.toThrow(new RegExp(`process ${process.pid} .*${root}.*try again`));
    expect(await store.get("a", LIMIT)).toBeUndefined();
    await unlock();
    await store.put("a", bytes("1"));
  });

  test("a change that fails does not hold up the next", async () => {
    const store = new FileTrustStore(folder());
    await store.put("a", bytes("1"));
    const below = store.put("a/b", bytes("2"));
    const next = store.put("c", bytes("3"));
    await expect(below).rejects.toThrow(Error);
    await next;
  });
});

describe("processes that share a folder", () => {
  const script = join(base, "script.mjs");
  /** `add <folder> <times>` says each number once it is answered; `hold <folder>` says that it holds. */
  const SCRIPT = `
    import { FileStorage } from "./files.mjs";
    import { FileTrustStore } from "./file-trust-store.mjs";
    const [what, folder, times] = process.argv.slice(2);
    if (what === "hold") {
      await new FileStorage(folder).lock();
      process.stdout.write("held\\n");
      setInterval(() => {}, 1000);
    } else {
      const store = new FileTrustStore(folder);
      for (let n = 0; n < Number(times); ) {
        const found = await store.get("n", 100);
        const next = Number(new TextDecoder().decode(found)) + 1;
        if (!(await store.compareAndSwap("n", found, new TextEncoder().encode(String(next))))) continue;
        process.stdout.write(next + "\\n");
        n++;
      }
    }
  `;

  beforeAll(async () => {
    const at = (name: string): string =>
      fileURLToPath(new URL(`../../src/storage/${name}.ts`, import.meta.url));
    await build({
      entryPoints: [at("files"), at("file-trust-store")],
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "silent",
      outdir: base,
      outExtension: { ".js": ".mjs" },
    });
    await writeFile(script, SCRIPT);
  });

  interface Run {
    readonly child: ChildProcess;
    /** The lines it said, whole ones. */
    readonly said: () => string[];
    readonly closed: Promise<unknown[]>;
  }

  function run(...args: string[]): Run {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
    return {
      child,
      said: () => text.split("\n").slice(0, -1),
      closed: once(child, "close"),
    };
  }

  test("lose no increment", async () => {
    const root = folder();
    const runs = Array.from({ length: 3 }, () => run("add", root, "25"));
    const store = new FileTrustStore(root);
    for (let n = 0; n < 25; n++) await increment(store, "n");
    for (const { closed } of runs) expect(await closed).toEqual([0, null]);
    expect(await numberIn(root)).toBe(100);
    const numbers = runs.flatMap(({ said }) => said());
    expect(new Set(numbers).size).toBe(75);
  });

  test("go on without a person when one is killed that holds the lock", async () => {
    const root = folder();
    const { child, said, closed } = run("hold", root);
    await expect.poll(said, { timeout: 30_000 }).toEqual(["held"]);
    const hasty = new FileTrustStore(root, { wait: 0 });
    await expect(hasty.put("a", bytes("1"))).rejects.toThrow(`process ${child.pid} `);
    await expect(new FileStorage(root).lock()).rejects.toThrow(`process ${child.pid} `);
    child.kill("SIGKILL");
    await closed;
    expect(await readdir(root)).toEqual([".lock"]);
    await hasty.put("a", bytes("1"));
    expect(await readdir(root)).toEqual(["a"]);
  });

  test("lose no increment that was answered, whoever is killed, and whenever", async () => {
    const root = folder();
    let [answered, killed] = [0, 0];
    for (let round = 0; round < 6; round++) {
      const runs = Array.from({ length: 3 }, () => run("add", root, "1000000"));
      for (const { said } of runs) {
        await expect.poll(() => said().length, { timeout: 60_000 }).toBeGreaterThan(0);
      }
      for (const { child, closed } of runs) {
        await new Promise((resolve) => setTimeout(resolve, round * 1.7));
        child.kill("SIGKILL");
        expect(await closed).toEqual([null, "SIGKILL"]);
        killed++;
      }
      answered += runs.flatMap(({ said }) => said()).length;
    }
    const found = await numberIn(root);
    expect(found).toBeGreaterThanOrEqual(answered);
    expect(found).toBeLessThanOrEqual(answered + killed);
    await increment(new FileTrustStore(root, { wait: 0 }), "n");
    expect(await numberIn(root)).toBe(found + 1);
  });
});
