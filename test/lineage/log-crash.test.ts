/** F20: a real process that is killed while it appends: the next one has all that it was told. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLog } from "../../src/lineage/log.js";
import { FileStorage } from "../../src/storage/files.js";
import { kernel } from "../kernel.js";
import { Random, SEED } from "../authorization/random.js";
import { GATE, NEVER, numberOf, outcomeOf } from "./logged.js";

const base = await realpath(await mkdtemp(join(tmpdir(), "writ-log-crash-")));
const writer = join(base, "writer.mjs");
afterAll(() => rm(base, { recursive: true }));

const fixture = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));

/** Appends from many callers at once, and says the size up to which all is durable. */
const SCRIPT = `
  import { FileStorage } from ${fixture("../../src/storage/files.ts")};
  import { body, NOW, open } from ${fixture("./logged.ts")};
  const after = (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  };
  const log = await open(new FileStorage(process.argv[2]), { every: { entries: 50, ms: 5 }, after });
  const caller = async () => {
    for (;;) {
      const size = log.size;
      const appended = log.append([body(size), body(size + 1), body(size + 2)], NOW);
      await appended.value.durable;
      process.stdout.write(size + 3 + "\\n");
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
`;

beforeAll(async () => {
  const source = join(base, "writer.ts");
  await writeFile(source, SCRIPT);
  const root = fileURLToPath(new URL("../..", import.meta.url));
  await build({
    entryPoints: [source],
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
    outfile: writer,
    nodePaths: [join(root, "node_modules")],
    alias: {
      "#kernel-bytes": join(root, "dist/kernel/bytes.js"),
      "#kernel-digest": join(root, "dist/kernel/digest.js"),
    },
  });
});

/** Runs the writer for a while, and kills it; gives the largest size that it was told. */
async function kill(folder: string, after: number): Promise<number> {
  const child = spawn(process.execPath, [writer, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let said = "";
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      resolve();
    });
    void closed.then(() => resolve());
  });
  await new Promise((resolve) => setTimeout(resolve, after));
  child.kill("SIGKILL");
  expect(await closed).toEqual([null, "SIGKILL"]);
  return Math.max(...said.split("\n").slice(0, -1).map(Number));
}

test("F20: nothing that a killed process was told is lost", async () => {
  const random = new Random(SEED);
  const folder = join(base, "log");
  const storage = new FileStorage(folder);
  const deadline = Date.now() + 12_000;
  let [size, kills, ahead] = [0, 0, 0];
  for (; kills < 15 || (kills < 30 && Date.now() < deadline && ahead < 5); kills++) {
    const told = await kill(folder, random.below(60));
    expect(told).toBeGreaterThan(size);
    if ((await storage.list("ahead")).length > 0) ahead++;
    const opened = await openLog(kernel, storage, GATE, NEVER);
    if (!opened.ok) throw new Error(`kill ${kills}: ${opened.expected}; ${opened.found}`);
    const { log } = opened.value;
    expect(log.size, `kill ${kills}`).toBeGreaterThanOrEqual(told);
    expect(log.size % 3, "a call is whole").toBe(0);
    for await (const { index, bytes } of log.entries(size)) expect(numberOf(bytes)).toBe(index);
    size = log.size;
    await log.close();
    if (Date.now() > deadline) break;
  }
  expect(ahead).toBeGreaterThan(4);
  expect(await outcomeOf(storage)).toBe("PROVEN");
});
