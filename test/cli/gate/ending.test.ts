/** `writ run`: what ends a run from outside, and what is left of it then. */
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { expect, test } from "vitest";
import { findBubblewrap } from "../../../src/runtime/confinement/sandbox.js";
import {
  authorize,
  eventually,
  fresh,
  isSilent,
  marking,
  must,
  pay,
  Place,
  refresh,
  script,
} from "./fixture.js";

const QUICK = ["--grace", "200ms"];
const sandboxed = (await findBubblewrap()).ok;
const kinds = (story: string[]): string[] =>
  story.filter((line) => !/^decision .* allow$/.test(line));

test("F9: what the other organisation revokes stops here, though the program heeds no signal", async () => {
  const place = new Place();
  const chain = authorize();
  const mark = fresh("mark");
  // Told of by the folder: the next look is far away.
  const run = place.start(chain, QUICK, "--poll", "1h", "--", marking(mark));
  await run.said("began");
  must("revoke", chain, "--domain", pay);
  const { code, out, err, report } = await run.ended;
  expect({ code, out }).toEqual({ code: 78, out: "began\n" });
  expect(err).toMatch(/^writ: interrupted, REVOKED: [^]*found {5}authorization [0-9a-f]{64}/);
  expect(report).toMatchObject({ outcome: "INTERRUPTED", code: "REVOKED", drift: "revocation" });
  expect(await isSilent(mark)).toBe(true);
  expect(kinds(place.story(report["run"]))).toEqual([
    "admission authorized",
    "measurement trusted",
    "intent executing",
    "decision executing REVOKED",
    "drift drifted REVOKED",
    "interruption contained",
  ]);
  const after = await place.run(chain, "--", "true");
  expect(after).toMatchObject({ code: 77, report: { code: "REVOKED" } });
});

test("F9: cut off from every source it stops at the bound, and not before", async () => {
  const place = new Place();
  refresh();
  must("sync", place.store, "--peers", place.from);
  const bound = 6000;
  const run = place.start(authorize(), QUICK, "--max-staleness", `${bound}ms`, "--", "sleep", "60");
  const { code, err, report } = await run.ended;
  expect(code).toBe(78);
  expect(report).toMatchObject({ code: "STALE", drift: "staleness" });
  expect(err).toMatch(
    /writ domain refresh[^]*writ resume ship\.example\/gate-1 --drift [0-9a-f]{64} --run/,
  );
  const entries = place.entries();
  const issued = Math.min(
    ...entries.filter(({ kind }) => kind === "trust").map(({ trust }) => Date.parse(trust.issued)),
  );
  const drift = entries.find(({ kind }) => kind === "drift");
  const stopped = Date.parse(drift?.["time"]) - issued;
  expect(stopped).toBeGreaterThanOrEqual(bound);
  expect(stopped).toBeLessThan(bound + 1000);
});

test("F35: a process group never answers stopped, and a child that left it is not found", async () => {
  const place = new Place();
  refresh();
  const mark = fresh("mark");
  const child = fresh("pid");
  const left = `setsid sh -c 'echo $$ > ${child}; while :; do echo x >> ${mark}; sleep 0.1; done' > /dev/null 2>&1 &`;
  const run = place.start(authorize(), QUICK, "--", script(`${left}\necho began\nwait; sleep 60`));
  await run.said("began");
  await eventually(() => existsSync(mark)).toBe(true);
  run.child.kill("SIGTERM");
  const { code, err, report } = await run.ended;
  const pid = Number(readFileSync(child, "utf8"));
  try {
    expect(code).toBe(143);
    expect(report).toMatchObject({ outcome: "INTERRUPTED", answer: "unknown", signal: "SIGTERM" });
    expect(err).toMatch(/this program got SIGTERM[^]*may live on/);
    expect(await isSilent(mark)).toBe(false);
  } finally {
    process.kill(pid, "SIGKILL");
  }
});

test.skipIf(!sandboxed)("F35: a sandbox takes all of it along, and says stopped", async () => {
  const place = new Place();
  const mark = fresh("mark");
  writeFileSync(mark, "");
  const left = `setsid sh -c 'while :; do echo x >> ${mark}; sleep 0.1; done' > /dev/null 2>&1 &`;
  const program = script(`trap '' TERM\n${left}\necho began\nsleep 60; sleep 60`);
  const run = place.start(authorize("--isolation", "sandbox"), QUICK, "--", program);
  await run.said("began");
  run.child.kill("SIGINT");
  const { code, report } = await run.ended;
  expect(code).toBe(130);
  expect(report).toMatchObject({ outcome: "INTERRUPTED", answer: "stopped", signal: "SIGINT" });
  expect(await isSilent(mark)).toBe(true);
  const again = await place.run(authorize(), "--", "echo", "next");
  expect(again).toMatchObject({ code: 0, out: "next\n" });
});

