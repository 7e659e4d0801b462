/** A domain's own policy with trips, by the built program: set, refused, published, shown. */
import { writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { scratch, writ, writJson } from "./writ.js";

const at = scratch();
const dir = at("domain");
const file = at("policy.json");

const rule = { command: "/pay", policy: [["<=", ".amount", 1000]] };
const busy = { id: "busy", command: "/pay", of: "uses", most: 5, within: 60_000 };
const slow = { id: "slow one", command: "/", of: "duration", most: 90_500 };

function set(policy: unknown, ...words: string[]) {
  writeFileSync(file, JSON.stringify(policy));
  return writ(["domain", "policy", "set", dir, file, ...words]);
}

beforeAll(() => {
  expect(writ(["domain", "init", "d.example", "--dir", dir]).code).toBe(0);
});

describe("domain policy set", () => {
  test.each([
    [{ rules: [] }, "0 rules narrow what is allowed\n"],
    [{ rules: [rule], trips: [] }, "1 rule narrows what is allowed\n"],
    [{ rules: [rule], trips: [busy] }, "1 rule narrows what is allowed, 1 trip stops what runs\n"],
    [
      { rules: [], trips: [busy, slow] },
      "0 rules narrow what is allowed, 2 trips stop what runs\n",
    ],
  ])("says what %j does", (policy, said) => {
    expect(set(policy)).toMatchObject({ code: 0, out: said });
  });

  test("says what the baseline names, too", () => {
    expect(writ(["domain", "baseline", "set", dir]).code).toBe(0);
    expect(set({ rules: [], trips: [busy] }).out).toMatch(
      /^0 rules narrow what is allowed, 1 trip stops what runs; the baseline names this policy now, [0-9a-f]{64}\n$/,
    );
  });

  test("its help has an example that it takes", () => {
    const { out } = writ(["domain", "policy", "set", "--help"]);
    const [example] = /\{"id": .*?\}/.exec(out) as RegExpExecArray;
    const trip = JSON.parse(example) as { readonly most: number; readonly within: number };
    expect(set({ rules: [], trips: [trip] }).code).toBe(0);
    expect(out).toContain(`more than ${trip.most} in ${trip.within / 1000} seconds`);
    for (const word of ["uses", "denials", "drifts", "duration"])
      expect(out).toContain(`"${word}"`);
  });

  const { within: _, ...timeless } = busy;
  const number = /a number up to 1000 within a time, or a duration without one/;
  test.each<[string, unknown, RegExp]>([
    ["another name", [{ ...busy, name: "x" }], /trips\.0\.name.*no member of this name/],
    ["something else counted", [{ ...busy, of: "errors" }], /trips\.0\.of.*what is counted/],
    ["nothing allowed", [slow, { ...busy, most: 0 }], /trips\.1\.most.*a positive integer/],
    ["a part of one", [{ ...busy, most: 1.5 }], /trips\.0\.most.*a positive integer/],
    ["more than is counted", [{ ...busy, most: 1001 }], number],
    ["no time", [timeless], number],
    ["no time at all", [{ ...busy, within: 0 }], /trips\.0\.within.*a positive integer/],
    ["a duration within a time", [{ ...slow, within: 1000 }], number],
    ["no command", [{ ...busy, command: "pay" }], /trips\.0\.command.*a command/],
    ["an id with a control", [{ ...busy, id: "\u001b[2J" }], /trips\.0\.id.*printable/],
    ["no list", busy, /trips.*trips/],
    ["too many", Array.from({ length: 65 }, () => busy), /at most 64 trips/],
  ])("refuses trips with %s", (__, trips, expected) => {
    const before = writJson(["domain", "status", dir]);
    const { code, out, err } = set({ rules: [], trips });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^writ: not a usable policy: MALFORMED/);
    expect(err).toMatch(expected);
    expect(err).not.toMatch(/[^\P{C}\n]/u);
    expect(writJson(["domain", "status", dir])).toEqual(before);
  });
});

test("another trip is a change", () => {
  expect(set({ rules: [], trips: [busy] }, "--publish").code).toBe(0);
  const changes = () => writJson(["domain", "status", dir])["changes"];
  expect(changes()).toEqual([]);
  expect(set({ rules: [rule], trips: [{ ...busy, most: 6 }, slow] }).code).toBe(0);
  const text = "1 rule: /pay; 2 trips: busy, slow one";
  expect(changes()).toContainEqual({ change: "changed", what: "policy", text });
});

test("trust show has what was published, in words and in JSON", () => {
  const store = at("store");
  const sync = () => {
    const pin = `${dir}/public/metadata/1.root.json`;
    const from = `d.example=${dir}/public`;
    expect(writ(["sync", store, "--pin", pin, "--from", from]).code).toBe(0);
  };
  const shown = () => {
    const { domains } = writJson(["trust", "show", store]) as unknown as {
      domains: [{ state: { policy: unknown } }];
    };
    return domains[0].state.policy;
  };
  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/);

  expect(set({ rules: [] }, "--publish").code).toBe(0);
  sync();
  expect(shown()).toEqual({ rules: 0, trips: [], sha256 });
  const none = writ(["trust", "show", store]).out;
  expect(none).toMatch(/^ {2}policy +0 rules, 0 trips, sha256 [0-9a-f]{64}$/m);
  expect(none).toMatch(/^ {2}trips: none$/m);

  expect(set({ rules: [rule], trips: [busy, slow] }, "--publish").code).toBe(0);
  sync();
  expect(shown()).toEqual({ rules: 1, trips: [busy, slow], sha256 });
  const { out } = writ(["trust", "show", store]);
  expect(out).toMatch(/^ {2}policy +1 rule, 2 trips, sha256 [0-9a-f]{64}$/m);
  expect(out).toContain(
    [
      "  trips:",
      "    busy      /pay  more than 5 uses in 1m",
      "    slow one  /     a run of more than 1m 30s",
      "",
    ].join("\n"),
  );
});
