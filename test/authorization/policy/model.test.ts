import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../../src/bytes/canonical.js";
import { compilePolicy } from "../../../src/authorization/policy/compile.js";
import { evaluatePolicy } from "../../../src/authorization/policy/evaluate.js";
import { explainPolicy } from "../../../src/authorization/policy/explain.js";
import type { Truth } from "../../../src/authorization/policy/truth.js";
import { both } from "../../../src/authorization/policy/truth.js";
import { mangled, policy, predicate, value } from "./arbitrary.js";
import { compiled } from "./fixture.js";
import { modelEvaluate } from "./model.js";

const conjunction = (truths: readonly Truth[]): Truth => truths.reduce(both, "true");

test("the generated policies and values give each truth often", () => {
  const counts = { true: 0, false: 0, error: 0, invalid: 0 };
  const rows = fc.sample(fc.tuple(policy, value), { numRuns: 4000, seed: 1 });
  for (const [source, input] of rows) counts[modelEvaluate(source, input)] += 1;
  expect(counts.invalid).toBe(0);
  for (const truth of ["true", "false", "error"] as const) {
    expect(counts[truth], JSON.stringify(counts)).toBeGreaterThan(600);
  }
});

test("F13: two readings of the policy language agree, and explaining agrees with evaluating", () => {
  fc.assert(
    fc.property(policy, value, (source, input) => {
      const ready = compiled(source);
      const truth = evaluatePolicy(ready, input);
      expect(truth).toBe(modelEvaluate(source, input));
      const reports = explainPolicy(ready, input);
      expect(conjunction(reports.map((report) => report.truth))).toBe(truth);
      expect(reports.map((report) => report.predicate)).toEqual(source);
    }),
    { numRuns: 20_000 },
  );
});

test("what is refused is what the other reading refuses, and the rest agrees", () => {
  const counts = { ok: 0, refused: 0 };
  fc.assert(
    fc.property(mangled, value, (source, input) => {
      const ready = compilePolicy(source, "policy");
      const truth = modelEvaluate(source, input);
      counts[ready.ok ? "ok" : "refused"] += 1;
      expect(ready.ok ? evaluatePolicy(ready.value, input) : "invalid").toBe(truth);
    }),
    { numRuns: 10_000 },
  );
  expect(counts.ok).toBeGreaterThan(1000);
  expect(counts.refused).toBeGreaterThan(1000);
});

test("any JSON is a value: evaluation is total", () => {
  const json = fc.jsonValue({ maxDepth: 6, stringUnit: "binary" }) as fc.Arbitrary<Json>;
  fc.assert(
    fc.property(policy, json, (source, input) => {
      expect(evaluatePolicy(compiled(source), input)).toBe(modelEvaluate(source, input));
    }),
    { numRuns: 5000 },
  );
});

test("the order of predicates and of members makes no difference", () => {
  const reversed = (json: Json): Json => {
    if (Array.isArray(json)) return (json as Json[]).map(reversed);
    if (typeof json !== "object" || json === null) return json;
    const entries = Object.entries(json).reverse() as [string, Json][];
    const made = Object.create(null) as { [name: string]: Json };
    for (const [name, each] of entries) made[name] = reversed(each);
    return made;
  };
  fc.assert(
    fc.property(fc.array(predicate, { maxLength: 3 }), value, (predicates, input) => {
      const turned = [...predicates].reverse();
      for (const wrap of [
        (all: Json[]) => all,
        (all: Json[]) => [["or", all]],
        (all: Json[]) => [["and", all]],
      ]) {
        const truth = evaluatePolicy(compiled(wrap(predicates) as Json), input);
        expect(evaluatePolicy(compiled(wrap(turned) as Json), reversed(input))).toBe(truth);
      }
    }),
    { numRuns: 3000 },
  );
});

test("a predicate and its negation are never both true, and are an error together", () => {
  fc.assert(
    fc.property(predicate, value, (source, input) => {
      const truth = evaluatePolicy(compiled([source]), input);
      const opposite = { true: "false", false: "true", error: "error" }[truth];
      expect(evaluatePolicy(compiled([["not", source]]), input)).toBe(opposite);
    }),
    { numRuns: 3000 },
  );
});
