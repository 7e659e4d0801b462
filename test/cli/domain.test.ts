/** A domain the way its operator keeps it: real files, the built program, keys in folders. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CLI, scratch, writ, writJson } from "./writ.js";

const at = scratch();
writeFileSync(at("one"), "correct horse\n");
writeFileSync(at("two"), "battery staple\n");

const HEX = /[0-9a-f]{64}/;
const sha256 = (path: string): string =>
  createHash("sha256").update(readFileSync(path)).digest("hex");

/** Runs a command that must succeed. */
function must(...args: string[]): { out: string; err: string } {
  const ran = writ(args);
  expect(ran.code, `${args.join(" ")}: ${ran.err}`).toBe(0);
  return ran;
}

/** What the tests read of the JSON of these commands; each command gives a part of it. */
interface Told {
  readonly domain: string;
  readonly root: number;
  readonly targets: number;
  readonly timestamp: number;
  readonly issued: string;
  readonly expires: string;
  readonly roles: readonly { role: string; keys: string[]; threshold: number }[];
  readonly authority: { readonly issuers: readonly { readonly key: string }[] };
  readonly policy: unknown;
  readonly peers: unknown;
  readonly baseline: { readonly policy: string; readonly kernels: string[] } | null;
  readonly revoked: { readonly authorizations: unknown; readonly keys: unknown };
  readonly changes: unknown;
  readonly warnings: readonly string[];
  readonly made: readonly string[];
  readonly replaced: readonly string[];
}

function mustJson(...args: string[]): Told {
  const ran = writJson(args);
  expect(ran, JSON.stringify(ran)).toMatchObject({ exit: 0, outcome: "DONE" });
  return ran as unknown as Told;
}

/** A command that must be refused: exit code 2, nothing on stdout. */
function refused(expected: RegExp, ...args: string[]): void {
  const { code, out, err } = writ(args);
  expect({ code, out }, `${args.join(" ")}: ${err}`).toEqual({ code: 2, out: "" });
  expect(err).toMatch(/^writ: /);
  expect(err).toMatch(expected);
}

let made = 0;
/** A new domain in a folder of its own. */
function domain(...options: string[]): string {
  const dir = at(`domain-${++made}`);
  must("domain", "init", `d${made}.example`, "--dir", dir, ...options);
  return dir;
}

/** A domain that is only ever misused. */
let misused: string | undefined;

let keys = 0;
function vkey(): string {
  return must("key", "new", `someone-${++keys}`, "--out", at(`someone-${keys}.key`)).out.trim();
}

const status = (dir: string) => mustJson("domain", "status", dir);
const keyFiles = (dir: string): string[] => readdirSync(`${dir}/keys`).sort();

