import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { expect, test } from "vitest";
import { scratch, writ, writJson } from "./writ.js";

const at = scratch();
const vkey = writ(["key", "new", "log.example/cli", "--out", at("log.key")]).out.trim();
const policy = at("policy");
writeFileSync(policy, `log ${vkey}\nquorum none\n`);

function entry(i: number): string {
  const path = at(`entry-${i}`);
  writeFileSync(path, `entry ${i}`);
  return path;
}

function append(folder: string, from: number, to: number) {
  const files = Array.from({ length: to - from }, (_, i) => entry(from + i));
  return writJson(["log", "append", folder, ...files, "--key", at("log.key")]);
}

test("a log grows, checks, proves every entry, and every proof verifies with its entry alone", () => {
  const folder = at("grown");
  expect(append(folder, 0, 3)).toMatchObject({ exit: 0, outcome: "DONE", first: "0", size: "3" });
  expect(append(folder, 3, 300)).toMatchObject({ first: "3", size: "300" });
  const check = writ(["log", "check", folder, "--vkey", vkey]);
  expect(check.code, check.out).toBe(0);
  expect(check.out).toContain("PROVEN");
  for (const i of [0, 2, 3, 255, 256, 299]) {
    const proof = writ(["log", "prove", folder, String(i)]);
    expect(proof.code).toBe(0);
    const verify = (entryPath: string) =>
      writ(["verify", "-", "--entry", entryPath, "--policy", policy], proof.out);
    expect(verify(entry(i)).code).toBe(0);
    const other = verify(entry(i + 1));
    expect(other.code).toBe(1);
    expect(other.out).toMatch(/FAILED +inclusion[^]*expected root [0-9a-f]{64}[^]*REFUTED/);
  }
});

test("a folder may be named relative to where one is, and deeper than what is there", () => {
  entry(0);
  for (const folder of ["near", "./here/../there", "deep/er/still", at("far", "away")]) {
    const ran = writ(["log", "append", folder, "entry-0", "--key", "log.key"], "", at());
    expect(ran.code, ran.err).toBe(0);
    expect(writ(["log", "check", folder, "--vkey", vkey], "", at()).code).toBe(0);
  }
});

test("consistency between sizes, between checkpoints, and against a rewritten past", () => {
  const folder = at("consistent");
  append(folder, 0, 5);
  cpSync(at("consistent", "checkpoint"), at("old"));
  append(folder, 5, 9);
  const sizes = writ(["log", "consistency", folder, "5", "9"]);
  expect(sizes.code).toBe(0);
  expect(sizes.out).toMatch(/^(?:[A-Za-z0-9+/]{43}=\n)+$/);
  expect(sizes.err).toContain("signatures were not looked at");
  expect(writJson(["log", "consistency", folder, "5", "9"])).toMatchObject({ outcome: "DONE" });
  const signed = ["log", "consistency", folder, at("old"), at("consistent", "checkpoint")];
  expect(writJson([...signed, "--vkey", vkey])).toMatchObject({
    exit: 0,
    outcome: "PROVEN",
    signatures: "checked",
    proof: sizes.out.trim().split("\n"),
  });
  expect(writ([...signed, "--vkey", vkey, "--origin", "other"]).code).toBe(1);

  const other = at("rewritten");
  append(other, 100, 105);
  const forked = ["log", "consistency", folder, at("rewritten", "checkpoint"), "9", "--vkey", vkey];
  const power = at("power");
  append(power, 100, 104);
  expect(
    writJson(["log", "consistency", folder, at("power", "checkpoint"), "9", "--vkey", vkey]),
  ).toMatchObject({ outcome: "REFUTED", code: "EQUIVOCATION" });
  expect(writ(forked)).toMatchObject({ code: 1 });
  expect(writJson(forked)).toMatchObject({ outcome: "REFUTED", code: "EQUIVOCATION" });
});

test("an entry over 65,535 bytes is refused with its size, and nothing is written", () => {
  writeFileSync(at("large"), Buffer.alloc(65_536));
  writeFileSync(at("largest"), Buffer.alloc(65_535));
  const key = ["--key", at("log.key")];
  const refused = writ(["log", "append", at("sized"), at("largest"), at("large"), ...key]);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain("65536");
  expect(() => readdirSync(at("sized"))).toThrow();
  expect(writ(["log", "append", at("sized"), at("largest"), ...key]).code).toBe(0);
});

