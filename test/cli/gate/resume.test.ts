/** What was stopped goes on: a run, and a gate, on a resumer's word, which serves once. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
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
function resume(err: string, by = ops.file): string {
  const [, words = ""] = /^\s+writ (resume .*)$/m.exec(err) ?? [];
  const out = fresh("resume");
  const filled = words.split(" ").map((word) => ({ KEYFILE: by, FILE: out })[word] ?? word);
  must(filled);
  return out;
}

/** A program that takes too long the first time. */
function slow(mark: string): string[] {
  writeFileSync(mark, "");
  const once = `echo x >> ${mark}; [ $(wc -l < ${mark}) -gt 1 ] || sleep 60; echo "$A $1"`;
  return ["--env", "A=of then", "--", script(once), "an argument"];
}

async function interrupted(place: Place, chain: string): Promise<{ err: string; run: string }> {
  refresh();
  const stopped = await place.run(chain, QUICK, "--max-staleness", "2s", slow(fresh("mark")));
  expect(stopped, stopped.err).toMatchObject({ code: 78, report: { code: "STALE" } });
  return { err: stopped.err, run: stopped.report["run"] as string };
}

test("a run that was stopped goes on once, with the arguments that it was admitted with", async () => {
  const place = new Place();
  const chain = authorize();
  const { err, run } = await interrupted(place, chain);
  const word = resume(err);
  refresh();
  const again = await place.run(chain, "--resume", word);
  expect(again, again.err).toMatchObject({
    code: 0,
    out: "of then an argument\n",
    report: { run },
  });
  expect(place.story(run).slice(-6)).toEqual([
    "drift drifted STALE",
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
  const { err, run } = await interrupted(place, chain);
  refresh();
  const denied = async (code: string, word: string): Promise<void> => {
    const ran = await place.run(chain, "--resume", word);
    expect(ran, ran.err).toMatchObject({ code: 77, out: "", report: { code } });
  };
  await denied("KEY", resume(err, buyer.file));
  const [, leaf = ""] = /--drift ([0-9a-f]{64})/.exec(err) ?? [];
  const sign = (...more: string[]): string => {
    const out = fresh("resume");
    must(["resume", GATE, "--drift", leaf, "--run", run, "--key", ops.file, "--out", out], more);
    return out;
  };
  const other = fresh("resume");
  must(
    ["resume", GATE, "--drift", "00".repeat(32), "--run", run, "--key", ops.file],
    ["--expires", "10m", "--out", other],
  );
  await denied("STALE", other);
  await denied(
    "EXPIRED",
    sign("--expires", "1s", "--now", new Date(Date.now() - 5000).toISOString()),
  );
  // A store that knows more than the gate, which does not look for newer trust here.
  const ahead = new Place();
  refresh();
  must("sync", ahead.store, "--peers", ahead.from);
  const words = [
    "run",
    ...place.options(chain),
    "--resume",
    sign("--expires", "1m", "--trust", ahead.store),
  ];
  expect((await new Run(words, place.report).ended).report).toMatchObject({ code: "STALE" });
  const last = await place.run(chain, "--resume", sign("--expires", "1m", "--trust", ahead.store));
  expect(last).toMatchObject({ code: 0, out: "of then an argument\n" });
});

test("a run whose arguments were withheld does not go on", async () => {
  const place = new Place();
  const chain = authorize();
  refresh();
  const words = [...QUICK, "--max-staleness", "2s", "--withhold", ...slow(fresh("mark"))];
  const { err } = await place.run(chain, words);
  const again = await place.run(chain, "--resume", resume(err));
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
    const drift = mustJson("lineage", place.log)["entries"].filter(
      ({ entry }: { entry: { kind: string } }) => entry.kind === "drift",
    );
    expect(drift[0]).toMatchObject({ entry: { run: null, code: "LIMIT", rule: "probing" } });
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
