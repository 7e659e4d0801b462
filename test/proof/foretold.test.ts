/** What makes verifying fast changes no answer: with it and without it, reports are the same. */
import { afterEach, expect, test, vi } from "vitest";
import { GateReplay } from "../../src/proof/gate-replay.js";
import { parseEntry } from "../../src/lineage/entry.js";
import { goodLog, prove, verify } from "./fixture.js";

afterEach(() => void vi.restoreAllMocks());

const bench = await goodLog();
const { bytes } = await prove(bench);
const { foretell } = GateReplay.prototype;

/** Positions of the entries that go on with a run. */
function repeated(): number[] {
  const found: number[] = [];
  let at = 0;
  for (const line of Buffer.from(bytes).toString("latin1").split("\n")) {
    if (line.startsWith('{"code":null') && !line.includes('"number":0,')) found.push(at);
    at += line.length + 1;
  }
  return found;
}

test("what is foretold is what taking the bytes apart gives; of other bytes nothing is foretold", async () => {
  let foretold = 0;
  vi.spyOn(GateReplay.prototype, "foretell").mockImplementation(function (
    this: GateReplay,
    entry,
    prev,
  ) {
    const given = foretell.call(this, entry, prev);
    if (!given) return undefined;
    foretold += 1;
    expect(parseEntry(entry)).toEqual({ ok: true, value: given });
    for (let place = 0; place < entry.length; place++) {
      const changed = entry.slice();
      changed[place]! ^= 1;
      const other = foretell.call(this, changed, prev);
      // Another time may be that of another entry that the gate could have written.
      if (other) expect(parseEntry(changed)).toEqual({ ok: true, value: other });
    }
    expect(foretell.call(this, entry.subarray(0, -1), prev)).toBeUndefined();
    expect(foretell.call(this, entry, "0".repeat(64))).toBeUndefined();
    return foretell.call(this, entry, prev);
  });
  expect(await verify(bytes)).toMatchObject({ outcome: "PROVEN" });
  expect(foretold).toBe(repeated().length);
  expect(foretold).toBeGreaterThan(1);
});

test("every byte of such an entry flipped gives the same report with it and without it", async () => {
  const [first] = repeated() as [number];
  const end = bytes.indexOf(0x0a, first);
  const reportsOf = async () => {
    const reports = [await verify(bytes)];
    for (let place = first; place <= end; place += 3) {
      const changed = bytes.slice();
      changed[place]! ^= place % 2 === 0 ? 1 : 4;
      reports.push(await verify(changed));
    }
    return reports;
  };
  const fast = await reportsOf();
  vi.spyOn(GateReplay.prototype, "foretell").mockReturnValue(undefined);
  expect(fast).toEqual(await reportsOf());
  expect(fast.slice(1).every(({ outcome }) => outcome !== "PROVEN")).toBe(true);
});
