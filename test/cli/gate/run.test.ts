/** `writ run`: what is allowed runs as it was decided on, and what is not does not. */
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { expect, test } from "vitest";
import { writ } from "../writ.js";
import {
  authorize,
  buyer,
  fresh,
  GATE,
  gate,
  must,
  path,
  Place,
  Run,
  script,
  TEMPORARY,
  witness,
} from "./fixture.js";

const chain = authorize();

test("F30: what is allowed gets the streams, its exit code is the answer, and its entries are in order", async () => {
  const place = new Place();
  const run = place.start(chain, "--", "sh", "-c", 'cat; echo "$1" >&2; exit 7', "-", "complaint");
  run.child.stdin.end("what it reads\n");
  const { code, out, err, report } = await run.ended;
  expect({ code, out, err }).toEqual({ code: 7, out: "what it reads\n", err: "complaint\n" });
  expect(report).toMatchObject({ outcome: "DONE", code: null, exit: 7, gate: GATE });
  expect(report["program"]).toEqual({ exit: 7, signal: null });
  expect(place.story(report["run"])).toEqual([
    "admission authorized",
    "measurement trusted",
    "decision trusted allow",
    "intent executing",
    "outcome completed failed",
  ]);
  expect(report["entries"]).toEqual([4, 5, 6, 7, 8]);
  expect(place.entries()[0]).toMatchObject({ kind: "start", witnessed: { size: 0 } });
});

test("a program that a signal ends is told as shells do, and the next run finds the log", async () => {
  const place = new Place();
  const killed = await place.run(chain, "--", "sh", "-c", "kill -9 $$");
  expect(killed.code).toBe(137);
  expect(killed.report["program"]).toEqual({ exit: null, signal: "SIGKILL" });
  const second = await place.run(chain, "--", "true");
  expect({ code: second.code, err: second.err }).toEqual({ code: 0, err: "" });
});

test("what is not allowed does not run, and the denial says why and is in the log", async () => {
  const place = new Place();
  const mark = fresh("mark");
  const only = authorize("--where", 'program == "/usr/bin/false"', "--where", 'args == ["x"]');
  const { code, out, err, report } = await place.run(only, "--", "touch", mark);
  expect({ code, out }).toEqual({ code: 77, out: "" });
  expect(err).toMatch(/^writ: denied, SCOPE: [^]*expected [^]*found [^]*run [0-9a-f]{32}/);
  expect(existsSync(mark)).toBe(false);
  expect(report).toMatchObject({ outcome: "DENY", code: "SCOPE", exit: 77, program: null });
  expect(place.story(report["run"])).toEqual(["admission authorized", "decision denied SCOPE"]);
  expect(readdirSync(TEMPORARY)).toEqual([]);
});

test("policies select what runs: program, args, env by name, cwd, and what is added", async () => {
  const place = new Place();
  const cat = realpathSync("/usr/bin/cat");
  const strict = authorize(
    ["--where", `program == ${JSON.stringify(cat)}`, "--where", 'args[0] == "-"'],
    ["--where", 'env.MODE == "safe"', "--where", `cwd == ${JSON.stringify(realpathSync(path()))}`],
    ["--where", "amount <= 5", "--where", "resource.id == acct-7"],
  );
  const request = fresh("request");
  const resource = { type: "account", id: "acct-7" };
  writeFileSync(
    request,
    JSON.stringify({
      subject: { type: "agent", id: "buyer" },
      action: { name: "/jobs" },
      resource,
    }),
  );
  const common = ["--request", request, "--cwd", path()];
  const given = [...common, "--env", "MODE=safe", "--argument", "amount=5"];
  expect(await place.run(strict, given, "--", "cat", "-")).toMatchObject({ code: 0, err: "" });
  const variants: string[][] = [
    [...given, "--", "cat", "-v"],
    [...common, "--env", "MODE=safe", "--argument", "amount=6", "--", "cat", "-"],
    [...common, "--env", "MODE=", "--argument", "amount=5", "--", "cat", "-"],
    [...given.with(given.indexOf("--cwd") + 1, "/"), "--", "cat", "-"],
  ];
  for (const words of variants) {
    const ran = await place.run(strict, words);
    expect(ran, words.join(" ")).toMatchObject({ code: 77, report: { code: "SCOPE" } });
  }
});

test("the environment is what --env names, and nothing else", async () => {
  const place = new Place();
  const none = await place.run(chain, "--", "env");
  expect(none).toMatchObject({ code: 0, out: "" });
  const some = await place.run(chain, "--env", "SECRET", "--env", "EMPTY=", "--", "env");
  expect(some.out.split("\n").sort()).toEqual(["", "EMPTY=", "SECRET=of the tests"]);
  const absent = await place.run(chain, "--env", "NOT_SET_ANYWHERE", "--", "env");
  expect(absent.code).toBe(2);
  expect(absent.err).toMatch(/--env NOT_SET_ANYWHERE=VALUE/);
});

