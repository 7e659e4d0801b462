/** `writ lineage`: what a gate's log says, verified. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { writ, writJson } from "../writ.js";
import {
  authorize,
  billing,
  fresh,
  GATE,
  gate,
  key,
  must,
  mustJson,
  pay,
  path,
  Place,
  refresh,
} from "./fixture.js";

const place = new Place();
const chain = authorize();
const first = await place.run(chain, "--", "true");
const denied = await place.run(authorize("--where", 'args == ["x"]'), "--", "false");

test("a line an entry: index, time, kind, run, state and what it comes to", () => {
  const text = must("lineage", place.log);
  const run = (first.report["run"] as string).slice(0, 8);
  const lines = text.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^ship\.example\/gate-1: [0-9]+ entries$/);
  expect(lines[1]).toMatch(/^20[0-9]{2}-[0-9]{2}-[0-9]{2} \(UTC\)$/);
  expect(lines[2]).toMatch(/^ {5}0 {2}[0-9:.]{12} {2}start {9}gate {6}open {8}witnessed at 0$/);
  expect(text).toMatch(
    new RegExp(`^ {5}4  .{12}  admission     ${run}  authorized  /jobs agent:buyer$`, "m"),
  );
  expect(text).toMatch(/outcome {7}[0-9a-f]{8} {2}completed {3}done exit 0$/m);
  expect(text).toMatch(/decision {6}[0-9a-f]{8} {2}denied {6}deny SCOPE$/m);
  expect(lines.at(-1)).toBe("all of them are under a checkpoint of this key");
});

test("one run by the beginning of its id", () => {
  const run = denied.report["run"] as string;
  const { entries } = mustJson("lineage", place.log, "--run", run.slice(0, 10));
  expect(entries.map(({ entry }: { entry: { kind: string } }) => entry.kind)).toEqual([
    "admission",
    "decision",
  ]);
  expect(must("lineage", place.log, "--run", run)).toContain(`run ${run}\n`);
  const none = writ(["lineage", place.log, "--run", "0000000000"]);
  expect(none.code).toBe(2);
});

test("--json has every entry with its place, and what is under the checkpoint", () => {
  const all = mustJson("lineage", place.log, "--vkey", gate.vkey);
  expect(all).toMatchObject({ outcome: "DONE", code: null, origin: GATE, torn: 0 });
  expect(all["covered"]).toBe(all["size"]);
  expect(all["entries"]).toHaveLength(all["size"]);
  expect(all["checkpoint"]).toContain(`${GATE}\n${all["size"]}\n`);
  const [, second] = all["entries"];
  expect(second.entry.prev).toBe(all["entries"][0].leaf);
});

test("what is in the write-ahead alone is shown as such", async () => {
  const busy = new Place();
  const run = busy.start(chain, "--", "sh", "-c", "echo began; exec > /dev/null 2>&1; sleep 3");
  await run.said("began");
  run.child.kill("SIGKILL");
  await run.ended;
  const { size, covered } = mustJson("lineage", busy.log, "--vkey", gate.vkey);
  const text = must("lineage", busy.log, "--vkey", gate.vkey);
  expect(size).toBeGreaterThan(covered);
  expect(text).toContain(`the last ${size - covered} are in the write-ahead alone`);
});

test("a log of another key, one that was changed, and none at all", () => {
  expect(writJson(["lineage", place.log, "--vkey", billing.vkey])).toMatchObject({
    exit: 1,
    outcome: "REFUTED",
    code: "ORIGIN",
  });
  const copy = fresh("copy");
  cpSync(place.log, copy, { recursive: true });
  const folder = `${copy}/tile/entries/000.p`;
  const [width] = readdirSync(folder) as [string];
  const bytes = readFileSync(`${folder}/${width}`);
  const at = bytes.indexOf("/jobs");
  bytes[at + 1] = "k".charCodeAt(0);
  writeFileSync(`${folder}/${width}`, bytes);
  const changed = writ(["lineage", copy]);
  expect(changed.code).toBe(1);
  expect(changed.out).toMatch(/^REFUTED {2}CHAIN[^]*expected [^]*found /);
  expect(writ(["lineage", path("nowhere")]).err).toMatch(/holds no log/);
});

test("F44: --why leads to the pinned roots and a peer's cosignature, or names what is missing", async () => {
  refresh();
  const other = new Place();
  await other.run(chain, "--", "true");
  const outcome = mustJson("lineage", other.log).size - 1;
  const alone = writJson(["lineage", other.log, "--why", String(outcome)]);
  expect(alone).toMatchObject({ exit: 2, outcome: "INCOMPLETE", code: "MISSING" });
  const gaps = (ran: ReturnType<typeof writJson>): string[] =>
    (ran["steps"] as { what: string; code: string | null }[])
      .filter(({ code }) => code !== null)
      .map(({ what, code }) => `${what} ${code}`);
  const pinned = writJson(["lineage", other.log, "--why", String(outcome), "--trust", other.store]);
  expect(gaps(pinned)).toEqual(["cosignature QUORUM"]);

  const peer = key("pay.example/witness", "--cosigner");
  writeFileSync(path("pay-witnesses"), `witness p ${peer.vkey}\nquorum p\n`);
  must("domain", "witness", pay, path("pay-witnesses"), "--publish");
  must("sync", other.store, "--peers", other.from);
  const line = fresh("line");
  const cosigned = ["--old", "0", "--state", fresh("memory"), "--key", peer.file];
  writeFileSync(
    line,
    must("witness", "cosign", `${other.log}/checkpoint`, cosigned, "--vkey", gate.vkey),
  );
  must("log", "cosign", other.log, line, "--vkey", peer.vkey);
  const whole = writ(["lineage", other.log, "--why", String(outcome), "--trust", other.store]);
  expect(whole.code, whole.out).toBe(0);
  expect(whole.out).toMatch(
    /^ok {3}entry[^]*ok {3}issuer {9}billing of pay\.example[^]*pay\.example\/witness at /,
  );
});
