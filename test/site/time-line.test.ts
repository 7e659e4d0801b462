import { describe, expect, test } from "vitest";
import type { Entry } from "../../src/lineage/entry.js";
import { parseEntry } from "../../src/lineage/entry.js";
import { openBundle } from "../../src/proof/read-bundle.js";
import { ticks, timeLine } from "../../src/site/viewer/time-line.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { prove, verify } from "../proof/fixture.js";
import { richLog } from "./fixture.js";

const at = (ms: number): string => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
const zero = Date.UTC(2026, 0, 1);

/** What a time line reads of entries. */
const allow = (time: number, until: number) =>
  ({ kind: "decision", outcome: "allow", time: at(time), validUntil: at(until) }) as Entry;
const deny = (time: number) =>
  ({ kind: "decision", outcome: "deny", code: "STALE", time: at(time), validUntil: null }) as Entry;
const intent = (time: number) => ({ kind: "intent", time: at(time) }) as Entry;
const outcome = (time: number) => ({ kind: "outcome", time: at(time) }) as Entry;
const drift = (time: number) =>
  ({ kind: "drift", drift: "staleness", code: "STALE", time: at(time) }) as Entry;
const resume = (time: number) => ({ kind: "resume", time: at(time) }) as Entry;

const barsOf = (entries: Entry[], end = 10_000) =>
  timeLine(entries, zero + end).bars.map(({ from, to, end: why }) => [from - zero, to - zero, why]);
const marksOf = (entries: Entry[], end = 10_000) =>
  timeLine(entries, zero + end).marks.map(({ kind, time, to }) => [
    kind,
    time - zero,
    ...(to === undefined ? [] : [to - zero]),
  ]);

describe("F66: a run's trust as bars", () => {
  test("from a decision to the next, and to its end", () => {
    const run = [allow(0, 5_000), intent(0), allow(1_000, 6_000), outcome(1_500)];
    expect(barsOf(run)).toEqual([
      [0, 1_000, "decided again"],
      [1_000, 1_500, "ended"],
    ]);
    expect(marksOf(run)).toEqual([]);
  });

  test("no longer than what the decision rested on: the rest is a gap", () => {
    const run = [allow(0, 1_000), intent(0), allow(3_000, 4_000), outcome(3_500)];
    expect(barsOf(run)[0]).toEqual([0, 1_000, "trust ended"]);
    expect(marksOf(run)).toEqual([["gap", 1_000, 3_000]]);
  });

  test("a drift ends it, and nothing is trusted before it is resumed", () => {
    const run = [allow(0, 9_000), intent(0), deny(2_000), drift(2_000)];
    expect(barsOf(run)).toEqual([[0, 2_000, "denied"]]);
    const resumed = [...run, allow(5_000, 9_000), resume(5_000), outcome(6_000)];
    expect(barsOf(resumed)).toEqual([
      [0, 2_000, "denied"],
      [5_000, 6_000, "ended"],
    ]);
    expect(marksOf(resumed)).toEqual([
      ["denied", 2_000],
      ["drift", 2_000],
      ["resumed", 5_000],
    ]);
  });

  test("one that is under way is trusted to the end of the log, or of its trust", () => {
    expect(barsOf([allow(0, 9_000), intent(0)], 4_000)).toEqual([[0, 4_000, "the log ends"]]);
    expect(barsOf([allow(0, 3_000), intent(0)], 4_000)).toEqual([[0, 3_000, "trust ended"]]);
    expect(marksOf([allow(0, 3_000), intent(0)], 4_000)).toEqual([["gap", 3_000, 4_000]]);
  });

  test("many that follow on each other are one", () => {
    const run = Array.from({ length: 500 }, (_, i) => allow(10 * i, 10 * i + 100));
    const { bars } = timeLine([...run, outcome(5_000)], zero + 5_000);
    expect(bars).toEqual([{ from: zero, to: zero + 5_000, decisions: 500, end: "ended" }]);
  });

  test("together as long as the report says", async () => {
    const { bytes } = await prove(await richLog());
    const report = await verify(bytes);
    const bundle = must(await openBundle(kernel, bytes, bytes.length));
    const entries: Entry[] = [];
    for (const log of bundle.manifest.logs) {
      for await (const batch of bundle.entries(log)) {
        for (const each of must(batch)) entries.push(must(parseEntry(each.bytes)));
      }
    }
    const end = Date.parse(entries.at(-1)?.time ?? "");
    const runs = report.gates[0]?.reported ?? [];
    const trusted = runs.flatMap(({ run }) =>
      timeLine(
        entries.filter((entry) => "run" in entry && entry.run === run),
        end,
      ).bars.map(({ from, to }) => to - from),
    );
    expect(trusted.reduce((a, b) => a + b, 0)).toBe(report.gates[0]?.trust.trusted);
  });
});

test("F66: an axis has round times, and not too many", () => {
  expect(ticks(1_000, 5_000, 5)).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
  for (const span of [1, 40, 999, 7_777, 86_400_000, 40 * 86_400_000, 5e11]) {
    const found = ticks(123, 123 + span, 5);
    expect(found.length, `${span}`).toBeLessThanOrEqual(6);
    expect(found.every((time) => time >= 123 && time <= 123 + span)).toBe(true);
  }
});
