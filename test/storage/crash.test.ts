/** A process that is killed while it writes: every file is whole, and nothing else shows. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FileStorage } from "../../src/storage/files.js";
import { verifyLog } from "../../src/tlog/verify-log.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { signCheckpoint } from "../../src/tlog/signer.js";
import { model, sampleEntries } from "../kernel/model.js";
import { kernel } from "../kernel.js";
import { log, ORIGIN } from "../tlog/fixture.js";
import { demanded } from "../tlog/stored.js";

const base = await realpath(await mkdtemp(join(tmpdir(), "writ-crash-")));
const writer = join(base, "writer.mjs");
afterAll(() => rm(base, { recursive: true }));

const ROUNDS = 8;
const SIZE = 150_000;
const PATHS = ["checkpoint", "tile/0/000.p/7", "tile/entries/000.p/7"];

/** Version n of a file: n, over and over, so that a mixture of two versions shows. */
const SCRIPT = `
  import { FileStorage } from "./files.mjs";
  const storage = new FileStorage(process.argv[2]);
  const paths = ${JSON.stringify(PATHS)};
  await storage.lock();
  for (let n = Number(process.argv[3]); ; n++) {
    const bytes = new Uint8Array(new Uint32Array(${SIZE / 4}).fill(n).buffer);
    await Promise.all(paths.map((path) => storage.write(path, bytes)));
    process.stdout.write(n + "\\n");
  }
`;

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL("../../src/storage/files.ts", import.meta.url))],
    ...{ bundle: true, platform: "node", format: "esm", logLevel: "silent" },
    outfile: join(base, "files.mjs"),
  });
  await writeFile(writer, SCRIPT);
});

/** Runs the writer until it has written twice, and kills it at a moment of its third write or so. */
async function crash(folder: string, first: number, after: number): Promise<number> {
  const child = spawn(process.execPath, [writer, folder, `${first}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    said += text as string;
    if (said.split("\n").length > 2) break;
  }
  await new Promise((resolve) => setTimeout(resolve, after));
  const closed = once(child, "exit");
  child.kill("SIGKILL");
  await closed;
  return Number(said.trim().split("\n").at(-1));
}

test("every file is whole, and as new as the last write that was done, after each of many kills", async () => {
  const folder = join(base, "log");
  const storage = new FileStorage(folder);
  let first = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const done = await crash(folder, first, round * 1.7);
    const versions = [];
    for (const path of PATHS) {
      const bytes = await storage.read(path);
      expect(bytes).toHaveLength(SIZE);
      const words = new Uint32Array((bytes as Uint8Array).slice().buffer);
      const torn = words.findIndex((word) => word !== words[0]);
      expect(torn, `${path} is of two versions`).toBe(-1);
      versions.push(words[0] as number);
    }
    expect(Math.min(...versions), "a write that was done is lost").toBeGreaterThanOrEqual(done);
    // The dead writer's lock stays, and says how to remove it.
    const refused = await storage.lock().catch((error: Error) => error.message);
    await rm(/remove (\S+) and/.exec(`${refused}`)?.[1] ?? "no lock");
    first = Math.max(...versions) + 1;
  }
});

const leftovers = ["tile/0/000.p/7.4711.0.tmp", "tile/0/000.4711.1.tmp", "checkpoint.4711.2.tmp"];

test("the temporary files that a crash left are in no list", async () => {
  const folder = join(base, "left");
  const storage = new FileStorage(folder);
  for (const path of [...PATHS, "tile/0/000"]) await storage.write(path, new Uint8Array(3));
  for (const path of leftovers) await writeFile(join(folder, path), "half of some");
  expect([...(await storage.list(""))].sort()).toEqual(["checkpoint", "tile"]);
  expect([...(await storage.list("tile/0"))].sort()).toEqual(["000", "000.p"]);
  expect(await storage.list("tile/0/000.p")).toEqual(["7"]);
});

test("a file that a crash left under the next temporary name does not stop a write", async () => {
  const folder = join(base, "same");
  const storage = new FileStorage(folder);
  await storage.write("file", new Uint8Array(1));
  // In a container every process has the same id, and so would the one that crashed.
  for (let n = 0; n < 5; n++) await writeFile(join(folder, `file.${process.pid}.${n}.tmp`), "");
  await storage.write("file", new Uint8Array(2));
  expect(await storage.read("file")).toHaveLength(2);
});

test("a log among what crashes left is PROVEN", async () => {
  const folder = join(base, "proven");
  const storage = new FileStorage(folder);
  const entries = sampleEntries(263);
  const oracle = model(entries);
  for (const [path, bytes] of demanded(entries, oracle, 263)) await storage.write(path, bytes);
  for (const path of leftovers) await writeFile(join(folder, path), "").catch(() => {});
  await writeFile(join(folder, "tile/0/001.p/7.4711.0.tmp"), "half");
  await writeFile(join(folder, "tile/entries/000.4711.0.tmp"), "half");
  await storage.lock();
  const head = { size: 263n, rootHash: oracle.mth(0, 263) };
  const verdict = await verifyLog(kernel, storage, await signCheckpoint(ORIGIN, head, log), {
    ...{ logs: [log.key], origin: undefined, verifiers: NO_VERIFIERS, layout: "c2sp" },
  });
  expect(verdict.outcome).toBe("PROVEN");
});

test("a log with a folder where a tile belongs is not PROVEN, and verifying does not throw", async () => {
  const folder = join(base, "folder");
  const storage = new FileStorage(folder);
  const entries = sampleEntries(263);
  const oracle = model(entries);
  for (const [path, bytes] of demanded(entries, oracle, 263)) await storage.write(path, bytes);
  await rm(join(folder, "tile/0/000"));
  await storage.write("tile/0/000/file", new Uint8Array(1));
  const head = { size: 263n, rootHash: oracle.mth(0, 263) };
  const verdict = await verifyLog(kernel, storage, await signCheckpoint(ORIGIN, head, log), {
    ...{ logs: [log.key], origin: undefined, verifiers: NO_VERIFIERS, layout: "c2sp" },
  });
  expect(verdict.outcome).not.toBe("PROVEN");
});
