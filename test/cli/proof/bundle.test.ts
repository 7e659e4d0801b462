/** `writ prove`, `verify`, `why`, `trace` and `continuity`, with all that they need made by the built program. */
import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { writ, writJson } from "../writ.js";
import {
  authorize,
  fresh,
  GATE,
  gate,
  must,
  mustJson,
  pay,
  peerWitness,
  Place,
  ship,
} from "../gate/fixture.js";

const peer = peerWitness();

const roots = [pay, ship].map((domain) => `${domain}/public/metadata/1.root.json`);
const pins = roots.flatMap((root) => ["--pin", root]);

const place = new Place();
const asked = ["--peer-witness", fresh("peer"), "--peer-witness-key", peer.file];
const chain = authorize();
const first = await place.run(chain, asked, "--", "echo", "one");
const denied = await place.run(authorize("--where", 'args == ["x"]'), asked, "--", "false");
const run = first.report["run"] as string;

function prove(...words: string[]): string {
  const out = fresh("bundle");
  must("prove", "--log", place.log, "--out", out, words);
  return out;
}

/** The peer's witness sees a domain's log of trust changes, over files. */
function seeDomain(domain: string, name: string): void {
  const [copy, lines] = [fresh("copy"), fresh("lines")];
  copyFileSync(`${domain}/public/log/checkpoint`, copy);
  const log = must("key", "vkey", `${domain}/keys/log.key`).trim();
  expect(log).toContain(name);
  const by = ["--state", fresh("memory"), "--key", peer.file, "--vkey", log];
  writeFileSync(lines, must("witness", "cosign", copy, "--old", "0", by));
  must("log", "cosign", `${domain}/public/log`, lines, "--vkey", peer.vkey);
}

describe("a bundle of a gate's log", () => {
  const bundle = prove();

  test("F16: is made, the same each time, and not written over", () => {
    expect(readFileSync(prove())).toEqual(readFileSync(bundle));
    expect(writ(["prove", "--log", place.log, "--out", bundle])).toMatchObject({ code: 2 });
    const made = mustJson("prove", "--log", place.log, "--out", fresh("bundle"));
    expect(made).toMatchObject({ outcome: "DONE", code: null, bytes: statSync(bundle).size });
    expect(made["logs"]).toMatchObject([{ kind: "gate", origin: GATE, from: 0 }]);
  });

  test("F19: is PROVEN from the pinned roots alone, each decision made again", () => {
    const said = must("verify", bundle, pins);
    expect(said).toMatch(
      /1 decision made again, and the same|2 decisions made again, and the same/,
    );
    expect(said).toMatch(/^PROVEN\nas of 20/m);
    expect(said).toContain("Not checked:");
    const report = mustJson("verify", bundle, pins);
    expect(report).toMatchObject({ command: "verify", outcome: "PROVEN", code: null });
    expect(report["gates"][0]).toMatchObject({
      origin: GATE,
      runs: { runs: 2, completed: 1, denied: 1 },
    });
    expect(report["checks"].map(({ feature }: { feature: string }) => feature)).toContain("F48");
  });

  test("from stdin too", () => {
    const ran = writ(["verify", "-", ...pins], new Uint8Array(readFileSync(bundle)));
    expect(ran).toMatchObject({ code: 0 });
  });

  test("F8: without the roots, or with half of them, nothing is proven", () => {
    expect(writ(["verify", bundle])).toMatchObject({ code: 2 });
    const half = writJson(["verify", bundle, ...pins.slice(2)]);
    expect(half).toMatchObject({ exit: 2, outcome: "INCOMPLETE", code: "NO_TRUST" });
  });

  test("F18: what is older than what somebody has seen is TRUNCATED", () => {
    const later = writJson(["verify", bundle, ...pins, "--as-of", "2099-01-01T00:00:00Z"]);
    expect(later).toMatchObject({ outcome: "INCOMPLETE", code: "TRUNCATED" });
    must("verify", bundle, pins, "--remember", `${place.log}/checkpoint`);
  });

  test("the witness's key, once it was stolen, proves nothing", () => {
    const stolen = writJson(["verify", bundle, ...pins, "--compromised", peer.vkey]);
    expect(stolen).toMatchObject({ outcome: "INCOMPLETE", code: "QUORUM" });
  });

  test("F19: one byte changed is REFUTED, and the check that caught it is named", () => {
    const bytes = readFileSync(bundle);
    const at = bytes.indexOf("/jobs", bytes.indexOf('"kind":"admission"')) + 1;
    bytes[at] = (bytes[at] as number) ^ 1;
    const changed = fresh("changed");
    writeFileSync(changed, bytes);
    const ran = writ(["verify", changed, ...pins]);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/FAILED +[^\n]+\n +expected [^\n]+\n +found /);
  });

  test("an unknown option's place, and a file that is none", () => {
    const proof = writ(["verify", bundle, ...pins, "--entry", bundle]);
    expect(proof.err).toContain("--entry goes with a tlog-proof");
    const none = fresh("none");
    writeFileSync(none, "nothing of the kind\n");
    expect(writ(["verify", none, ...pins.slice(0, 2)]).err).toContain("is no bundle");
    expect(writ(["verify", roots[0] as string, ...pins, "--as-of", "0"]).code).toBe(2);
  });
});

