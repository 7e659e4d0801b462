/** The data set itself: its size, its spread, and that every case says what it is for. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { AttackCase } from "./cases.js";
import { attackCases } from "./cases.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const cases = attackCases();
const denied = cases.filter((each) => each.expect === "deny");
const allowed = cases.filter((each) => each.expect === "allow");

/** The fewest cases of each family: less would be a loss that nobody meant. */
const FAMILIES: Readonly<Record<string, number>> = {
  commands: 65,
  "huge-values": 30,
  legitimate: 200,
  like: 60,
  logic: 65,
  numeric: 70,
  "path-traversal": 80,
  policies: 170,
  principals: 75,
  "prototype-names": 40,
  shape: 45,
  "strict-json": 115,
  "type-juggling": 80,
  unicode: 90,
  "url-confusion": 155,
};

function named(file: string, name: string): AttackCase {
  const found = cases.find((each) => each.file === file && each.name === name);
  if (found === undefined) throw new Error(`no case ${name} in ${file}`);
  return found;
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

test("at least 320 requests to deny and 110 to allow, in families", () => {
  expect(denied.length).toBeGreaterThanOrEqual(320);
  expect(allowed.length).toBeGreaterThanOrEqual(110);
  const counts: Record<string, number> = {};
  for (const { file } of cases) counts[file] = (counts[file] ?? 0) + 1;
  expect(Object.keys(counts).sort()).toEqual(Object.keys(FAMILIES).sort());
  for (const [file, fewest] of Object.entries(FAMILIES)) {
    expect(counts[file], file).toBeGreaterThanOrEqual(fewest);
  }
});

test("what is allowed stands in its own file, and only a denial names codes", () => {
  for (const { file, name, expect: due, codes } of cases) {
    expect(due, name).toBe(file === "legitimate" ? "allow" : "deny");
    expect(codes.length > 0, name).toBe(due === "deny");
    expect(new Set(codes).size, name).toBe(codes.length);
  }
});

test("every case has a name of its own and says in a sentence why", () => {
  expect(new Set(cases.map((each) => each.name)).size).toBe(cases.length);
  for (const { name, why } of cases) {
    expect(name, name).toMatch(/^\S(?:.{0,60}\S)?$/);
    expect(why, name).toMatch(/^\S.{12,160}[.]$/);
  }
});

test("no two cases ask the same", () => {
  const seen = new Map<string, string>();
  for (const { name, authorization, bytes } of cases) {
    const asked = `${JSON.stringify(authorization)} ${Buffer.from(bytes).toString("latin1")}`;
    expect(seen.get(asked), name).toBeUndefined();
    seen.set(asked, name);
  }
});

test("every authorization is one that strict JSON can hold, but for the case that says so", () => {
  for (const { name, authorization } of cases) {
    const numbers = JSON.stringify(authorization).match(/(?<![\w.])-?\d+(?![\w.])/g) ?? [];
    const unsafe = numbers.filter((each) => !Number.isSafeInteger(Number(each)));
    expect(unsafe.length > 0, name).toBe(name === "unsafe integer as a limit");
  }
});

test("only texts that are the attack are no JSON", () => {
  const files = new Set(cases.filter(({ bytes }) => !isJson(bytes)).map(({ file }) => file));
  expect([...files].sort()).toEqual(["numeric", "strict-json"]);
  for (const { name, bytes, codes } of cases) {
    if (!isJson(bytes)) expect(codes, name).toContain("MALFORMED");
  }
});

test("the files are ASCII, so that no look-alike hides from a reader", () => {
  for (const name of readdirSync(folder).filter((each) => each.endsWith(".json"))) {
    expect(readFileSync(`${folder}/${name}`, "latin1"), name).toMatch(/^[\n\x20-\x7e]*$/);
  }
});

test("generated values have the size that their case is about", () => {
  const MIB = 1 << 20;
  expect(named("legitimate", "text of exactly 1 MiB").bytes.length).toBe(MIB);
  expect(named("huge-values", "one byte over the cap").bytes.length).toBe(MIB + 1);
  for (const { name, bytes, codes } of cases) {
    const only = codes.length === 1 && codes[0] === "TOO_LARGE";
    if (only) expect(bytes.length, name).toBeGreaterThan(MIB);
    if (!codes.includes("TOO_LARGE")) expect(bytes.length, name).toBeLessThanOrEqual(MIB);
  }
  expect(context("legitimate", "path of 4096 characters")["path"]).toHaveLength(4096);
  expect(context("huge-values", "path of 4097 characters")["path"]).toHaveLength(4097);
  expect(context("legitimate", "URL of 8192 characters")["url"]).toHaveLength(8192);
  expect(context("huge-values", "URL of 8193 characters")["url"]).toHaveLength(8193);
  expect(context("legitimate", "five thousand elements")["ids"]).toHaveLength(5000);
  expect(Object.keys(context("huge-values", "too many members")["ids"] as object)).toHaveLength(
    102000,
  );
  expect(depth(context("legitimate", "thirty-two levels"))).toBe(31);
  expect(depth(context("huge-values", "one array too deep"))).toBe(32);
  expect(named("policies", "too many predicates").authorization.policy).toHaveLength(1100);
  expect(depth(named("legitimate", "sixteen negations").authorization.policy)).toBe(18);
});

function context(file: string, name: string): Record<string, unknown> {
  const request: unknown = JSON.parse(new TextDecoder().decode(named(file, name).bytes));
  return (request as { context: Record<string, unknown> }).context;
}

function depth(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depth));
}
