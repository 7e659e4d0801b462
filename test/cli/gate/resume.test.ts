/** What was stopped goes on: a run, and a gate, on a resumer's word, which serves once. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Json } from "./fixture.js";
import {
  authorize,
  buyer,
  fresh,
  GATE,
  gate,
  must,
  mustJson,
  ops,
  path,
  Place,
  refresh,
  Run,
  script,
  ship,
} from "./fixture.js";
import { writ } from "../writ.js";

const QUICK = ["--grace", "200ms"];

/** The command that `writ run` prints for going on, carried out. */
function resume(err: string): string {
  const [, words = ""] = /^\s+writ (resume .*)$/m.exec(err) ?? [];
  const out = fresh("resume");
  const filled = words.split(" ").map((word) => ({ KEYFILE: ops.file, FILE: out })[word] ?? word);
  must(filled);
  return out;
}

interface Stopped {
  readonly run: string;
  /** Leaf hash. */
  readonly drift: string;
}

/** A run that was stopped: its program takes too long, the first time. */
async function stop(place: Place, chain: string, ...more: string[]): Promise<Stopped> {
  const mark = fresh("mark");
  writeFileSync(mark, "");
  const first = `[ $(wc -l < ${mark}) -gt 1 ] || { echo began; sleep 60; }`;
  const program = script(`echo x >> ${mark}; ${first}; echo "$A $1"`);
  const given = ["--env", "A=of then", "--", program, "an argument"];
  const running = place.start(chain, QUICK, more, given);
  await running.said("began");
  running.child.kill("SIGTERM");
  const { code, report } = await running.ended;
  expect(code).toBe(143);
  const run = report["run"] as string;
  const { entries } = mustJson("lineage", place.log, "--run", run);
  const drift = (entries as Json[]).find(({ entry }) => entry.kind === "drift");
  return { run, drift: drift?.["leaf"] as string };
}

function sign({ run, drift }: Stopped, ...more: string[]): string {
  const out = fresh("resume");
  const by = more.includes("--key") ? [] : ["--key", ops.file];
  const until = more.includes("--expires") ? [] : ["--expires", "10m"];
  must("resume", GATE, "--drift", drift, "--run", run, by, until, "--out", out, more);
  return out;
}

test("a run that was stopped goes on once, with the arguments that it was admitted with", async () => {
  const place = new Place();
  const chain = authorize();
  const stopped = await stop(place, chain);
  const word = sign(stopped);
  const again = await place.run(chain, "--resume", word);
  expect(again, again.err).toMatchObject({
    code: 0,
    out: "of then an argument\n",
    report: { run: stopped.run },
  });
  expect(place.story(stopped.run).slice(-6)).toEqual([
    "drift drifted CONTAINED",
    "interruption contained",
    "transition recovering",
    "decision recovering allow",
    "resume executing",
    "outcome completed done",
  ]);
  const twice = await place.run(chain, "--resume", word);
  expect(twice).toMatchObject({ code: 77, out: "", report: { code: "CONTAINED" } });
});

test("nobody else's word, no older drift's, none that is too late, and none for newer trust than is there", async () => {
  const place = new Place();
  const chain = authorize();
  const stopped = await stop(place, chain);
  const denied = async (code: string, word: string): Promise<void> => {
    const ran = await place.run(chain, "--resume", word);
    expect(ran, ran.err).toMatchObject({ code: 77, out: "", report: { code } });
  };
  await denied("KEY", sign(stopped, "--key", buyer.file));
  await denied("STALE", sign({ ...stopped, drift: "00".repeat(32) }));
  const before = new Date(Date.now() - 5000).toISOString();
  await denied("EXPIRED", sign(stopped, "--expires", "1s", "--now", before));
  // A store that knows more than the gate, which does not look for newer trust here.
  const ahead = new Place();
  refresh();
  must("sync", ahead.store, "--peers", ahead.from);
  const word = sign(stopped, "--trust", ahead.store);
  const behind = ["run", ...place.options(chain), "--resume", word];
  expect((await new Run(behind, place.report).ended).report).toMatchObject({ code: "STALE" });
  const last = await place.run(chain, "--resume", word);
  expect(last, last.err).toMatchObject({ code: 0, out: "of then an argument\n" });
});

