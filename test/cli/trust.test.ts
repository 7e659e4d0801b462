/** What is done with a trust store, by the built program. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  addGate,
  addIssuer,
  addResumer,
  releaseGate,
  removeIssuer,
  removePeer,
} from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { hexKey } from "../domain/fixture.js";
import { rotateRole } from "../sync/history.js";
import type { Json } from "./domains.js";
import { acceptPeer, at, forkDomain, runJson, serve, storeDomain } from "./domains.js";
import { scratch, writ, writJson } from "./writ.js";

const path = scratch();

const GATES = ["a.example/gate/1", "a.example/gate/2"] as const;
const issuer = (name: string) => ({ name, key: hexKey(name), commands: ["/pay", "/read"] });

function domainsOf(json: Json): Json[] {
  return json["domains"] as Json[];
}

describe("a store of two domains that are peers", async () => {
  const a = await storeDomain(path("a"), "a.example");
  const b = await storeDomain(path("b"), "b.example");
  const store = path("store");
  const sources = ["--from", `a.example=${a.public}`, "--from", `b.example=${b.public}`];
  const sync = (): void => {
    const pin = ["--pin", a.pin, "--peers"];
    expect(writ(["sync", store, ...pin, ...sources, "--now", at(a)]).code).toBe(0);
  };
  const show = (...words: string[]) => writJson(["trust", "show", store, ...words, "--now", at(a)]);

  beforeAll(async () => {
    await b.domain.publish((draft) => addIssuer(draft, issuer("b-ops")));
    await a.domain.edit((draft) => addIssuer(draft, issuer("ops")));
    await a.domain.edit((draft) => addIssuer(draft, issuer("old")));
    await a.domain.edit((draft) => addResumer(draft, { name: "chief", key: hexKey("chief") }));
    for (const origin of GATES) {
      await a.domain.edit((draft) => addGate(draft, { origin, key: hexKey(origin) }));
    }
    await acceptPeer(a, b, { maxStaleness: 60_000 });
    await a.domain.publish((draft) => removeIssuer(draft, "old"));
    const expires = "2026-07-01T00:00:00Z";
    await a.domain.change((open) =>
      withdraw(open, {
        contain: [GATES[0]],
        authorizations: [{ sha256: hexKey("authorization"), expires }],
        keys: [{ key: hexKey("ops"), expires }],
      }),
    );
    sync();
  });

  test("show: both, with all that their states say", () => {
    const shown = show();
    expect(shown).toMatchObject({ exit: 0, command: "trust show", outcome: "DONE", code: null });
    const [own, peer] = domainsOf(shown) as [Json, Json];
    expect(own).toMatchObject({
      domain: "a.example",
      peerOf: null,
      commands: null,
      trusted: true,
      fresh: true,
      failure: null,
      terms: { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 },
      pinned: {
        version: 1,
        sha256: createHash("sha256").update(readFileSync(a.pin)).digest("hex"),
      },
      state: {
        roles: [
          { role: "root", version: 1, threshold: 2, expires: "2027-06-01T12:00:00Z" },
          { role: "targets", version: 3, threshold: 2 },
          { role: "status", version: 2, threshold: 1 },
          { role: "snapshot", version: 4, threshold: 1 },
          { role: "timestamp", version: 4, threshold: 1 },
        ],
        issuers: [{ name: "ops", key: hexKey("ops"), commands: ["/pay", "/read"], revoked: true }],
        resumers: [{ name: "chief", key: hexKey("chief"), revoked: false }],
        gates: [
          { origin: GATES[0], revoked: false, contained: expect.stringMatching(/^2026-06-01T/) },
          { origin: GATES[1], revoked: false, contained: null },
        ],
        removed: [hexKey("old")],
        peers: [
          {
            name: "b.example",
            commands: ["/pay"],
            maxStaleness: 60_000,
            url: null,
            fresh: true,
            failure: null,
          },
        ],
        baseline: null,
        witnesses: null,
        policy: { rules: 0 },
      },
      withdrawn: {
        authorizations: [hexKey("authorization")],
        keys: [hexKey("ops"), hexKey("old")].sort(),
        contained: [{ gate: GATES[0] }],
      },
      log: { origin: "a.example/trust", size: "4" },
      evidence: [],
    });
    const [root] = (own["state"] as { roles: { keys: string[] }[] }).roles;
    expect(root?.keys).toHaveLength(3);
    expect(peer).toMatchObject({
      domain: "b.example",
      peerOf: "a.example",
      commands: ["/pay"],
      fresh: true,
      terms: { maxStaleness: 60_000, maxLifetime: 60_000, skew: 500 },
      state: { issuers: [{ name: "b-ops" }], peers: [] },
    });
  });

  test("show: one, at any time, and in words", () => {
    expect(domainsOf(show("b.example"))).toMatchObject([{ domain: "b.example" }]);
    const late = ["--now", "2026-06-01T13:00:00Z"];
    const shown = writJson(["trust", "show", store, "a.example", ...late]);
    expect(shown).toMatchObject({
      exit: 0,
      domains: [{ fresh: false, failure: { code: "STALE" } }],
    });
    const { out } = writ(["trust", "show", store, "--now", at(a)]);
    expect(out).toMatch(/^a\.example {2}pinned here\n {2}freshness +fresh: 1s old, valid until /);
    for (const text of [
      "CONTAINED since 2026-06-01T12:00:",
      "REVOKED",
      "2 of 3 keys",
      "b.example  peer of a.example",
      "accepted for  /pay",
      "checkpoint of size 4, a.example/trust+",
      "1 authorization, 2 keys, 1 gate contained at some time",
    ]) {
      expect(out).toContain(text);
    }
  });

  test("show: a gate is open again when it was released", async () => {
    await a.domain.publish((draft) => releaseGate(draft, GATES[0], at(a)));
    sync();
    expect(domainsOf(show("a.example"))).toMatchObject([
      {
        state: { gates: [{ contained: null }, { contained: null }] },
        withdrawn: { contained: [{ gate: GATES[0] }] },
      },
    ]);
  });

  test("F63: exposure lists every key and peer; narrowing lowers the count", async () => {
    const exposure = () => writJson(["trust", "exposure", store]);
    await a.domain.publish((draft) => addIssuer(draft, issuer("deputy")));
    sync();
    const before = exposure();
    expect(before).toMatchObject({
      exit: 0,
      outcome: "DONE",
      code: null,
      domain: "a.example",
      peers: [{ name: "b.example", commands: ["/pay"], maxStaleness: 60_000, issuers: 1 }],
      worstStaleness: 60_000,
      stolenTimestampEnds: "2026-06-01T13:00:03Z",
      failure: null,
    });
    const roles = (before["keys"] as { role: string }[]).map(({ role }) => role);
    const expected = "root targets timestamp snapshot status issuer resumer gate";
    expect([...new Set(roles)].join(" ")).toBe(expected);
    expect(before["count"]).toBe(roles.length + 1);
    const { out } = writ(["trust", "exposure", store, "--max-staleness", "10m"]);
    expect(out).toContain(
      `What could make gates of a.example allow something: ${before["count"]}\n`,
    );
    expect(out).toContain("root: 2 of 3 keys can replace every other key of the domain\n");
    expect(out).toMatch(/^ {2}[0-9a-f]{64} {2}root-1$/m);
    expect(out).toContain(`  ${hexKey("deputy")}  deputy  authorize /pay, /read\n`);
    // Revoked before: it can make no gate allow anything.
    expect(out).not.toContain(hexKey("ops"));
    expect(out).toContain("  b.example  /pay  at most 1m old  1 issuer\n");
    expect(out).toContain("goes on for at most 10m.");
    expect(out).toContain("until 2026-06-01T13:00:03Z at the latest.");

    await a.domain.edit((draft) => removePeer(draft, "b.example"));
    await a.domain.publish((draft) => removeIssuer(draft, "deputy"));
    sync();
    const after = exposure();
    expect(after).toMatchObject({ peers: [], worstStaleness: 30_000 });
    expect(after["count"]).toBe((before["count"] as number) - 2);
  });

  test("exposure: of another domain, by name", () => {
    const other = path("pinned-b");
    const args = ["sync", other, "--pin", b.pin, "--from", b.public, "--now", at(b)];
    expect(writ(args).code).toBe(0);
    expect(writJson(["trust", "exposure", other, "--domain", "b.example"])).toMatchObject({
      exit: 0,
      domain: "b.example",
    });
    expect(writ(["trust", "exposure", other, "--domain", "c.example"])).toMatchObject({ code: 2 });
  });

  test("what is no store, or no domain, is said to be that", () => {
    for (const name of ["show", "exposure"]) {
      const ran = writ(["trust", name, path("nowhere")]);
      expect(ran).toMatchObject({ code: 2, err: expect.stringContaining("writ sync") });
      expect(existsSync(path("nowhere"))).toBe(false);
    }
    expect(writ(["trust", "relay", store, store])).toMatchObject({
      code: 2,
      err: expect.stringContaining("is a trust store"),
    });
    expect(writ(["trust", "relay", path("nowhere"), path("out-of-nothing")]).code).toBe(2);
    expect(writ(["trust", "show", store, "../a"])).toMatchObject({ code: 2 });
    expect(writ(["trust", "exposure", store, "--domain", "../a"])).toMatchObject({ code: 2 });
    expect(writ(["trust", "relay", store, path("x"), "--domain", "../a"])).toMatchObject({
      code: 2,
    });
    expect(writ(["trust", "show", store, "c.example"])).toMatchObject({
      code: 1,
      out: expect.stringContaining("UNTRUSTED"),
    });
  });
});

describe("relaying", async () => {
  const a = await storeDomain(path("relay/a"), "a.example");
  const out = path("relay/out");
  const served = join(out, "a.example");
  const syncTo = (store: string, from: string, ...more: string[]) =>
    writJson(["sync", store, "--pin", a.pin, "--from", from, ...more, "--now", at(a)]);
  const relay = (store: string) => writJson(["trust", "relay", store, out]);
  const first = path("relay/first");

  test("writes a folder that is a source, served by any file server", async () => {
    await a.domain.publish((draft) => addIssuer(draft, issuer("ops")));
    expect(syncTo(first, a.public)).toMatchObject({ exit: 0 });
    expect(relay(first)).toMatchObject({
      exit: 0,
      outcome: "DONE",
      code: null,
      domains: [{ domain: "a.example", status: "written", timestamp: 2, failure: null }],
    });
    expect(relay(first)).toMatchObject({ domains: [{ status: "unchanged", files: 0 }] });
    // What the domain published, to the byte.
    for (const name of ["1.root.json", "2.targets.json", "2.snapshot.json", "timestamp.json"]) {
      const file = join("metadata", name);
      expect(readFileSync(join(served, file))).toEqual(readFileSync(join(a.public, file)));
    }
    expect(syncTo(path("relay/by-all"), out)).toMatchObject({ exit: 0 });
    expect(syncTo(path("relay/by-one"), `a.example=${served}`)).toMatchObject({ exit: 0 });
    const server = await serve(out);
    const url = ["--from", `${server.url}a.example`];
    const args = ["sync", path("relay/by-http"), "--pin", a.pin, ...url, "--now", at(a)];
    expect(await runJson(args)).toMatchObject({ exit: 0, domains: [{ fresh: true }] });
  });

  test("goes on as the store does, over root rotations too", async () => {
    const old = path("relay/old");
    cpSync(first, old, { recursive: true });
    await a.domain.change(refresh);
    await rotateRole(a.domain, "root");
    await rotateRole(a.domain, "timestamp");
    expect(syncTo(first, a.public)).toMatchObject({ exit: 0 });
    expect(relay(first)).toMatchObject({ domains: [{ status: "written" }] });
    const there = readFileSync(join(served, "metadata/timestamp.json"));
    // Another store that is older takes nothing back.
    expect(relay(old)).toMatchObject({ exit: 0, domains: [{ status: "behind", files: 0 }] });
    expect(readFileSync(join(served, "metadata/timestamp.json"))).toEqual(there);
    expect(syncTo(path("relay/late"), out)).toMatchObject({ exit: 0 });

    const same = path("relay/same-root");
    cpSync(first, same, { recursive: true });
    await a.domain.change(refresh);
    expect(syncTo(first, a.public)).toMatchObject({ exit: 0 });
    expect(relay(first)).toMatchObject({ domains: [{ status: "written", files: 1 }] });
    expect(relay(same)).toMatchObject({ domains: [{ status: "behind", files: 0 }] });
  });

  test("does not take garbage in the folder for something newer", () => {
    const file = join(served, "metadata/timestamp.json");
    const good = readFileSync(file);
    const forged = good.toString().replace(/"version": ?\d+/, '"version":9999999');
    writeFileSync(file, forged);
    expect(relay(first)).toMatchObject({ domains: [{ status: "written" }] });
    expect(readFileSync(file)).toEqual(good);
  });

  test("a chain: what the first store saw reaches one that has no link to the domain", async () => {
    const [second, third] = [path("relay/second"), path("relay/third")];
    expect(syncTo(second, first)).toMatchObject({ exit: 0 });
    rmSync(first, { recursive: true });
    const last = syncTo(third, second);
    expect(last).toMatchObject({
      exit: 0,
      domains: [{ sources: [{ source: second, status: "new" }] }],
    });
    expect(syncTo(third, second)).toMatchObject({ domains: [{ changed: false }] });
  });

  test("a domain without a state is not there to be relayed", () => {
    const empty = path("relay/empty");
    const from = ["--from", "http://127.0.0.1:1/"];
    expect(writ(["sync", empty, "--pin", a.pin, ...from, "--now", at(a)]).code).toBe(2);
    expect(writJson(["trust", "relay", empty, path("relay/none")])).toMatchObject({
      exit: 2,
      outcome: "INCOMPLETE",
      code: "NO_TRUST",
      domains: [{ domain: "a.example", status: "failed", failure: { code: "NO_TRUST" } }],
    });
    expect(existsSync(path("relay/none"))).toBe(false);
  });
});

describe("evidence", async () => {
  const a = await storeDomain(path("fork/a"), "a.example");
  const fork = forkDomain(a, path("fork/copy"));
  const store = path("fork/store");
  let digests: string[] = [];

  beforeAll(async () => {
    await a.domain.change(refresh);
    fork.domain.now += 500;
    await fork.domain.change(refresh);
    const sources = ["--from", a.public, "--from", fork.public];
    const ended = writJson(["sync", store, "--pin", a.pin, ...sources, "--now", at(a)]);
    expect(ended).toMatchObject({ exit: 1, code: "EQUIVOCATION" });
    const [domain] = domainsOf(ended) as [{ evidence: { digest: string; role: string }[] }];
    expect(domain.evidence.map(({ role }) => role)).toEqual(["timestamp"]);
    digests = domain.evidence.map(({ digest }) => digest);
  });

  test("its digest is that of the file, to stdout or to a file that is new", () => {
    const [digest] = digests as [string];
    const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const args = ["trust", "evidence", store, "a.example", digest];
    const { code, out } = writ(args);
    expect({ code, digest: sha256(out) }).toEqual({ code: 0, digest });
    const file = path("fork/evidence.json");
    expect(writJson([...args, "--out", file])).toEqual({
      exit: 0,
      command: "trust evidence",
      outcome: "DONE",
      code: null,
      domain: "a.example",
      digest,
      role: "timestamp",
      version: "2",
      file,
    });
    expect(sha256(readFileSync(file))).toBe(digest);
    expect(writ([...args, "--out", file])).toMatchObject({
      code: 2,
      err: expect.stringContaining("EEXIST"),
    });
    expect(writJson(args)).toMatchObject({
      exit: 0,
      file: null,
      evidence: { format: "writ-equivocation/v1", role: "timestamp" },
    });
  });

  test("is verified by a third party with a pin alone, and by nobody with another one", async () => {
    const file = path("fork/evidence.json");
    const verified = writJson(["verify", file, "--pin", a.pin]);
    expect(verified).toMatchObject({ exit: 0, command: "verify", outcome: "PROVEN", code: null });
    const checks = verified["checks"] as { name: string; outcome: string }[];
    expect(checks.map(({ name }) => name)).toEqual([
      "evidence format",
      "pinned root",
      "roots",
      "contradiction",
    ]);
    const other = await storeDomain(path("fork/other"), "a.example.net");
    expect(writJson(["verify", file, "--pin", other.pin])).toMatchObject({ exit: 1, code: "KEY" });

    const object = JSON.parse(readFileSync(file, "utf8")) as Json;
    const changed = (change: Json): string => {
      writeFileSync(path("fork/changed.json"), JSON.stringify({ ...object, ...change }));
      return path("fork/changed.json");
    };
    for (const change of [
      { second: object["first"] },
      { first: "e30=" },
      { roots: [] },
      { role: "targets" },
      { more: true },
    ]) {
      expect(writJson(["verify", changed(change), "--pin", a.pin])).toMatchObject({ exit: 1 });
    }
    expect(writJson(["verify", file, "--pin", file])).toMatchObject({ exit: 1, code: "MALFORMED" });
    // One piece of evidence has one form, and one digest.
    writeFileSync(path("fork/spaced.json"), JSON.stringify(object, null, 2));
    expect(writJson(["verify", path("fork/spaced.json"), "--pin", a.pin])).toMatchObject({
      exit: 1,
      code: "MALFORMED",
    });
  });

  test("is not verified like a proof, nor a proof like it", () => {
    const file = path("fork/evidence.json");
    expect(writ(["verify", file, "--pin", a.pin, "--entry", file])).toMatchObject({
      code: 2,
      err: expect.stringContaining("--entry goes with a tlog-proof"),
    });
    writeFileSync(
      path("fork/policy"),
      "log a.example/trust+2d1484b8+Ae4kCQof5X+GG976DowTXLCjX33BodLPFtj8I0gmjJpe\nquorum none\n",
    );
    expect(writ(["verify", file, "--entry", file, "--policy", path("fork/policy")])).toMatchObject({
      code: 2,
      err: expect.stringContaining("is verified with --pin FILE"),
    });
  });

  test("lifting says what it means, and is shown", () => {
    const [digest] = digests as [string];
    const evidence = () => {
      const [domain] = domainsOf(writJson(["trust", "show", store, "--now", at(a)])) as [Json];
      return domain["evidence"];
    };
    const common = { digest, role: "timestamp", version: "2", settled: false };
    expect(evidence()).toEqual([{ ...common, lifted: false, counts: true }]);
    expect(writ(["trust", "show", store, "--now", at(a)]).out).toMatch(
      new RegExp(`${digest} {2}two of timestamp 2 {2}COUNTS`),
    );
    expect(writJson(["trust", "lift", store, "a.example", digest])).toEqual({
      exit: 0,
      command: "trust lift",
      outcome: "DONE",
      code: null,
      domain: "a.example",
      digest,
      trusted: true,
      failure: null,
    });
    expect(evidence()).toEqual([{ ...common, lifted: true, counts: false }]);
    const { code, out } = writ(["trust", "lift", store, "a.example", digest]);
    expect(code).toBe(0);
    expect(out).toContain("any other evidence still counts");
  });

  test.each<[string, string[]]>([
    ["DIGEST is 64 hexadecimal digits", ["a.example", "abc"]],
    ["DIGEST is 64 hexadecimal digits", ["a.example", "../../x"]],
    ["a domain's name is like", ["../a", "0".repeat(64)]],
    ["nothing is recorded of b.example", ["b.example", "0".repeat(64)]],
    ["there is no such evidence against a.example; expected ", ["a.example", "0".repeat(64)]],
    ["expected STORE DOMAIN DIGEST", ["a.example"]],
  ])("misuse: %s", (says, args) => {
    for (const name of ["evidence", "lift"]) {
      const { code, out, err } = writ(["trust", name, store, ...args]);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain(says);
    }
  });
});
