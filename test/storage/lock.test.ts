/** Whose lock may be taken over: one whose owner is surely gone, and no other. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { nodeFileSystem } from "../../src/storage/file-system.js";
import { takeLock } from "../../src/storage/lock.js";
import type { Owner } from "../../src/storage/owner.js";
import { formatOwner, parseOwner, processes } from "../../src/storage/owner.js";

const base = await realpath(await mkdtemp(join(tmpdir(), "writ-lock-")));
let count = 0;
afterAll(() => rm(base, { recursive: true }));

const take = (file: string, wait = 0): Promise<() => Promise<void>> =>
  takeLock(file, wait, nodeFileSystem, processes);

/** A lock file that holds this, or none. */
async function lockFile(content?: string): Promise<string> {
  const file = join(base, `${count++}`);
  if (content !== undefined) await writeFile(file, content);
  return file;
}

/** What stands beside a lock file, and itself. */
async function left(file: string): Promise<string[]> {
  const names = await readdir(base);
  return names.filter((name) => new RegExp(`^${basename(file)}(?![0-9])`).test(name));
}

const self = await processes.self();
const ended = spawnSync(process.execPath, ["--version"]).pid;
const linux = process.platform === "linux";

describe("an owner", () => {
  test("is alive as long as its process", async () => {
    expect(self.pid).toBe(process.pid);
    expect(await processes.fate(self)).toBe(linux ? "alive" : "unknown");
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const owner: Owner = { ...self, pid: child.pid as number, start: null };
    expect(await processes.fate(owner)).toBe("unknown");
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
    expect(await processes.fate(owner)).toBe("dead");
  });

  test("is dead when its process is gone", async () => {
    expect(await processes.fate({ ...self, pid: ended })).toBe("dead");
    const little = { start: null, boot: null, space: null };
    expect(await processes.fate({ ...self, ...little, pid: ended })).toBe("dead");
  });

  test.runIf(linux)("is dead when another process has its pid", async () => {
    expect(await processes.fate({ ...self, start: "1" })).toBe("dead");
    expect(await processes.fate({ ...self, pid: process.ppid })).toBe("dead");
  });

  test.runIf(linux)(
    "is dead when the machine was started again, and so told its name",
    async () => {
      expect(await processes.fate({ ...self, boot: "another" })).toBe("dead");
      expect(await processes.fate({ ...self, boot: "another", host: "another" })).toBe("unknown");
    },
  );

  test("may be alive where it cannot be seen: in another container, on another machine", async () => {
    if (linux)
      expect(await processes.fate({ ...self, space: "other", pid: ended })).toBe("unknown");
    const elsewhere = { ...self, boot: null, host: "another", pid: ended };
    expect(await processes.fate(elsewhere)).toBe("unknown");
  });

  test("may be alive when only its pid is known, and some process has it", async () => {
    const little = { start: null, boot: null, space: null };
    expect(await processes.fate({ ...self, ...little })).toBe("unknown");
    // Not ours to signal, which is no sign that it is gone.
    expect(await processes.fate({ ...self, ...little, pid: 1 })).toBe("unknown");
  });

  test.runIf(linux)("is dead as a zombie that nobody has waited for", async () => {
    // The shell becomes a process that never waits for the child it had.
    const parent = spawn("sh", ["-c", "sh -c 'echo $$; sleep 0.2' & exec sleep 30"]);
    const [said] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(`${said}`);
    const stat = async (): Promise<string> => readFile(`/proc/${pid}/stat`, "utf8");
    const start = (await stat()).replace(/.*\) /, "").split(" ")[19] as string;
    expect(await processes.fate({ ...self, pid, start })).toBe("alive");
    await expect.poll(stat, { timeout: 10_000 }).toContain(") Z ");
    expect(await processes.fate({ ...self, pid, start })).toBe("dead");
    parent.kill("SIGKILL");
  });

  test("is read from a lock file as it was written", () => {
    expect(parseOwner(formatOwner(self))).toEqual(self);
    const little: Owner = { pid: 7, start: null, boot: null, space: null, host: "" };
    expect(parseOwner(formatOwner(little))).toEqual(little);
  });

  test("is in no file that a loss of power cut or filled with zeros", () => {
    const text = formatOwner(self);
    for (let length = 0; length < text.length; length++) {
      expect(parseOwner(text.slice(0, length))).toBe("torn");
      expect(parseOwner("\0".repeat(length + 1) + text.slice(length + 1))).toBe("torn");
      expect(parseOwner(text.slice(0, length).padEnd(text.length, "\0"))).toBe("torn");
    }
  });

  test("is in no file that something else wrote", () => {
    const wrong: readonly unknown[] = [
      4711,
      null,
      [],
      {},
      { ...self, pid: 0 },
      { ...self, pid: -1 },
      { ...self, pid: 1.5 },
      { ...self, pid: "1" },
      { ...self, start: 1 },
      { ...self, boot: undefined },
      { ...self, space: {} },
      { ...self, host: null },
    ];
    for (const each of wrong) expect(parseOwner(`${JSON.stringify(each)}\n`)).toBe("foreign");
    for (const each of ["\n", "somebody\n", "{\n"]) expect(parseOwner(each)).toBe("foreign");
  });
});

describe("a lock", () => {
  test("is taken over from a dead owner, and from a file that is empty or torn", async () => {
    const dead = formatOwner({ ...self, pid: ended });
    for (const content of ["", dead.slice(0, 20), "\0".repeat(30), dead]) {
      const file = await lockFile(content);
      const unlock = await take(file);
      expect(parseOwner(await readFile(file, "utf8"))).toEqual(self);
      await unlock();
      expect(await left(file)).toEqual([]);
    }
  });

  test("is taken over when who cleared it away was killed at that, and so on", async () => {
    const dead = formatOwner({ ...self, pid: ended });
    const file = await lockFile(dead);
    expect(await left(file)).toHaveLength(1);
    for (const guard of ["~", "~~", "~~~"]) await writeFile(`${file}${guard}`, dead);
    await (
      await take(file)
    )();
    expect(await left(file)).toEqual([]);
  });

  test("is not taken from an owner of whom nothing is sure", async () => {
    const elsewhere = { ...self, boot: null, host: "elsewhere", pid: ended };
    const file = await lockFile(formatOwner(elsewhere));
    await expect(take(file)).rejects.toThrow(`process ${ended} of host elsewhere`);
    await expect(take(file)).rejects.toThrow(`if it is gone, remove ${file} and try again`);
    const foreign = await lockFile("4711\n");
    await expect(take(foreign, 5)).rejects.toThrow(`if it is gone, remove ${foreign} and`);
    expect(await readFile(foreign, "utf8")).toBe("4711\n");
  });

  test("of a dead owner goes to one of many that ask at once", async () => {
    for (let round = 0; round < 20; round++) {
      const file = await lockFile(formatOwner({ ...self, pid: ended }));
      const asked = await Promise.allSettled(Array.from({ length: 12 }, () => take(file)));
      expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    }
  });

  test("is waited for, and then named with its owner", async () => {
    const file = await lockFile();
    const unlock = await take(file);
    const begun = performance.now();
    await expect(take(file, 60)).rejects.toThrow(`process ${process.pid}`);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(59);
    const waiting = take(file, 60_000);
    await unlock();
    await (
      await waiting
    )();
    expect(await left(file)).toEqual([]);
  });
});