test("F30: after kill -9 of writ itself the next run finds a crash, and never a run that is done", async () => {
  const place = new Place();
  const mark = fresh("mark");
  writeFileSync(mark, "");
  const isolation = sandboxed ? ["--isolation", "sandbox"] : [];
  const run = place.start(authorize(), isolation, "--", marking(mark));
  await run.said("began");
  run.child.kill("SIGKILL");
  await run.ended;
  // What a process group alone holds lives on, which the log says: unknown.
  if (sandboxed) expect(await isSilent(mark)).toBe(true);
  const before = place.entries().length;
  const next = await place.run(authorize(), "--", "true");
  expect(next.code).toBe(0);
  const crashed = place.entries().find(({ kind }) => kind === "intent")?.["run"] as string;
  expect(place.story(crashed).slice(-2)).toEqual(["drift drifted CRASH", "interruption contained"]);
  expect(place.entries(crashed).at(-1)).toMatchObject({ answer: "unknown", steps: [] });
  expect(place.entries().length).toBeGreaterThan(before);
  if (!sandboxed) rmSync(mark);
});

test("F15: two at once on one log: the second is denied, and the first goes on", async () => {
  const place = new Place();
  const chain = authorize();
  const run = place.start(chain, "--", "sh", "-c", "echo began; cat; exit 5");
  await run.said("began");
  const second = await place.run(chain, "--", "echo", "second");
  expect(second).toMatchObject({
    code: 77,
    out: "",
    report: { code: "LOG", run: null, entries: [] },
  });
  expect(second.err).toMatch(/denied, LOG[^]*only writer[^]*process [0-9]+ is writing here/);
  run.child.stdin.end();
  expect(await run.ended).toMatchObject({ code: 5 });
});

test("F15: a log that was deleted, set back or changed allows nothing, until the newest is back", async () => {
  const place = new Place();
  const chain = authorize();
  const [older, newest] = [fresh("older"), fresh("newest")];
  const denied = async (why: RegExp): Promise<void> => {
    const ran = await place.run(chain, "--", "echo", "ran");
    expect(ran).toMatchObject({ code: 77, out: "", report: { code: "LOG" } });
    expect(ran.err).toMatch(why);
  };
  expect((await place.run(chain, "--", "true")).code).toBe(0);
  cpSync(place.log, older, { recursive: true });
  expect((await place.run(chain, "--", "true")).code).toBe(0);
  renameSync(place.log, newest);
  await denied(
    /found {5}0 entries: this one was cut short or restored[^]*put back the newest copy/,
  );
  rmSync(place.log, { recursive: true });
  cpSync(older, place.log, { recursive: true });
  await denied(/cut short or restored/);
  rmSync(place.log, { recursive: true });
  cpSync(newest, place.log, { recursive: true });
  const bundle = `${place.log}/tile/entries/000.p`;
  const [width] = readdirSync(bundle) as [string];
  const bytes = readFileSync(`${bundle}/${width}`);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(`${bundle}/${width}`, bytes);
  await denied(/denied, LOG/);
  rmSync(place.log, { recursive: true });
  renameSync(newest, place.log);
  expect(await place.run(chain, "--", "echo", "back")).toMatchObject({ code: 0, out: "back\n" });
});

test("isolation: what the chain demands is had, and less is denied", async () => {
  const place = new Place();
  const chain = authorize(
    ["--isolation", "sandbox", "--write", "", "--net", ""],
    ["--read", "/usr", "--read", "/lib", "--read", "/lib64", "--read", "/bin"],
  );
  const weak = await place.run(chain, "--isolation", "process", "--", "true");
  expect(weak).toMatchObject({ code: 77, report: { code: "ISOLATION" } });
  if (!sandboxed) return;
  const hidden = await place.run(chain, "--cwd", "/", "--", "ls", "/");
  expect(hidden.code).toBe(0);
  expect(hidden.out.split("\n")).not.toContain("home");
  const outside = await place.run(chain, "--cwd", "/root", "--", "true");
  expect(outside.code).toBe(2);
  expect(outside.err).toMatch(/--cwd \/ is always there/);
  const wider = ["--isolation", "sandbox", "--read", "/etc", "--write", "", "--net", ""];
  const more = await place.run(chain, wider, "--cwd", "/", "--", "true");
  expect(more).toMatchObject({ code: 77, report: { code: "ISOLATION", found: "/etc" } });
});
