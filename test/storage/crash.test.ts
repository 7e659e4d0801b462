/** A process that is killed while it writes: every file is whole, and nothing else shows. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
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

/** More than any file here holds. */
const LIMIT = 1 << 24;

const base = await realpath(await mkdtemp(join(tmpdir(), "writ-crash-")));
const writer = join(base, "writer.mjs");
afterAll(() => rm(base, { recursive: true }));

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
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
    outfile: join(base, "files.mjs"),
  });
  await writeFile(writer, SCRIPT);
});

/** Runs the writer until it has written twice, and kills it a little later; gives what it said last. */
async function crash(folder: string, first: number, after: number): Promise<number> {
  const child = spawn(process.execPath, [writer, folder, `${first}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let said = "";
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.split("\n").length > 2) resolve();
    });
    void closed.then(() => resolve());
  });
  await new Promise((resolve) => setTimeout(resolve, after));
  child.kill("SIGKILL");
  expect(await closed).toEqual([null, "SIGKILL"]);
  return Number(said.split("\n").at(-2));
}

/** Every path that a storage lists. */
async function listed(storage: FileStorage, folder = ""): Promise<string[]> {
  const paths = [];
  for (const name of await storage.list(folder)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const below = await listed(storage, path);
    paths.push(...(below.length > 0 ? below : [path]));
  }
  return paths.sort();
}

async function filesIn(folder: string): Promise<number> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((each) => each.isFile()).length;
}

const killed = join(base, "killed");

test("every file is whole, and as new as the last write that was done, after each kill", async () => {
  const storage = new FileStorage(killed);
  let first = 1;
  // Until a kill has left something beside the files, as nearly every one does.
  for (let round = 0; round < 8 || (round < 40 && (await filesIn(killed)) === 3); round++) {
    const done = await crash(killed, first, (round % 8) * 1.7);
    const versions = [];
    for (const path of PATHS) {
      const bytes = await storage.read(path, LIMIT);
      expect(bytes).toHaveLength(SIZE);
      const words = new Uint32Array(Uint8Array.from(bytes as Uint8Array).buffer);
      const torn = words.findIndex((word) => word !== words[0]);
      expect(torn, `${path} is of two versions`).toBe(-1);
      versions.push(words[0] as number);
    }
    expect(Math.min(...versions), "a write that was done is lost").toBeGreaterThanOrEqual(done);
    // The dead writer's lock stays, and is no hindrance.
    expect(await readdir(killed)).toContain(".lock");
    await (
      await storage.lock()
    )();
    first = Math.max(...versions) + 1;
  }
});

test("what the killed processes left beside the files is in no list", async () => {
  expect(await listed(new FileStorage(killed))).toEqual(PATHS);
});

test("a file that a crash left under the next temporary name does not stop a write", async () => {
  const folder = join(base, "same");
  const storage = new FileStorage(folder);
  await storage.write("file", new Uint8Array(1));
  // In a container every process has the same id, and so would the one that crashed.
  for (let n = 0; n < 5; n++) await writeFile(join(folder, `file.${process.pid}.${n}.tmp`), "");
  await storage.write("file", new Uint8Array(2));
  expect(await storage.read("file", LIMIT)).toHaveLength(2);
});

test("a log among what crashes left is PROVEN", async () => {
  const folder = join(base, "proven");
  const storage = new FileStorage(folder);
  const entries = sampleEntries(263);
  const oracle = model(entries);
  for (const [path, bytes] of demanded(entries, oracle, 263)) await storage.write(path, bytes);
  for (const path of ["tile/0/001.p/7", "tile/entries/000", "tile/0/000", "tile/1/000.p/1"]) {
    await writeFile(join(folder, `${path}.4711.0.tmp`), "half");
  }
  await storage.lock();
  const head = { size: 263n, rootHash: oracle.mth(0, 263) };
  const verdict = await verifyLog(kernel, storage, await signCheckpoint(ORIGIN, head, log), {
    logs: [log.key],
    origin: undefined,
    verifiers: NO_VERIFIERS,
    layout: "c2sp",
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
    logs: [log.key],
    origin: undefined,
    verifiers: NO_VERIFIERS,
    layout: "c2sp",
  });
  expect(verdict.outcome).not.toBe("PROVEN");
});