test("F14: a program that is bound by its digest does not run when it was changed", async () => {
  const place = new Place();
  const mark = fresh("mark");
  const program = script(`echo ran > ${mark}`);
  const bound = authorize("--artifact", program, "--artifact", realpathSync("/bin/sh"));
  expect(await place.run(bound, "--", program)).toMatchObject({ code: 0 });
  expect(readFileSync(mark, "utf8")).toBe("ran\n");
  writeFileSync(mark, "");
  appendFileSync(program, "# one byte more\n");
  const changed = await place.run(bound, "--", program);
  expect(changed).toMatchObject({ code: 77, report: { code: "DIGEST" } });
  expect(readFileSync(mark, "utf8")).toBe("");
});

test("F14: what runs is the copy that was hashed, also of a subject", async () => {
  const place = new Place();
  const data = fresh("data");
  writeFileSync(data, "as decided\n");
  const program = script('echo "$0" "$1"; while [ -e "$2" ]; do sleep 0.02; done; cat "$1"');
  const wait = fresh("wait");
  const link = fresh("link");
  symlinkSync(data, link);
  writeFileSync(wait, "");
  const run = place.start(chain, "--subject", "1", "--", program, link, wait);
  await run.said(data.split("/").at(-1) as string);
  writeFileSync(data, "another\n");
  writeFileSync(program, "#!/bin/sh\necho another program\n");
  rmSync(wait);
  const { out, report } = await run.ended;
  const [named = "", content] = out.split("\n");
  expect(content).toBe("as decided");
  expect(named).not.toContain(program);
  const measured = place.entries(report["run"]).find(({ kind }) => kind === "measurement");
  // The script, its interpreter, and the subject.
  expect(measured?.["artifacts"]).toHaveLength(3);
  expect(readdirSync(TEMPORARY)).toEqual([]);
  // What was decided on is the path that its name leads to.
  const openings = readFileSync(`${place.log}/openings/${report["run"]}.jsonl`, "utf8");
  expect(openings).toContain(JSON.stringify([realpathSync(data), wait]));
  expect(openings).toContain('{"name":"subjects",');
});

test("arguments are kept for their owner alone, or withheld", async () => {
  const place = new Place();
  const { report } = await place.run(chain, "--", "true");
  const file = `${place.log}/openings/${report["run"]}.jsonl`;
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(readFileSync(file, "utf8")).toMatch(/"name":"program"/);
  const withheld = await place.run(chain, "--withhold", "--", "true");
  expect(withheld.code).toBe(0);
  expect(existsSync(`${place.log}/openings/${withheld.report["run"]}.jsonl`)).toBe(false);
});

test("an authorization of somebody else, a gate that is not listed, and a store without trust are denials", async () => {
  const place = new Place();
  const options = place.options(chain);
  const own = options.indexOf(buyer.file);
  const asked = (words: string[]) => new Run(["run", ...words, "--", "true"], place.report).ended;
  const stolen = await asked([...options.with(own, gate.file), ...place.from]);
  expect(stolen).toMatchObject({ code: 77 });
  expect(stolen.err).toMatch(/denied, HOLDER/);
  const other = fresh("other.key");
  must("key", "new", "ship.example/gate-2", "--out", other);
  const index = options.indexOf(gate.file);
  const unlisted = await asked(
    options.with(index, other).with(options.indexOf(place.log), fresh("log")),
  );
  expect(unlisted).toMatchObject({ code: 77 });
  expect(unlisted.err).toMatch(/denied, UNTRUSTED[^]*writ domain gate add/);
});

test("misuse runs nothing, and says what to write", () => {
  const place = new Place();
  const refused = (expected: RegExp, ...words: string[]): void => {
    const { code, out, err } = writ(["run", ...words]);
    expect({ code, out }, err).toEqual({ code: 2, out: "" });
    expect(err).toMatch(expected);
  };
  const options = place.options(chain);
  refused(/--authorization, --key, --gate-key, --trust and --log are missing/);
  refused(/expected a program after --/, ...options);
  refused(/there is no program "no-such-program" in PATH/, ...options, "--", "no-such-program");
  refused(/cannot be run: MISSING/, ...options, "--", gate.file);
  refused(/--subject is a number from 1 to 1/, ...options, "--subject", "2", "--", "cat", "x");
  refused(/--argument is NAME=JSON/, ...options, "--argument", "a", "--", "true");
  refused(/"program" is filled in/, ...options, "--argument", "program=1", "--", "true");
  refused(/--isolation is process or sandbox/, ...options, "--isolation", "worker", "--", "true");
  refused(
    /go with --isolation sandbox/,
    ...options,
    "--isolation",
    "process",
    "--net",
    "",
    "--",
    "true",
  );
  refused(/--peers goes with --from/, ...options, "--peers", "--", "true");
  refused(
    /is no witness's key/,
    ...options.with(options.indexOf(witness.file), buyer.file),
    "--",
    "true",
  );
  refused(
    /--unwitnessed asks nobody/,
    ...options.slice(0, -6),
    "--report",
    place.report,
    "--",
    "true",
  );
  refused(/--witness-key is missing/, ...options.toSpliced(-4, 2), "--", "true");
  expect(existsSync(place.log)).toBe(false);
  // The JSON of an error is allowed on stdout: nothing of a program was there.
  expect(writ(["run", ...options, "--json", "--", "true"])).toMatchObject({ code: 2 });
});
