/** Entries of any kind with anything in them: an example's shape, and other values. */
import fc from "fast-check";
import type { Entry } from "../../src/lineage/entry.js";
import { CODES } from "../../src/verdict.js";
import { ALL } from "./entry-examples.js";

const hex = (digits: number) =>
  fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: digits, maxLength: digits });

const text = fc.string({ unit: "binary", maxLength: 40 });
const label = fc
  .array(fc.stringMatching(/^[!-~éß😀]{1,8}$/u), { minLength: 1, maxLength: 4 })
  .map((words) => words.join(" "));
const count = fc.oneof(
  fc.integer({ min: 1, max: 1000 }),
  fc.maxSafeNat().map((n) => n || 1),
);
const time = fc
  .date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true })
  .map((date) => date.toISOString());

/** What is not the example's by the name of its member. */
const BY_NAME: { readonly [name: string]: fc.Arbitrary<unknown> } = {
  time,
  expires: time,
  host: label,
  id: label,
  rule: label,
  counter: text,
  code: fc.constantFrom(...Object.keys(CODES)),
  most: fc.integer({ min: 1, max: 1000 }),
  number: fc.maxSafeNat(),
  age: fc.maxSafeInteger(),
};

function like(value: unknown, name: string, parent: string): fc.Arbitrary<unknown> {
  const within = `${parent}.${name}`;
  if (within === "principal.id")
    return text.filter((s) => s !== "" && !/[\n\r\u2028\u2029]/u.test(s)).map((s) => `agent:${s}`);
  if (within === "arguments.name") return text;
  if (value === null) return fc.constant(null);
  if (BY_NAME[name]) return BY_NAME[name];
  if (typeof value === "number") return count;
  if (typeof value === "string") {
    if (!/^(?:[0-9a-f]{2}){10,}$/.test(value)) return fc.constant(value);
    return hex(value.length).map((digits) => digits.join(""));
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return fc.constant([]);
    const minLength = name === "signatures" ? 1 : 0;
    const items = fc.oneof(...value.map((each) => like(each, "", name)));
    return fc.array(items, { minLength, maxLength: 4 });
  }
  return object(value as object, name === "" ? parent : name);
}

function object(value: object, parent: string): fc.Arbitrary<{ readonly [name: string]: unknown }> {
  const members = Object.entries(value).map(([name, each]) => [name, like(each, name, parent)]);
  return fc.record(Object.fromEntries(members));
}

export const anyEntry = fc.oneof(
  ...ALL.map((entry) => object(entry, "") as unknown as fc.Arbitrary<Entry>),
);