test("a tile with one changed byte is named, and one that is absent is counted", () => {
  const folder = at("spoiled");
  append(folder, 0, 300);
  const tile = at("spoiled", "tile", "0", "000");
  const bytes = readFileSync(tile);
  bytes[100] = (bytes[100] as number) ^ 1;
  writeFileSync(tile, bytes);
  expect(writJson(["log", "check", folder, "--vkey", vkey])).toMatchObject({
    outcome: "REFUTED",
    code: "TREE",
  });
  expect(writ(["log", "prove", folder, "3"])).toMatchObject({ code: 1, out: "" });
  expect(writ(["log", "append", folder, entry(1), "--key", at("log.key")]).code).toBe(0);
  rmSync(tile);
  const absent = writ(["log", "check", folder, "--vkey", vkey]);
  expect(absent.code).toBe(2);
  expect(absent.out).toMatch(/1 are absent|INCOMPLETE/);
});

test("another key cannot grow the log, and a second writer is told who holds it", () => {
  const folder = at("held");
  append(folder, 0, 2);
  writ(["key", "new", "log.example/cli", "--out", at("other.key")]);
  const other = writ(["log", "append", folder, entry(3), "--key", at("other.key")]);
  expect(other).toMatchObject({ code: 2 });
  expect(other.err).toContain("expected a checkpoint by this key");
  const owner = { pid: 12345, start: null, boot: null, space: null, host: "another machine" };
  writeFileSync(at("held", ".lock"), `${JSON.stringify(owner)}\n`);
  const second = writ(["log", "append", folder, entry(3), "--key", at("log.key")]);
  expect(second.code).toBe(2);
  expect(second.err).toContain("process 12345");
});

test("stdin is read once", () => {
  const ran = writ(["log", "append", at("twice"), "-", "-", "--key", at("log.key")], "one");
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining("can be read once") });
  expect(() => readdirSync(at("twice"))).toThrow();
});

test("a hostile folder ends in an answer: devices, pipes, loops and huge files", () => {
  const build = (name: string, spoil: (path: (...parts: string[]) => string) => void) => {
    append(at(name), 0, 300);
    spoil((...parts) => at(name, ...parts));
    return writ(["log", "check", at(name), "--vkey", vkey]);
  };
  const tile = ["tile", "0", "000"] as const;
  const device = build("device", (path) => {
    rmSync(path(...tile));
    symlinkSync("/dev/zero", path(...tile));
  });
  expect(device.code).toBe(2);
  const pipe = build("pipe", (path) => {
    rmSync(path(...tile));
    execFileSync("mkfifo", [path(...tile)]);
  });
  expect(pipe.code).toBe(2);
  expect(build("huge", (path) => truncateSync(path(...tile), 2 ** 31)).code).toBe(1);
  const loop = build("loop", (path) => {
    for (let i = 0; i < 1000; i++) {
      symlinkSync(".", path("tile", "0", `x${String(i).padStart(3, "0")}`));
    }
  });
  expect(loop.code).toBe(0);
  expect(
    build("endless", (path) => {
      rmSync(path("checkpoint"));
      symlinkSync("/dev/zero", path("checkpoint"));
    }).code,
  ).toBe(2);
});

test.each([
  ["an empty checkpoint", ""],
  ["a binary checkpoint", "\0\u0001\u0002"],
  ["a text", "hello\n"],
  ["a huge size", `a\n${"9".repeat(30)}\nAAAA\n\n— a AAAAAAAA\n`],
])("a log with %s gives a clear answer", (_, checkpoint) => {
  const folder = at("malformed");
  mkdirSync(folder, { recursive: true });
  writeFileSync(at("malformed", "checkpoint"), checkpoint);
  expect(writ(["log", "check", folder, "--vkey", vkey]).code).toBe(1);
  expect(writ(["log", "prove", folder, "0"]).code).toBe(2);
  expect(writ(["log", "append", folder, entry(0), "--key", at("log.key")]).code).toBe(2);
});

test("a log that is not there is said to be not there", () => {
  const { code, err } = writ(["log", "check", at("nowhere"), "--vkey", vkey]);
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining("holds no file") });
});