test("one run alone, runs since a time, and those of an authorization", () => {
  const one = prove("--run", run);
  const report = mustJson("verify", one, pins);
  expect(report["gates"][0].reported).toHaveLength(1);
  expect(report["gates"][0].reported[0]).toMatchObject({ run, state: "completed" });
  prove("--since", "2020-01-01T00:00:00Z");
  const { authorization } = report["gates"][0].reported[0];
  const same = mustJson("verify", prove("--authorization", authorization), pins);
  expect(same["gates"][0].reported).toHaveLength(1);
  expect(
    writ(["prove", "--log", place.log, "--run", "0".repeat(32), "--out", fresh("b")]),
  ).toMatchObject({
    code: 2,
  });
  expect(denied.report["run"]).not.toBe(run);
});

test("--redact leaves the arguments out: INCOMPLETE, by REDACTED", () => {
  const redacted = prove("--redact");
  expect(readFileSync(redacted, "utf8")).not.toMatch(/^{"name":"args"/m);
  expect(writJson(["verify", redacted, ...pins])).toMatchObject({
    outcome: "INCOMPLETE",
    code: "REDACTED",
  });
});

test("with the logs of domains: when withdrawals were published is checked too", () => {
  seeDomain(ship, "ship.example/trust");
  const whole = prove("--domain", ship);
  const report = mustJson("verify", whole, pins);
  expect(report["logs"]).toMatchObject([{ kind: "domain" }, { kind: "gate" }]);
  expect(report["notChecked"].join()).not.toContain("ship.example");
});

test("F44: why leads to the pinned roots and to the peer's cosignature", () => {
  const bundle = prove();
  const { entries } = mustJson("lineage", place.log);
  const intent = entries.find(({ entry }: { entry: { kind: string } }) => entry.kind === "intent");
  const said = must("why", `${intent.index}`, bundle, pins);
  expect(said).toContain("cosignature    pay.example/witness at");
  expect(said).not.toContain("gap");
  const json = mustJson("why", `${GATE}#${intent.index}`, bundle, pins);
  expect(json).toMatchObject({ origin: GATE, index: intent.index, leaf: intent.leaf, code: null });
  expect(mustJson("why", intent.leaf, place.log, "--trust", place.store)["steps"].length).toBe(
    json["steps"].length,
  );
  const bare = writ(["why", `${intent.index}`, place.log]);
  expect(bare).toMatchObject({ code: 2 });
  expect(bare.out).toContain("--trust STORE, or of bundles --pin FILE");
  expect(writ(["why", "99999", bundle, ...pins]).err).toContain("there is no entry 99999");
});

test("F45: trace follows a run in a bundle as in the log", () => {
  const bundle = prove();
  expect(must("trace", run, bundle, pins)).toContain("1 effect began");
  const [ofBundle, ofLog] = [
    mustJson("trace", run, bundle, pins),
    mustJson("trace", run, place.log),
  ];
  expect(ofBundle).toEqual(ofLog);
  expect(writ(["trace", "0".repeat(32), bundle, ...pins])).toMatchObject({ code: 2 });
});

test("F49: continuity: a later bundle, or the log, goes on from an earlier one", async () => {
  const before = prove();
  await place.run(chain, asked, "--", "echo", "two");
  const after = prove();
  expect(must("continuity", before, after, pins)).toMatch(
    /goes on +from [0-9]+ entries to [0-9]+\nPROVEN/,
  );
  must("continuity", before, place.log, pins);
  must("continuity", place.log, place.log);
  const back = writJson(["continuity", after, before, ...pins]);
  expect(back).toMatchObject({ outcome: "INCOMPLETE", code: "TRUNCATED" });
  expect(back["checks"]).toContainEqual(
    expect.objectContaining({ name: `${GATE}: goes on`, outcome: "missing" }),
  );
});

test("verify takes trust metadata: a role's threshold under the pinned root, and its expiry", () => {
  const [root] = roots as [string, string];
  for (const name of ["timestamp", "1.snapshot", "1.root"]) {
    const file = `${pay}/public/metadata/${name}.json`;
    const ran = writ(["verify", file, "--pin", root]);
    expect(ran.code, `${name}: ${ran.out}${ran.err}`).toBe(0);
  }
  const file = `${pay}/public/metadata/timestamp.json`;
  expect(writJson(["verify", file, "--pin", roots[1] as string])).toMatchObject({ code: "KEY" });
  const expired = writJson(["verify", file, "--pin", root, "--now", "2199-01-01T00:00:00Z"]);
  expect(expired).toMatchObject({ outcome: "REFUTED", code: "EXPIRED" });
});

test("gate's key is that of the log", () => {
  expect(readFileSync(prove(), "utf8")).toContain(gate.vkey.split("+")[0]);
});
