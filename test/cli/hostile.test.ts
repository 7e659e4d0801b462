/** Text in the files of others reaches no terminal as it is, whatever command reads them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describe, formatFailure, formatVerdict } from "../../src/cli/print.js";
import type { Verdict } from "../../src/verdict.js";
import { failure } from "../../src/verdict.js";
import { scratch, writ } from "./writ.js";

const at = scratch();
const EVIL = "\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e\u2066";

function file(name: string, content: string): string {
  writeFileSync(at(name), content);
  return at(name);
}

const domain = at("pay");
expect(writ(["domain", "init", "pay.example", "--dir", domain]).code).toBe(0);
const pin = `${domain}/public/metadata/1.root.json`;
const key = at("a.key");
const vkey = writ(["key", "new", "a.example/log", "--out", key]).out.trim();
const good = file("policy", `log ${vkey}\nquorum none\n`);
const evil = file("evil", EVIL);
const json = file("evil.json", `{"kind":"${EVIL}"}`);
const kind = file("kind.json", JSON.stringify({ kind: `${EVIL}PROVEN` }));
const note = file(
  "note",
  `${EVIL}\n1\n${Buffer.alloc(32).toString("base64")}\n\n\u2014 ${EVIL} AAAA\n`,
);
const log = at("log");
mkdirSync(log);
writeFileSync(`${log}/checkpoint`, `${EVIL}\n1\nAAAA\n`);
const source = at("source/metadata");
mkdirSync(source, { recursive: true });
writeFileSync(`${source}/timestamp.json`, JSON.stringify({ signed: { _type: EVIL } }));

test("checks and failures are printed with what does not show escaped", () => {
  const check = {
    name: EVIL,
    outcome: "failed",
    code: "KEY",
    expected: EVIL,
    found: EVIL,
  } as const;
  const passed = { name: "a", outcome: "passed", found: EVIL } as const;
  const verdict: Verdict = { outcome: "REFUTED", code: "KEY", checks: [check, passed] };
  for (const text of [
    formatVerdict(verdict),
    describe({ code: "KEY", expected: EVIL, found: EVIL }),
    formatFailure(failure("KEY", EVIL, EVIL)).join("\n"),
  ]) {
    expect(text).not.toMatch(/[^\P{C}\n]/u);
    expect(text).toContain("\\u{1b}[2J\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{202e}\\u{2066}");
  }
});

test.each<[string, string[]]>([
  ["verify EVIDENCE", ["verify", kind, "--pin", pin]],
  ["verify EVIDENCE, no JSON", ["verify", json, "--pin", pin]],
  ["verify --pin", ["verify", kind, "--pin", json]],
  ["verify PROOF", ["verify", evil, "--entry", good, "--policy", good]],
  ["verify --policy", ["verify", evil, "--entry", good, "--policy", evil]],
  ["verify --origin", ["verify", note, "--entry", good, "--policy", good, "--origin", EVIL]],
  ["an argument", ["verify", EVIL, "--entry", good, "--policy", good]],
  ["a command", [EVIL]],
  ["an option", ["verify", `--${EVIL}`]],
  ["log check", ["log", "check", log, "--vkey", vkey]],
  ["log prove", ["log", "prove", log, "0"]],
  ["log consistency", ["log", "consistency", log, note, evil]],
  ["log cosign", ["log", "cosign", log, note, "--vkey", vkey]],
  ["key vkey", ["key", "vkey", evil]],
  ["witness cosign", ["witness", "cosign", note, "--old", "0", "--vkey", vkey, "--key", key]],
  ["sync --pin", ["sync", at("store"), "--pin", json, "--from", at("source")]],
  ["sync --from", ["sync", at("store"), "--pin", pin, "--from", at("source")]],
  ["domain policy set", ["domain", "policy", "set", domain, json]],
  ["domain peer add", ["domain", "peer", "add", domain, "b.example", "--root", json]],
  ["inspect", ["inspect", kind]],
  ["possess", ["possess", kind, "--request", json, "--gate", EVIL, "--nonce", EVIL, "--key", key]],
  ["revoke", ["revoke", kind, "--domain", domain]],
])("%s", (_, args) => {
  const { code, out, err } = writ(args);
  expect(code).not.toBe(0);
  expect(out + err).not.toBe("");
  expect(out + err).not.toMatch(/[^\P{C}\n]/u);
});
