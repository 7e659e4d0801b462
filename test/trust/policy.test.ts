/** A domain's own policy as a file: its trips are read as they stand, or refused. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { setPolicy } from "../../src/domain/edit.js";
import { editDraft } from "../../src/domain/publish.js";
import type { LocalPolicy, Trip } from "../../src/trust/contents/policy.js";
import { policySchema } from "../../src/trust/contents/policy.js";
import { readSchema } from "../../src/trust/schema.js";
import { CONTENTS } from "../../src/trust/state.js";
import { SEED } from "../authorization/random.js";
import { makeDomain } from "../domain/fixture.js";
import { kernel } from "../kernel.js";

const busy: Trip = { id: "busy", command: "/pay", of: "uses", most: 5, within: 60_000 };
const slow: Trip = { id: "slow", command: "/", of: "duration", most: 30_000 };

const read = (text: string) => readSchema("policy.json", policySchema, encodeUtf8(text));
const readTrips = (...trips: readonly unknown[]) => read(JSON.stringify({ rules: [], trips }));

describe("trips of a policy", () => {
  test.each<LocalPolicy>([
    { rules: [] },
    { rules: [], trips: [] },
    { rules: [], trips: [busy] },
    { rules: [], trips: [slow] },
    { rules: [{ command: "/pay", policy: [["<=", ".amount", 1000]] }], trips: [busy, slow] },
    {
      rules: [],
      trips: [
        { ...busy, of: "denials" },
        { ...busy, of: "drifts" },
      ],
    },
    {
      rules: [],
      trips: [
        { ...busy, most: 1, within: 1 },
        { ...busy, most: 1000 },
      ],
    },
    { rules: [], trips: [{ ...slow, most: Number.MAX_SAFE_INTEGER }] },
    { rules: [], trips: Array.from({ length: 64 }, () => busy) },
  ])("are read as they stand: %j", (policy) => {
    expect(read(JSON.stringify(policy))).toEqual({ ok: true, value: policy });
  });

  const { within: _, ...timeless } = busy;
  test.each<[string, unknown]>([
    ["more than is counted", { ...busy, most: 1001 }],
    ["no time for a number", timeless],
    ["a time for a duration", { ...slow, within: 1000 }],
    ["nothing allowed", { ...busy, most: 0 }],
    ["less than nothing", { ...busy, most: -1 }],
    ["a part of one", { ...busy, most: 1.5 }],
    ["a number in words", { ...busy, most: "5" }],
    ["no time at all", { ...busy, within: 0 }],
    ["null for a time", { ...slow, within: null }],
    ["something else counted", { ...busy, of: "errors" }],
    ["a member of every object counted", { ...busy, of: "toString" }],
    ["no command", { ...busy, command: "pay" }],
    ["a list for a command", { ...busy, command: ["/pay"] }],
    ["no id", { ...busy, id: "" }],
    ["an id with a control", { ...busy, id: "a\u001b[2J" }],
    ["an id that turns text around", { ...busy, id: "a\u202eb" }],
    ["an id too long", { ...busy, id: "a".repeat(129) }],
    ["another member", { ...busy, name: "x" }],
    ["no object", "busy"],
    ["a list", [busy]],
    ["null", null],
  ])("are refused with %s", (__, trip) => {
    const refused = readTrips(busy, trip);
    expect(refused).toMatchObject({ ok: false, code: "MALFORMED" });
    expect(refused).toMatchObject({ expected: expect.stringContaining('at "trips.1') });
  });

  test.each(["id", "command", "of", "most"])("are refused without %s", (name) => {
    const rest = Object.entries(slow).filter(([each]) => each !== name);
    expect(readTrips(Object.fromEntries(rest))).toMatchObject({ ok: false, code: "MALFORMED" });
  });

  test.each(["null", "{}", '"busy"', "true"])("are a list, not %s", (trips) => {
    expect(read(`{"rules":[],"trips":${trips}}`)).toMatchObject({ ok: false, code: "MALFORMED" });
  });

  test("are 64 at most", () => {
    const trips = Array.from({ length: 65 }, () => busy);
    expect(readTrips(...trips)).toMatchObject({
      ok: false,
      code: "MALFORMED",
      expected: expect.stringContaining("at most 64 trips"),
    });
  });

  test("stand for no rules", () => {
    expect(read(JSON.stringify({ trips: [busy] }))).toMatchObject({ ok: false, code: "MALFORMED" });
  });

  test("count up to 1000 within a time, or a duration without one", () => {
    const of = fc.constantFrom<Trip["of"]>("denials", "uses", "drifts", "duration");
    const most = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1001 }));
    const within = fc.option(fc.integer({ min: 1 }), { nil: undefined });
    fc.assert(
      fc.property(of, most, within, (counted, much, time) => {
        const trip = { ...slow, of: counted, most: much, ...(time ? { within: time } : {}) };
        const right = counted === "duration" ? !time : time !== undefined && much <= 1000;
        expect(readTrips(trip).ok).toBe(right);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});

describe("a domain with trips", () => {
  test("publishes them, and its state holds them", async () => {
    const domain = await makeDomain("a.example");
    const policy = { rules: [], trips: [busy, slow] };
    const { state } = await domain.publish((draft) => setPolicy(kernel, draft, policy));
    expect(state.policy).toEqual(policy);
    const bytes = state.contents.get(CONTENTS.policy) as Uint8Array;
    expect(readSchema("policy.json", policySchema, bytes)).toEqual({ ok: true, value: policy });
  });

  test("has no draft with trips that cannot be read", async () => {
    const domain = await makeDomain("a.example");
    const before = await domain.storage.read("draft/policy.json", 1 << 20);
    const policy = { rules: [], trips: [{ ...busy, most: 1001 }] };
    const refused = await editDraft(domain.storage, (draft) => setPolicy(kernel, draft, policy));
    expect(refused).toMatchObject({ ok: false, code: "MALFORMED" });
    expect(await domain.storage.read("draft/policy.json", 1 << 20)).toEqual(before);
  });
});