/** All files below a folder with their digests. */
function digests(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`)
      .map((path) => [path, sha256(path)]),
  );
}

/** A command that runs beside the test. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (said.out += String(chunk)));
  child.stderr.on("data", (chunk) => (said.err += String(chunk)));
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, ...said }));
  });
  return { child, said, ended };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 400) throw new Error("it did not come to that");
    await sleep(50);
  }
}

describe("domain init", () => {
  const dir = at("pay");
  const ran = must("domain", "init", "pay.example", "--dir", dir);

  test("makes keys that are their owner's alone, and prints the pin and what comes next", () => {
    const pin = `${dir}/public/metadata/1.root.json`;
    expect(ran.out).toBe(`domain   pay.example\npin      ${pin}\nsha-256  ${sha256(pin)}\n`);
    expect(ran.err).toContain(`serve ${dir}/public`);
    expect(ran.err).toContain("--key-dir");
    expect(ran.err).toContain(`writ domain refresh ${dir} --every 20s`);
    const offline = ["root", "targets"].flatMap((role) => [1, 2, 3].map((i) => `${role}-${i}.key`));
    expect(keyFiles(dir)).toEqual([...offline, "log.key", "status.key", "timestamp.key"].sort());
    expect(statSync(`${dir}/keys`).mode & 0o777).toBe(0o700);
    for (const name of keyFiles(dir)) {
      expect(statSync(`${dir}/keys/${name}`).mode & 0o777).toBe(0o600);
    }
    expect(must("key", "vkey", `${dir}/keys/log.key`).out).toMatch(/^pay\.example\/trust\+/);
    const found = status(dir);
    expect(found).toMatchObject({ domain: "pay.example", pin: { file: pin }, changes: [] });
    expect(found.roles.map(({ role, keys, threshold }) => [role, keys.length, threshold])).toEqual([
      ["root", 3, 2],
      ["targets", 3, 2],
      ["status", 1, 1],
      ["snapshot", 1, 1],
      ["timestamp", 1, 1],
    ]);
  });

  test("a domain is never made over another, and the answer says where the pin is", () => {
    const before = digests(dir);
    refused(/already[^]*1\.root\.json/, "domain", "init", "pay.example", "--dir", dir);
    refused(/pay\.example already/, "domain", "init", "other.example", "--dir", dir);
    expect(digests(dir)).toEqual(before);
  });

  test("a folder that serves something else is left alone", () => {
    mkdirSync(at("site", "public"), { recursive: true });
    writeFileSync(at("site", "public", "index.html"), "");
    refused(/other files/, "domain", "init", "x.example", "--dir", at("site"));
    expect(readdirSync(at("site"))).toEqual(["public"]);
  });

  test("a key file that is not this domain's is left alone", () => {
    const there = at("there");
    mkdirSync(`${there}/keys`, { recursive: true });
    must("key", "new", "other", "--out", `${there}/keys/root-1.key`);
    const before = digests(there);
    refused(/holds the key "other"/, "domain", "init", "x.example", "--dir", there);
    expect(digests(there)).toEqual(before);
  });

  test("killed at any moment, the same command makes it whole, with the same keys", async () => {
    for (const delay of [40, 60, 70, 80, 90, 100, 120, 150]) {
      const killed = at(`killed-${delay}`);
      const words = ["domain", "init", "k.example", "--dir", killed];
      const { child, ended } = start(...words);
      await sleep(delay);
      child.kill("SIGKILL");
      await ended;
      const before = existsSync(`${killed}/keys`)
        ? readdirSync(`${killed}/keys`).filter((name) => name.endsWith(".key"))
        : [];
      const digestsBefore = before.map((name) => sha256(`${killed}/keys/${name}`));
      const again = writ(words);
      if (again.code !== 0) expect(again.err).toMatch(/already, and nothing was changed/);
      expect(before.map((name) => sha256(`${killed}/keys/${name}`))).toEqual(digestsBefore);
      expect(status(killed)).toMatchObject({ root: 1, timestamp: 1, interrupted: false });
      must("domain", "publish", killed);
    }
  });

  test("numbers of keys, and lifetimes", () => {
    const dir = domain("--keys", "5", "--threshold", "4", "--lifetimes", "timestamp=2m,root=30d");
    expect(keyFiles(dir)).toHaveLength(13);
    const root = status(dir).roles[0]!;
    expect([root.keys.length, root.threshold]).toEqual([5, 4]);
    const { issued, expires } = status(dir);
    expect(Math.round((Date.parse(expires) - Date.parse(issued)) / 1000)).toBeGreaterThan(118);
    must("domain", "init", "one.example", "--dir", at("one-key"), "--keys", "1");
  });

  test.each([
    [[], /--dir is missing/],
    [["--dir", "x", "--keys", "0"], /--keys is a number from 1 to 32/],
    [["--dir", "x", "--keys", "2", "--threshold", "3"], /--threshold is a number from 1 to 2/],
    [["--dir", "x", "--lifetimes", "week=7d"], /--lifetimes is a list/],
    [["--dir", "x", "--lifetimes", "root"], /a duration/],
    [["--dir", "x", "--lifetimes", "root=1ms"], /from 1s/],
    [["--dir", "x", "--passphrase-file", "y"], /goes with --encrypt/],
    [["--dir", "x", "--encrypt"], /--passphrase-file/],
  ])("misuse: %j", (options, expected) => {
    refused(expected, "domain", "init", "m.example", ...options);
    refused(/like a host name/, "domain", "init", "M_example", "--dir", "x");
    expect(existsSync("x")).toBe(false);
  });
});

describe("what a domain says", () => {
  const dir = domain();
  const other = domain();
  const [issuer, resumer, gate] = [vkey(), vkey(), vkey()];
  const GATE = "d.example/gate-1";

  test("edits stand in the draft until they are published", () => {
    const edits = [
      ["issuer", "add", dir, "ops", issuer, "--commands", "/read,/pay"],
      ["resumer", "add", dir, "carol", resumer],
      ["gate", "add", dir, GATE, gate],
    ];
    for (const edit of edits) {
      const { err } = must("domain", ...edit);
      expect(err).toContain(`published with "writ domain publish ${dir}"`);
    }
    const found = status(dir);
    expect(found.changes).toMatchObject([
      { change: "added", what: "issuer", name: "ops" },
      { change: "added", what: "resumer", name: "carol" },
      { change: "added", what: "gate", name: GATE },
    ]);
    expect(found).toMatchObject({ targets: 1, authority: { issuers: [] } });
    expect(must("domain", "status", dir).out).toMatch(
      /\+ issuer +ops +\/pay, \/read +[0-9a-f]{64}/,
    );
    const changes = found.changes;
    const published = mustJson("domain", "publish", dir);
    expect(published).toMatchObject({ targets: 2, status: 1, entry: 1, changes });
    expect(status(dir)).toMatchObject({
      changes: [],
      authority: {
        issuers: [{ name: "ops", commands: ["/pay", "/read"], key: expect.stringMatching(HEX) }],
        resumers: [{ name: "carol" }],
        gates: [{ origin: GATE }],
      },
    });
  });

  test("a peer is pinned by its root, with terms", () => {
    const root = `${other}/public/metadata/1.root.json`;
    const name = status(other).domain;
    const terms = ["--commands", "/pay,/x", "--max-staleness", "30s"];
    const words = ["domain", "peer", "add", dir];
    refused(/is a root of/, ...words, "else.example", "--root", root, ...terms);
    const own = `${dir}/public/metadata/1.root.json`;
    refused(/no peer of itself/, ...words, status(dir).domain, "--root", own, ...terms);
    writeFileSync(at("bad.json"), readFileSync(root, "utf8").replace(name, "evil.example"));
    refused(/no root to pin/, ...words, "evil.example", "--root", at("bad.json"), ...terms);
    refused(/no such file/, ...words, name, "--root", at("none"), ...terms);
    refused(/--max-staleness is missing/, ...words, name, "--root", root, "--commands", "/pay");
    refused(/URL/, ...words, name, "--root", root, ...terms, "--url", "ftp://x");
    refused(/no command/, ...words, name, "--root", root, "--commands", "pay", ...terms.slice(2));
    must(...words, name, "--root", root, ...terms, "--url", "https://o.example/trust", "--publish");
    expect(status(dir).peers).toEqual([
      {
        name,
        commands: ["/pay", "/x"],
        maxStaleness: 30_000,
        maxLifetime: 120_000,
        skew: 1000,
        root: { version: 1, sha256: sha256(root) },
        url: "https://o.example/trust",
      },
    ]);
    expect(readdirSync(`${dir}/public/targets/peers/${name}`)).toHaveLength(1);
    must("domain", "peer", "remove", dir, name, "--publish");
    expect(status(dir).peers).toEqual([]);
    refused(/MISSING/, "domain", "peer", "remove", dir, name);
  });

  test("a baseline names the draft's policy, and follows it", () => {
    const file = at("policy.json");
    const write = (amount: number): void =>
      writeFileSync(
        file,
        JSON.stringify({ rules: [{ command: "/pay", policy: [["<=", ".amount", amount]] }] }),
      );
    write(1000);
    must("domain", "policy", "set", dir, file);
    const digest = "ab".repeat(32);
    must("domain", "baseline", "set", dir, "--require", `node=${digest}`, "--publish");
    const first = status(dir).baseline!;
    expect(first).toMatchObject({ environment: [{ name: "node", sha256: digest }] });
    expect(first.kernels).toHaveLength(1);
    expect(must("--version").out).toContain(first.kernels[0]);
    write(2000);
    expect(must("domain", "policy", "set", dir, file).out).toContain("the baseline names");
    must("domain", "publish", dir);
    const second = status(dir).baseline!;
    expect(second.policy).not.toBe(first.policy);
    const served = readdirSync(`${dir}/public/targets`);
    expect(served).toContain(`${second.policy}.policy.json`);
    must("domain", "baseline", "set", dir, "--kernel", digest, "--kernel", "cd".repeat(32));
    must("domain", "baseline", "set", dir, "--remove", "--publish");
    expect(status(dir).baseline).toBe(null);
    writeFileSync(file, '{"rules":[{"command":"pay","policy":[]}]}');
    refused(/a command/, "domain", "policy", "set", dir, file);
    refused(/64 hex/, "domain", "baseline", "set", dir, "--kernel", "abc");
    refused(/--require is like/, "domain", "baseline", "set", dir, "--require", "abc");
    refused(/without/, "domain", "baseline", "set", dir, "--remove", "--kernel", digest);
    const twice = ["--require", `node=${digest}`, "--require", `node=${"00".repeat(32)}`];
    refused(/once/, "domain", "baseline", "set", dir, ...twice);
  });

  test("witnesses are a C2SP policy", () => {
    const witness = must("key", "new", "w", "--cosigner", "--out", at("w.key")).out.trim();
    writeFileSync(at("witnesses"), `witness w ${witness}\nquorum w\n`);
    must("domain", "witness", dir, at("witnesses"), "--publish");
    const served = readdirSync(`${dir}/public/targets`).find((name) => name.endsWith("witnesses"));
    expect(served).toBe(`${sha256(at("witnesses"))}.witnesses`);
    writeFileSync(at("witnesses"), "witness w\n");
    refused(/not a usable policy/, "domain", "witness", dir, at("witnesses"));
    refused(/expected DIR FILE/, "domain", "witness", dir);
    must("domain", "witness", dir, "--remove");
    expect(status(dir).changes).toMatchObject([{ change: "removed", what: "witnesses" }]);
  });

  test("a gate is contained at once, released with the offline keys, and contained again", () => {
    const before = status(dir);
    refused(/MISSING/, "domain", "gate", "contain", dir, "d.example/other");
    refused(/expected DIR ORIGIN/, "domain", "gate", "contain", dir);
    const contained = mustJson("domain", "gate", "contain", dir, GATE);
    expect(contained).toMatchObject({ contained: [{ gate: GATE }], targets: before.targets });
    must("domain", "gate", "release", dir, GATE, "--publish");
    expect(status(dir)).toMatchObject({ contained: [] });
    must("domain", "gate", "contain", dir, GATE);
    expect(status(dir)).toMatchObject({ contained: [{ gate: GATE }] });
    must("domain", "refresh", dir);
    expect(status(dir)).toMatchObject({ contained: [{ gate: GATE }] });
    must("domain", "gate", "remove", dir, GATE, "--publish");
    refused(/REVOKED/, "domain", "gate", "add", dir, "d.example/gate-2", gate);
  });

  test("revocations are published at once, and none is shortened", () => {
    const id = "12".repeat(32);
    const key = status(dir).authority.issuers[0]!.key;
    const ran = must("domain", "revoke", dir, id.toUpperCase(), "--key", issuer);
    expect(ran.err).toContain("still listed");
    const revoked = () => status(dir).revoked;
    const forever = "9999-12-31T23:59:59Z";
    expect(revoked()).toEqual({
      authorizations: [{ sha256: id, expires: forever }],
      keys: [{ key, expires: forever }],
    });
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    must("domain", "revoke", dir, id, "ff".repeat(32), "--until", soon);
    expect(revoked().authorizations).toEqual([
      { sha256: id, expires: forever },
      { sha256: "ff".repeat(32), expires: soon },
    ]);
    refused(/a time to come/, "domain", "revoke", dir, id, "--until", "2020-01-01T00:00:00Z");
    refused(/SHA-256/, "domain", "revoke", dir, "abc");
    refused(/what to revoke/, "domain", "revoke", dir);
  });

  test("a key that was removed is refused for ever, whatever it is to be", () => {
    must("domain", "issuer", "remove", dir, "ops", "--publish");
    for (const words of [
      ["issuer", "add", dir, "ops", issuer, "--commands", "/"],
      ["resumer", "add", dir, "ops", issuer],
      ["gate", "add", dir, "d.example/gate-3", issuer],
    ]) {
      refused(/REVOKED: expected a key that was never removed/, "domain", ...words);
    }
    refused(/MISSING/, "domain", "issuer", "remove", dir, "ops");
    expect(status(dir).changes).toMatchObject([]);
  });

  test("one key, one part; one name removes one key", () => {
    const [a, b] = [vkey(), vkey()];
    must("domain", "issuer", "add", dir, "a", a, "--commands", "/");
    refused(/each key once/, "domain", "gate", "add", dir, "d.example/gate-4", a);
    must("domain", "issuer", "add", dir, "a", b, "--commands", "/");
    refused(/give the key/, "domain", "issuer", "remove", dir, "a");
    const { issuers } = JSON.parse(readFileSync(`${dir}/draft/authority.json`, "utf8")) as {
      issuers: { key: string }[];
    };
    for (const { key } of issuers) must("domain", "issuer", "remove", dir, key);
  });

  test.each([
    ["zz", /64 hexadecimal digits or a vkey/],
    ["a+00000000+AAAA", /KEY: /],
    ["00".repeat(32), /no signature can verify/],
    [`01${"00".repeat(31)}`, /no signature can verify/],
    [must("key", "new", "c", "--cosigner", "--out", at("c.key")).out.trim(), /not 01/],
  ])("KEY %s is refused", (key, expected) => {
    refused(expected, "domain", "issuer", "add", dir, "x", key, "--commands", "/");
  });

  test("a draft that a hand has spoilt is not published, and what is published stays", () => {
    const name = status(other).domain;
    const root = `${other}/public/metadata/1.root.json`;
    const terms = ["--commands", "/pay", "--max-staleness", "30s"];
    must("domain", "peer", "add", dir, name, "--root", root, ...terms);
    const copy = `${dir}/draft/peers/${name}/root.json`;
    writeFileSync(copy, `${readFileSync(copy, "utf8")} `);
    const before = digests(`${dir}/public`);
    refused(/DIGEST/, "domain", "publish", dir);
    expect(digests(`${dir}/public`)).toEqual(before);
    must("domain", "peer", "add", dir, name, "--root", root, ...terms, "--publish");
    writeFileSync(`${dir}/draft/policy.json`, "{}");
    refused(/draft\/policy\.json/, "domain", "publish", dir);
  });
});

describe("keys", () => {
  test("keys that were moved away are found with --key-dir, and what is online needs none", () => {
    const dir = domain();
    const [usb, safe] = [at("usb"), at("safe")];
    for (const folder of [usb, safe]) mkdirSync(folder);
    for (const name of keyFiles(dir).filter((each) => /^(?:root|targets)-/.test(each))) {
      renameSync(`${dir}/keys/${name}`, `${name.startsWith("root") ? safe : usb}/${name}`);
    }
    const before = digests(dir);
    const add = ["issuer", "add", dir, "ops", vkey(), "--commands", "/"];
    refused(/KEY: expected private keys of 2 of the 3[^]*--key-dir/, "domain", "publish", dir);
    refused(/--key-dir/, "domain", ...add, "--publish");
    refused(/--key-dir/, "domain", "rotate", dir, "--role", "root", "--key-dir", usb);
    expect(digests(dir)).toEqual(before);
    must("domain", "refresh", dir);
    must("domain", "revoke", dir, "ab".repeat(32));
    must("domain", ...add, "--publish", "--key-dir", usb);
    must("domain", "rotate", dir, "--role", "targets", "--key-dir", safe, "--key-dir", usb);
    refused(/no such folder/, "domain", "publish", dir, "--key-dir", at("nowhere"));
  });

  test("below the threshold nothing is signed, and a file that others can read is named", () => {
    const dir = domain();
    renameSync(`${dir}/keys/targets-1.key`, at("t1.key"));
    must("domain", "publish", dir);
    chmodSync(`${dir}/keys/targets-2.key`, 0o644);
    refused(/found 1[^]*passed over: others can read .*chmod 600/, "domain", "publish", dir);
    rmSync(`${dir}/keys/targets-2.key`);
    cpSync(`${dir}/keys/targets-3.key`, `${dir}/keys/targets-4.key`);
    refused(/2 of the 3 keys[^]*found 1/, "domain", "publish", dir);
    writeFileSync(`${dir}/keys/junk.key`, "junk", { mode: 0o600 });
    must("domain", "refresh", dir);
  });

  test("sealed keys ask only when they sign, and each opens with one of the passphrases", () => {
    const dir = domain("--encrypt", "--passphrase-file", at("one"));
    const sealed = (name: string) => readFileSync(`${dir}/keys/${name}`, "utf8").startsWith("{");
    expect(keyFiles(dir).filter(sealed)).toEqual(
      keyFiles(dir).filter((name) => /^(?:root|targets)-/.test(name)),
    );
    must("domain", "refresh", dir);
    must("domain", "revoke", dir, "ab".repeat(32));
    refused(/--passphrase-file/, "domain", "publish", dir);
    refused(/does not open/, "domain", "publish", dir, "--passphrase-file", at("two"));
    const [one, two] = [
      ["--passphrase-file", at("one")],
      ["--passphrase-file", at("two")],
    ] as [string[], string[]];
    must("domain", "publish", dir, ...two, ...one);
    // New keys under another passphrase: the next change needs both.
    must("domain", "rotate", dir, "--role", "targets", "--encrypt", ...two, ...one);
    refused(/does not open/, "domain", "publish", dir, ...one);
    must("domain", "rotate", dir, "--role", "targets", ...one, ...two);
    must("domain", "publish", dir);
  });
});

describe("domain rotate", () => {
  test("every role, again and again; what was replaced may be destroyed", () => {
    const dir = domain();
    must("domain", "issuer", "add", dir, "x", vkey(), "--commands", "/", "--publish");
    must("domain", "issuer", "add", dir, "staged", vkey(), "--commands", "/");
    const contents = () => {
      const { authority, policy, peers, changes } = status(dir);
      return { authority, policy, peers, changes };
    };
    const before = contents();
    for (let round = 0; round < 2; round++) {
      for (const role of ["root", "targets", "timestamp", "status"]) {
        const { made, replaced } = mustJson("domain", "rotate", dir, "--role", role);
        expect(made).toHaveLength(role === "root" || role === "targets" ? 3 : 1);
        expect(replaced).toHaveLength(made.length);
        for (const file of replaced) rmSync(file);
      }
    }
    expect(contents()).toEqual(before);
    expect(status(dir)).toMatchObject({ root: 7, targets: 6, status: 3 });
    must("domain", "publish", dir);
    must("domain", "refresh", dir);
    must("domain", "revoke", dir, "ab".repeat(32));
    expect(keyFiles(dir)).toHaveLength(9);
  });

  test("other numbers of keys, into another folder", () => {
    const dir = domain();
    const out = at("new-root");
    const words = ["domain", "rotate", dir, "--role", "root", "--out", out];
    refused(/--keys 1 is below it/, ...words, "--keys", "1");
    expect(existsSync(out)).toBe(false);
    must(...words, "--keys", "1", "--threshold", "1");
    expect(readdirSync(out)).toEqual(["root-2-1.key"]);
    refused(/--key-dir/, "domain", "rotate", dir, "--role", "root");
    must("domain", "rotate", dir, "--role", "root", "--key-dir", out, "--keys", "4");
    const root = status(dir).roles[0]!;
    expect([root.keys.length, root.threshold]).toEqual([4, 1]);
  });

  test("lost keys of targets and of the timestamp are replaced by the root's word", () => {
    const dir = domain();
    for (const name of ["targets-1", "targets-2", "timestamp"]) rmSync(`${dir}/keys/${name}.key`);
    refused(/role timestamp/, "domain", "refresh", dir);
    refused(/KEY/, "domain", "rotate", dir, "--role", "timestamp");
    must("domain", "rotate", dir, "--role", "timestamp", "--lost");
    must("domain", "refresh", dir);
    refused(/role targets/, "domain", "publish", dir);
    must("domain", "rotate", dir, "--role", "targets", "--lost");
    must("domain", "publish", dir);
    refused(/replaced by nobody/, "domain", "rotate", dir, "--role", "root", "--lost");
    refused(/not needed/, "domain", "rotate", dir, "--role", "status", "--lost");
  });

  test("key files of an attempt that was interrupted are used; foreign ones are left", () => {
    const dir = domain();
    const name = status(dir).domain;
    must("key", "new", `${name}/root-2-1`, "--out", `${dir}/keys/root-2-1.key`);
    const before = sha256(`${dir}/keys/root-2-1.key`);
    must("key", "new", "other", "--out", `${dir}/keys/targets-3-2.key`);
    expect(must("domain", "rotate", dir, "--role", "root").err).toContain("is there already");
    expect(sha256(`${dir}/keys/root-2-1.key`)).toBe(before);
    refused(/holds the key "other"/, "domain", "rotate", dir, "--role", "targets");
    rmSync(`${dir}/keys/targets-3-2.key`);
    must("domain", "rotate", dir, "--role", "targets");
  });

  test.each([
    [[], /--role is missing/],
    [["--role", "snapshot"], /--role is root or targets or timestamp or status/],
    [["--role", "status", "--keys", "2"], /--keys goes with/],
    [["--role", "timestamp", "--encrypt"], /--encrypt goes with/],
    [["--role", "root", "--keys", "33"], /from 1 to 32/],
    [["--role", "root", "--threshold", "4"], /from 1 to 3/],
  ])("misuse: %j", (options, expected) => {
    refused(expected, "domain", "rotate", (misused ??= domain()), ...options);
  });
});

describe("at the same time", () => {
  test("publishers wait for each other, and none is lost", async () => {
    const dir = domain();
    const runs = Array.from({ length: 5 }, () => start("domain", "publish", dir).ended);
    const ended = await Promise.all(runs);
    expect(ended.map(({ code, err }) => [code, err])).toEqual(ended.map(() => [0, ""]));
    expect(status(dir)).toMatchObject({ targets: 6, snapshot: 6, timestamp: 6, entry: 5 });
    const log = `${dir}/public/log`;
    const logKey = must("key", "vkey", `${dir}/keys/log.key`).out.trim();
    expect(must("log", "check", log, "--vkey", logKey).out).toContain("PROVEN");
  });

  test("a domain is kept fresh while it is changed and its timestamp key is rotated", async () => {
    const dir = domain();
    const loop = start("domain", "refresh", dir, "--every", "100ms");
    await until(() => status(dir).timestamp > 2);
    for (let i = 0; i < 3; i++) {
      must("domain", "issuer", "add", dir, `i${i}`, vkey(), "--commands", "/", "--publish");
    }
    must("domain", "rotate", dir, "--role", "timestamp");
    const { timestamp } = status(dir);
    await until(() => status(dir).timestamp > timestamp + 1);
    loop.child.kill("SIGTERM");
    const { code, out, err } = await loop.ended;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^\d+ timestamps issued, 0 rounds failed\n$/);
  });

  test("a loop that is killed at any moment leaves nothing in the way", async () => {
    const dir = domain();
    for (let i = 0; i < 12; i++) {
      const loop = start("domain", "refresh", dir, "--every", "100ms");
      await sleep(120 + 23 * i);
      loop.child.kill("SIGKILL");
      await loop.ended;
      const { targets } = status(dir);
      expect(mustJson("domain", "publish", dir)).toMatchObject({ targets: targets + 1 });
    }
  });

  test("a round that fails is said, with what to do, and tried again", async () => {
    const dir = domain();
    const loop = start("domain", "refresh", dir, "--every", "200ms");
    await until(() => status(dir).timestamp > 2);
    const root = `${dir}/public/metadata/1.root.json`;
    renameSync(root, at("away.json"));
    await until(() => loop.said.err.includes("tried again"));
    renameSync(at("away.json"), root);
    const failures = loop.said.err;
    const { timestamp } = status(dir);
    await until(() => status(dir).timestamp > timestamp + 2);
    loop.child.kill("SIGINT");
    const { code, out } = await loop.ended;
    expect(failures).toMatch(/^writ: \d{4}-\d\d-\d\dT[^ ]+Z .* holds no domain/);
    expect(failures).toMatch(/tried again in 200ms/);
    expect(code).toBe(0);
    expect(out).toMatch(/[1-9]\d* rounds? failed/);
  });

  test("that offline metadata expires is said in time, once, and when it has", async () => {
    const dir = domain("--lifetimes", "targets=6s,timestamp=2s");
    const loop = start("domain", "refresh", dir, "--every", "200ms");
    await until(() => loop.said.err.includes("targets expired"));
    loop.child.kill("SIGTERM");
    const { err } = await loop.ended;
    const lines = err.trim().split("\n");
    expect(lines[0]).toMatch(/^writ: targets expires in \ds, \S+: "writ domain publish /);
    expect(lines[1]).toMatch(
      /^writ: targets expired .*no reader accepts it: "writ domain publish /,
    );
    expect(lines).toHaveLength(2);
    expect(status(dir).warnings).toHaveLength(1);
    expect(must("domain", "publish", dir).err).toBe("");
  });

  test.each([
    [["--every", "1m"], /less than a timestamp lasts, 1m/],
    [["--every", "0s"], /from 100ms/],
    [["--every", "often"], /a duration/],
    [["--every", "20s", "--json"], /--json/],
    [["--every", "20s", "--now", "0"], /--now/],
    [["--now", "2020-01-01T00:00:00Z"], /CLOCK[^]*clock right/],
  ])("misuse of refresh: %j", (options, expected) => {
    const dir = (misused ??= domain());
    const { code, err, out } = writ(["domain", "refresh", dir, ...options]);
    expect(code).toBe(2);
    expect(options.includes("--json") ? out : err).toMatch(expected);
  });
});

test("refresh renews what the online keys sign once half of its life is over", () => {
  const dir = domain();
  const later = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  expect(mustJson("domain", "refresh", dir, "--now", later(0.4))).toMatchObject({ status: 1 });
  expect(mustJson("domain", "refresh", dir, "--now", later(0.6))).toMatchObject({ status: 2 });
  expect(mustJson("domain", "refresh", dir, "--now", later(24 * 6))).toMatchObject({ status: 3 });
  expect(writ(["domain", "status", dir, "--now", later(24 * 6)]).out).toMatch(
    /! targets expires in .*"writ domain publish/,
  );
});

test("where no domain is, nothing is made and the answer says so", () => {
  const nowhere = at("nothing-here");
  for (const words of [
    ["publish", nowhere],
    ["refresh", nowhere],
    ["status", nowhere],
    ["revoke", nowhere, "ab".repeat(32)],
    ["rotate", nowhere, "--role", "root"],
    ["peer", "remove", nowhere, "x.example"],
  ]) {
    refused(/holds no domain; make one with "writ domain init/, "domain", ...words);
  }
  expect(existsSync(nowhere)).toBe(false);
});

test("every command says how it is used, alone and in its group", () => {
  const listed = must("domain", "--help").out;
  const names = [...listed.matchAll(/^ {2}(domain(?: [a-z]+){1,2}) {2}/gm)].map((m) => m[1]!);
  expect(names.length).toBe(19);
  for (const name of names) {
    expect(must(...name.split(" "), "--help").out).toContain(`Usage: writ ${name} `);
    expect(must("--help").out).toContain(name.split(" ").slice(0, 2).join(" "));
  }
  refused(
    /there is no command "domain gate open"; expected domain gate add/,
    "domain",
    "gate",
    "open",
  );
});

test("a domain's log is cosigned under the domain's own lock, and appended to by the domain alone", () => {
  const dir = at("logged");
  must("domain", "init", "logged.example", "--dir", dir);
  const log = `${dir}/public/log`;
  writeFileSync(at("entry"), "hello");
  const refused = writ(["log", "append", log, at("entry"), "--key", `${dir}/keys/log.key`]);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.err).toContain("which alone writes it");
  must("key", "new", "peer.example/witness", "--cosigner", "--out", at("witness.key"));
  const vkey = must("key", "vkey", at("witness.key")).out.trim();
  const cosign = ["witness", "cosign", `${log}/checkpoint`, "--old", "0", "--state", at("state")];
  const logKey = must("key", "vkey", `${dir}/keys/log.key`).out.trim();
  const { out } = must(...cosign, "--key", at("witness.key"), "--vkey", logKey);
  writeFileSync(at("lines"), out);
  expect(must("log", "cosign", log, at("lines"), "--vkey", vkey).out).toContain(
    "— peer.example/witness ",
  );
  must("domain", "revoke", dir, "ab".repeat(32));
});
