import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { CLI, scratch, writ, writJson } from "./writ.js";

const at = scratch();

const COMMANDS = [
  "verify",
  "log check",
  "log prove",
  "log consistency",
  "log append",
  "key new",
  "key vkey",
  "demo",
];

test.each(COMMANDS)("writ %s --help says how it is used", (name) => {
  const { code, out, err } = writ([...name.split(" "), "--help"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain(`Usage: writ ${name}`);
});

test("writ --help names every command", () => {
  const { code, out } = writ(["--help"]);
  expect(code).toBe(0);
  for (const name of COMMANDS) expect(out).toContain(name);
});

test("writ log --help names the commands of the group", () => {
  const { code, out } = writ(["log", "--help"]);
  expect(code).toBe(0);
  for (const name of COMMANDS.filter((each) => each.startsWith("log"))) expect(out).toContain(name);
});

test("writ --version names the version and the kernel's digest", () => {
  expect(writ(["--version"]).out).toMatch(/^writ \d+\.\d+\.\d+, kernel sha-256 [0-9a-f]{64}\n$/);
});

test.each([
  [[]],
  [["nonsense"]],
  [["log"]],
  [["log", "nonsense"]],
  [["verify"]],
  [["verify", "a", "b", "--entry", "c", "--policy", "d"]],
  [["verify", "a"]],
  [["verify", "a", "--entry", "b"]],
  [["verify", "--nonsense"]],
  [["verify", "-", "--entry", "-", "--policy", "x"]],
  [["verify", "a", "--entry", "b", "--policy", "c", "--now", "yesterday"]],
  [["verify", "a", "--entry", "b", "--policy", "c", "--max-staleness", "10"]],
  [["log", "check", "dir"]],
  [["log", "prove", "dir"]],
  [["log", "prove", "dir", "-1"]],
  [["log", "prove", "dir", "0x1"]],
  [["log", "check", "dir", "--vkey", "x", "--layout", "other"]],
  [["log", "append", "dir"]],
  [["log", "consistency", "dir", "1", "2", "--origin", "x"]],
  [["key", "new"]],
  [["key", "new", "a b"]],
  [["key", "new", "a", "--passphrase-file", "x"]],
  [["key", "vkey", "/nonexistent/file"]],
  [["demo", "x"]],
])("misuse exits 2 and says what to do: writ %j", (args) => {
  const { code, out, err } = writ(args);
  expect(code).toBe(2);
  expect(out).toBe("");
  expect(err).toMatch(/^(?:writ: |writ proves)/);
  expect(err).toMatch(
    /expected|is missing|no such|unknown|Unknown|is like|is a number|can be read|goes with|has no space|is c2sp or go/i,
  );
});

test("misuse with --json is one object with outcome ERROR", () => {
  const ended = writJson(["verify", "a"]);
  expect(ended).toMatchObject({ exit: 2, command: "verify", outcome: "ERROR", code: null });
  expect(ended).toHaveProperty("message");
});

test("every object has command, outcome and code, in this order", () => {
  const [key, log, domain] = [at("log.key"), at("log"), at("pay")];
  const id = "ab".repeat(32);
  for (const args of [
    ["key", "new", "a.example/log", "--out", key],
    ["key", "vkey", key],
    ["log", "append", log, key, "--key", key],
    ["log", "prove", log, "0"],
    ["domain", "init", "pay.example", "--dir", domain],
    ["domain", "refresh", domain],
    ["domain", "status", domain],
    ["domain", "revoke", domain, id],
    ["domain", "peer", "remove", domain, "nobody.example"],
    ["domain", "publish", domain],
    ["trust", "show", at("nothing")],
    ["nonsense"],
  ]) {
    const said = JSON.parse(writ([...args, "--json"]).out) as { code: string | null };
    expect(Object.keys(said).slice(0, 3), args.join(" ")).toEqual(["command", "outcome", "code"]);
    expect(said.code, args.join(" ")).toBe(null);
  }
});

test("a reader that closes the pipe early is no error", () => {
  const script = `"${process.execPath}" "${CLI}" --help | head -c 1; exit \${PIPESTATUS[0]}`;
  const { status, stderr } = spawnSync("bash", ["-c", script]);
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: "" });
});

test("an output that cannot be written is neither proven nor refuted, and shows no stack", () => {
  const script = `"${process.execPath}" "${CLI}" --help > /dev/full`;
  const { status, stderr } = spawnSync("bash", ["-c", script]);
  expect(status).toBe(2);
  expect(stderr.toString()).toMatch(/^writ: cannot write: [^\n]*\n$/);
});