test("a run whose arguments were withheld does not go on", async () => {
  const place = new Place();
  const chain = authorize();
  const again = await place.run(chain, "--resume", sign(await stop(place, chain, "--withhold")));
  expect(again.code).toBe(2);
  expect(again.err).toMatch(/cannot go on: MISSING/);
});

test("a gate that its domain's policy tripped is opened by a resumer, and by nothing else", async () => {
  const trips = [{ id: "probing", command: "/jobs", of: "denials", most: 1, within: 600_000 }];
  writeFileSync(path("policy.json"), JSON.stringify({ rules: [], trips }));
  must("domain", "policy", "set", ship, path("policy.json"), "--publish");
  try {
    const place = new Place();
    const chain = authorize();
    const narrow = authorize("--where", 'args == ["x"]');
    for (const word of ["y", "z"]) {
      const ran = await place.run(narrow, "--", "echo", word);
      expect(ran).toMatchObject({ code: 77, report: { code: "SCOPE" } });
    }
    const contained = await place.run(chain, "--", "echo", "ran");
    expect(contained).toMatchObject({ code: 77, out: "", report: { code: "CONTAINED" } });
    const word = resume(contained.err);
    expect(contained.err).not.toContain("--run");
    const opened = await place.run(chain, "--resume", word);
    expect(opened, opened.err).toMatchObject({ code: 0, out: "", report: { outcome: "RESUMED" } });
    const twice = await place.run(chain, "--resume", word, "--", "echo", "ran");
    expect(twice).toMatchObject({ code: 77, out: "", report: { code: "CONTAINED" } });
    const after = await place.run(chain, "--", "echo", "ran");
    expect(after, after.err).toMatchObject({ code: 0, out: "ran\n" });
    const drift = place.entries().find(({ kind }) => kind === "drift");
    expect(drift).toMatchObject({ run: null, code: "LIMIT", rule: "probing" });
  } finally {
    writeFileSync(path("policy.json"), JSON.stringify({ rules: [] }));
    must("domain", "policy", "set", ship, path("policy.json"), "--publish");
  }
});

test("a resume says what it is for, and misuse is told", () => {
  const leaf = "ab".repeat(32);
  const base = ["resume", GATE, "--drift", leaf, "--key", ops.file];
  const made = mustJson(base, "--expires", "2030-01-01T00:00:00Z", "--run", "cd".repeat(16));
  expect(made).toMatchObject({
    outcome: "DONE",
    gate: GATE,
    drift: leaf,
    run: "cd".repeat(16),
    expires: "2030-01-01T00:00:00.000Z",
    trust: [],
    statement: { payloadType: "application/vnd.writ.resume+json" },
  });
  expect(made["nonce"]).toBeUndefined();
  const refused = (expected: RegExp, ...words: string[]): void => {
    const { code, out, err } = writ(words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(expected);
  };
  refused(/--drift, --key and --expires are missing/, "resume", GATE);
  refused(
    /--drift is 64 hexadecimal digits/,
    "resume",
    GATE,
    "--drift",
    "ab",
    "--key",
    ops.file,
    "--expires",
    "1m",
  );
  refused(
    /a gate's origin/,
    "resume",
    "a b",
    "--drift",
    leaf,
    "--key",
    ops.file,
    "--expires",
    "1m",
  );
  refused(/a time to come/, ...base, "--expires", "2020-01-01T00:00:00Z");
  const file = fresh("no-resume");
  writeFileSync(file, readFileSync(gate.file));
  const place = new Place();
  refused(/is no resume/, "run", ...place.options(authorize()), "--resume", file);
});
