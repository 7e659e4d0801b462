/** Authorizations on real domain folders, by the built program: made, narrowed, decided on, revoked. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { provePossession } from "../../src/authorization/possession.js";
import { readRequest } from "../../src/authorization/request.js";
import { encodeHex } from "../../src/bytes/hex.js";
import { hexKey, keyOf, must as value } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { scratch, writ, writJson } from "./writ.js";

type Json = { readonly [name: string]: any };

const path = scratch();
const START = Date.parse("2026-06-01T12:00:00Z");

/** `--now`, so many seconds after the start. */
function at(seconds: number): string[] {
  return ["--now", new Date(START + seconds * 1000).toISOString()];
}

/** Arguments, in lines. */
type Words = string | readonly string[];

/** A command that must succeed. */
function must(...words: Words[]): string {
  const args = words.flat();
  const ran = writ(args);
  expect(ran.code, `${args.join(" ")}: ${ran.err}`).toBe(0);
  return ran.out;
}

function mustJson(...words: Words[]): Json {
  const ran = writJson(words.flat());
  expect(ran.exit, JSON.stringify(ran)).toBe(0);
  return ran;
}

/** A command that must be refused: exit code 2, nothing on stdout. */
function refused(expected: RegExp, ...words: Words[]): void {
  const args = words.flat();
  const { code, out, err } = writ(args);
  expect({ code, out }, `${args.join(" ")}: ${err}`).toEqual({ code: 2, out: "" });
  expect(err).toMatch(/^writ: /);
  expect(err).toMatch(expected);
}

/** A key file, and its vkey. */
function key(name: string): { file: string; vkey: string; hex: string } {
  const file = path(`${name.replace(/\W/g, "-")}.key`);
  const vkey = must("key", "new", name, "--out", file).trim();
  const raw = Buffer.from(vkey.split("+").slice(2).join("+"), "base64");
  return { file, vkey, hex: raw.subarray(1).toString("hex") };
}

const billing = key("pay.example/billing");
const bot = key("bot");
const helper = key("helper");
const thief = key("thief");
const gate = key("ship.example/gate-1");

const GATE = "ship.example/gate-1";
const NONCE = "0b".repeat(32);
const OTHER_NONCE = "0c".repeat(32);
const LIFETIMES = ["--lifetimes", "timestamp=1h"];
const TERMS = ["--max-staleness", "60s", "--max-lifetime", "2h"];

/** pay.example has an issuer for /pay; ship.example accepts it for that, has a gate, and a rule. */
const [pay, ship] = [path("pay"), path("ship")];
must("domain", "init", "pay.example", "--dir", pay, ...LIFETIMES, ...at(0));
must("domain", "init", "ship.example", "--dir", ship, ...LIFETIMES, ...at(0));
must(
  ["domain", "issuer", "add", pay, "billing", billing.vkey, "--commands", "/pay"],
  ["--publish", ...at(1)],
);
must("domain", "gate", "add", ship, GATE, gate.vkey, ...at(0));
writeFileSync(
  path("rules.json"),
  '{"rules":[{"command":"/pay","policy":[["<=",".amount",100000]]}]}',
);
must("domain", "policy", "set", ship, path("rules.json"), ...at(0));
must(
  ["domain", "peer", "add", ship, "pay.example", "--commands", "/pay", ...TERMS],
  ["--root", `${pay}/public/metadata/1.root.json`, "--publish", ...at(1)],
);

let stores = 0;
/** A store that synced now, and knows of nothing later. */
function store(seconds: number): string {
  const folder = path(`store-${++stores}`);
  must(
    ["sync", folder, "--pin", `${ship}/public/metadata/1.root.json`, "--peers", ...TERMS],
    ["--from", `ship.example=${ship}/public`, "--from", `pay.example=${pay}/public`],
    ...at(seconds),
  );
  return folder;
}

let files = 0;
function file(content: string | Uint8Array): string {
  const name = path(`file-${++files}`);
  writeFileSync(name, content);
  return name;
}

function request(
  context: unknown,
  { id = "helper", name = "/pay/transfer", type = "agent" } = {},
): string {
  const resource = { type: "account", id: "7" };
  return file(JSON.stringify({ subject: { type, id }, action: { name }, resource, context }));
}

const COMMAND = ["--command", "/pay", "--expires", "7d"];
const BASE = [...COMMAND, "--audience", "ship.example"];

/** An authorization for the bot, made at the start. */
function authorize(...words: Words[]): string {
  const more = words.flat();
  const out = path(`chain-${++files}`);
  const terms = more.includes("--audience") ? COMMAND : BASE;
  const principal = ["--principal", `agent:bot=${bot.vkey}`];
  must("authorize", "--key", billing.file, ...principal, ...terms, "--out", out, ...at(1), ...more);
  return out;
}

/** Narrowed by the bot for the helper. */
function attenuate(chain: string, ...more: Words[]): string {
  const out = path(`chain-${++files}`);
  const principal = ["--principal", `agent:helper=${helper.vkey}`];
  must("attenuate", chain, "--key", bot.file, principal, "--out", out, at(1), ...more);
  return out;
}

function prove(chain: string, asked: string, ...more: string[]): string {
  const out = path(`proof-${++files}`);
  const given = ["--gate", GATE, "--nonce", NONCE, "--key", helper.file];
  must("possess", chain, "--request", asked, ...given, "--out", out, ...at(2), ...more);
  return out;
}

const trust = store(2);
const whole = authorize("--where", "amount <= 1000", "--where", "path within [/data, /tmp]");
const narrow = attenuate(whole, "--command", "/pay/transfer", "--where", "amount <= 250");
const good = request({ amount: 200, path: "/data/x" });
const proof = prove(narrow, good);
const WITH_PROOF = ["--gate", GATE, "--nonce", NONCE, "--proof", proof];

function check(chain: string, asked: string, ...more: string[]) {
  const now = more.includes("--now") ? [] : at(2);
  const by = more.includes("--trust") ? [] : ["--trust", trust];
  return writ(["check", chain, "--request", asked, ...by, ...now, ...more]);
}

function checkJson(chain: string, asked: string, ...more: string[]): Json {
  const now = more.includes("--now") ? [] : at(2);
  const by = more.includes("--trust") ? [] : ["--trust", trust];
  return writJson(["check", chain, "--request", asked, ...by, ...now, ...more]);
}

describe("authorize", () => {
  test("says what it has made, and until when; the policy as JSON, a predicate a line", () => {
    const out = path("made.writ");
    const ran = must(
      ["authorize", "--key", billing.file, "--principal", `agent:bot=${bot.hex}`, ...BASE],
      ["--where", "amount <= 1000", "--where", "currency == EUR", "--out", out, ...at(0)],
    );
    expect(ran.split("\n")).toEqual([
      expect.stringMatching(/^identity {3}[0-9a-f]{64}$/),
      "issuer     pay.example",
      `           ${billing.hex}`,
      "principal  agent:bot",
      `           ${bot.hex}`,
      "command    /pay",
      "audience   ship.example",
      "until      2026-06-08T12:00:00Z  in 7d",
      'policy     ["<=",".amount",1000]',
      '           ["==",".currency","EUR"]',
      `written    ${out}, 1 link`,
      "",
    ]);
    expect(readFileSync(out, "utf8").split("\n")).toHaveLength(2);
    expect(ran).toContain(`identity   ${idOf(out, 0)}\n`);
  });

  test("every option stands in the predicate; sets are sorted", () => {
    const policy = file('[["or",[["==",".a",1],["any",".list",["like",".","x*"]]]]]');
    const made = mustJson(
      ["authorize", "--key", billing.file, "--principal", `agent:bot=${bot.vkey}`],
      ["--issuer", "pay.example", "--command", "/pay", "--audience", GATE],
      ["--expires", "2026-06-02T00:00:00+02:00", "--not-before", "90s"],
      ["--policy", policy, "--where", "b > 2"],
      ["--max-staleness", "30s", "--recheck", "500ms", "--baseline", "AB".repeat(32)],
      ["--uses", "3", "--total", "fee=20", "--total", ".amount=5000"],
      ["--duration", "5m", "--delegations", "0"],
      ["--quorum", "1=ship.example,pay.example"],
      ["--isolation", "sandbox", "--read", "/tmp", "--read", "/data", "--write", ""],
      ["--net", "api.example:443", "--run", "node", "--cleanup", "/pay/undo"],
      ["--witnessed", "--out", path("full.writ"), ...at(0)],
    );
    expect(made).toEqual({
      exit: 0,
      command: "authorize",
      outcome: "DONE",
      code: null,
      authorization: expect.stringMatching(/^[0-9a-f]{64}$/),
      links: 1,
      predicate: {
        issuer: { domain: "pay.example", key: billing.hex },
        audience: [GATE],
        principal: { id: "agent:bot", key: bot.hex },
        command: "/pay",
        policy: [
          [
            "or",
            [
              ["==", ".a", 1],
              ["any", ".list", ["like", ".", "x*"]],
            ],
          ],
          [">", ".b", 2],
        ],
        notBefore: "2026-06-01T12:01:30Z",
        expires: "2026-06-01T22:00:00Z",
        maxStaleness: 30_000,
        recheck: 500,
        baseline: { sha256: "ab".repeat(32) },
        limits: {
          uses: 3,
          duration: 300_000,
          delegations: 0,
          totals: [
            { argument: ".amount", most: 5000 },
            { argument: ".fee", most: 20 },
          ],
        },
        quorum: { k: 1, domains: ["pay.example", "ship.example"] },
        isolation: {
          level: "sandbox",
          read: ["/data", "/tmp"],
          write: [],
          net: ["api.example:443"],
          run: ["node"],
        },
        cleanup: ["/pay/undo"],
        witnessed: "intent",
        nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
      artifacts: null,
      file: path("full.writ"),
    });
    const shown = must("inspect", path("full.writ"));
    for (const line of [
      "limits     3 uses",
      ".amount at most 5000 in all",
      "a run lasts at most 5m",
      "nobody may narrow it for another",
      "staleness  at most 30s",
      "recheck    every 500ms",
      "quorum     1 of pay.example, ship.example fresh",
      "isolation  sandbox",
      "read   /data, /tmp",
      "write  nothing",
      "witnessed  the intent",
    ]) {
      expect(shown).toContain(line);
    }
  });

  test.each([
    ["amount <= 1000", ["<=", ".amount", 1000]],
    ["currency == EUR", ["==", ".currency", "EUR"]],
    ['to.name == "Bob B"', ["==", ".to.name", "Bob B"]],
    ["path within [/data, /tmp]", ["within", ".path", ["/data", "/tmp"]]],
    ["not email like *@evil.example", ["not", ["like", ".email", "*@evil.example"]]],
    ["target url https://api.example/v1", ["url", ".target", "https://api.example/v1"]],
    ["flag != true", ["!=", ".flag", true]],
  ])("--where '%s'", (text, predicate) => {
    const { predicate: made } = mustJson(
      ["authorize", "--key", billing.file, "--principal", `agent:bot=${bot.hex}`, ...BASE],
      ["--where", text, "--out", "-", ...at(0)],
    );
    expect(made.policy).toEqual([predicate]);
  });

  test("--out - is the chain alone on stdout; two of one content are two", () => {
    const args = ["authorize", "--key", billing.file, "--principal", `agent:bot=${bot.hex}`];
    const [one, two] = [0, 1].map(() => writ([...args, ...BASE, "--out", "-", ...at(0)]));
    expect(one?.code).toBe(0);
    expect(one?.out).toMatch(/^\{"payload":"[^\n]*\}\n$/);
    expect(one?.err).toMatch(/^identity {3}[0-9a-f]{64}\n/);
    expect(one?.out).not.toBe(two?.out);
    expect(writ(["inspect", "-"], one?.out)).toMatchObject({ code: 0 });
    expect(existsSync("-")).toBe(false);
    refused(/can be read once/, "check", "-", "--request", "-", "--trust", trust, at(2));
  });

  test("a file that is there is not written over", () => {
    const there = file("mine");
    refused(
      /exists \(EEXIST\), and is not written over/,
      ["authorize", "--key", billing.file, "--principal", `agent:bot=${bot.hex}`, ...BASE],
      ["--out", there, ...at(0)],
    );
    expect(readFileSync(there, "utf8")).toBe("mine");
  });

  test("a sealed key opens with its passphrase; the issuer's domain is in the key's name", () => {
    writeFileSync(path("pass"), "correct horse\n");
    const sealed = ["--encrypt", "--passphrase-file", path("pass"), "--out", path("sealed.key")];
    must("key", "new", "bank.example/issuer", ...sealed);
    const args = ["authorize", "--key", path("sealed.key"), ...BASE, "--out", "-", ...at(0)];
    const principal = ["--principal", `agent:bot=${bot.hex}`];
    const made = mustJson(...args, ...principal, "--passphrase-file", path("pass"));
    expect(made.predicate.issuer.domain).toBe("bank.example");
    refused(/--passphrase-file/, ...args, ...principal);
  });

  const PRINCIPAL = ["--principal", `agent:bot=${bot.hex}`];
  const COMPLETE = ["--key", billing.file, ...PRINCIPAL, ...BASE, "--out", path("never.writ")];
  test.each<[RegExp, string[]]>([
    [/--key is missing/, []],
    [/--principal is missing/, ["--key", billing.file]],
    [/--audience is missing/, [...COMPLETE.slice(0, 6), "--expires", "1h", "--out", "x"]],
    [/expected no arguments/, [...COMPLETE, "more"]],
    [/--principal is like agent:billing-bot=KEY/, [...COMPLETE, "--principal", "bot"]],
    [/--principal is like/, [...COMPLETE, "--principal", `bot=${bot.hex}`]],
    [/no signature can verify/, [...COMPLETE, "--principal", `agent:b=${"0".repeat(64)}`]],
    [/--command is a command like \/pay\/transfer/, [...COMPLETE, "--command", "pay"]],
    [/--audience is a domain like/, [...COMPLETE, "--audience", "a b"]],
    [/--audience is a domain like/, [...COMPLETE, "--audience", "Ship"]],
    [/--expires is a time to come/, [...COMPLETE, "--expires", "2020-01-01T00:00:00Z"]],
    [/--expires is a time to come/, [...COMPLETE, "--expires", "0s"]],
    [/a time is like .* 90s, 2h or 7d/, [...COMPLETE, "--expires", "tomorrow"]],
    [/before the year 10000/, [...COMPLETE, "--expires", "999999999d"]],
    [/begins before it expires/, [...COMPLETE, "--not-before", "8d"]],
    [/--where "amount": expected/, [...COMPLETE, "--where", "amount"]],
    [/--where .*expected .*within/, [...COMPLETE, "--where", "path below /data"]],
    [/no such file/, [...COMPLETE, "--policy", path("nowhere")]],
    [/--policy .*policy\[0\]\[0\]: an operator/, [...COMPLETE, "--policy", file('[["~",".a",1]]')]],
    [/--policy .*a list of predicates/, [...COMPLETE, "--policy", file('{"a":1}')]],
    [/--max-staleness is longer than nothing/, [...COMPLETE, "--max-staleness", "0s"]],
    [/a duration is like/, [...COMPLETE, "--recheck", "5"]],
    [/--baseline is a SHA-256/, [...COMPLETE, "--baseline", "ab"]],
    [/--uses is a number from 1/, [...COMPLETE, "--uses", "0"]],
    [/exactly one gate in the audience/, [...COMPLETE, "--uses", "2"]],
    [/--total is like amount=5000/, [...COMPLETE, "--total", "amount"]],
    [/--total amount is a number from 0/, [...COMPLETE, "--total", "amount=x"]],
    [/one total for each/, [...COMPLETE, "--total", "a=1", "--total", ".a=2"]],
    [/--delegations is a number from 0 to 7/, [...COMPLETE, "--delegations", "8"]],
    [/--quorum is like/, [...COMPLETE, "--quorum", "two=a"]],
    [/--quorum: K is a number from 1 to 2/, [...COMPLETE, "--quorum", "3=a,b"]],
    [/--read goes with --isolation LEVEL/, [...COMPLETE, "--read", "/data"]],
    [/--isolation is cooperative, worker, process or sandbox/, [...COMPLETE, "--isolation", "x"]],
    [/'' allows none/, [...COMPLETE, "--isolation", "worker", "--net", "", "--net", "a"]],
    [/an absolute path/, [...COMPLETE, "--isolation", "worker", "--read", "data/.."]],
    [/--cleanup is a command/, [...COMPLETE, "--cleanup", "undo"]],
    [/--digest goes with --artifact/, [...COMPLETE, "--digest", "sha512"]],
    [/no such file/, [...COMPLETE, "--artifact", path("nowhere")]],
    [/--digest: UNSUPPORTED_DIGEST/, [...COMPLETE, "--artifact", bot.file, "--digest", "md5"]],
    [
      /does not begin with a domain/,
      [...COMPLETE, "--key", key("No Domain".replace(" ", "_")).file],
    ],
    [/--issuer is a domain's name/, [...COMPLETE, "--issuer", "Pay"]],
  ])("misuse: %s", (says, args) => {
    refused(says, "authorize", ...args, ...at(0));
    expect(existsSync(path("never.writ"))).toBe(false);
  });

  test("a witness's key makes none", () => {
    must("key", "new", "w.example/w", "--cosigner", "--out", path("w.key"));
    refused(/type 04/, "authorize", ...COMPLETE, "--key", path("w.key"), ...at(0));
  });
});

describe("attenuate", () => {
  test("what is left out stays as it is above; the chain has one line more", () => {
    const out = path("narrowed.writ");
    const principal = ["--principal", `agent:helper=${helper.hex}`];
    const made = mustJson(
      "attenuate",
      whole,
      "--key",
      bot.file,
      ...principal,
      "--out",
      out,
      ...at(1),
    );
    expect(made).toMatchObject({ command: "attenuate", outcome: "DONE", links: 2, file: out });
    expect(made.predicate).toEqual({
      issuer: { domain: "pay.example", key: bot.hex },
      audience: ["ship.example"],
      principal: { id: "agent:helper", key: helper.hex },
      command: "/pay",
      policy: [],
      expires: "2026-06-08T12:00:01Z",
      parents: [{ sha256: idOf(whole, 0) }],
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    const [old, now] = [whole, out].map((each) => readFileSync(each, "utf8"));
    expect(now?.startsWith(old as string)).toBe(true);
    expect(now?.split("\n")).toHaveLength(3);
  });

  const REST = ["--principal", `agent:helper=${helper.hex}`, "--out", path("never-narrowed.writ")];
  test.each<[RegExp, string[]]>([
    [/--key is not the key of agent:bot, who alone may narrow this/, ["--key", helper.file]],
    [/SCOPE: .*covers: \/pay, found \/read/, ["--key", bot.file, "--command", "/read"]],
    [/SCOPE: .*found \/payroll/, ["--key", bot.file, "--command", "/payroll"]],
    [/AUDIENCE/, ["--key", bot.file, "--audience", "bank.example"]],
    [/--out is missing/, ["--key", bot.file, "--out"]],
  ])("refused: %s", (says, args) => {
    const rest =
      args.at(-1) === "--out" ? [...args.slice(0, -1), ...REST.slice(0, 2)] : [...args, ...REST];
    refused(says, "attenuate", whole, ...rest, ...at(1));
    expect(existsSync(path("never-narrowed.writ"))).toBe(false);
  });

  test("no further than its maker lets it; a later expiry has no effect, and that is said", () => {
    const last = authorize("--delegations", "0");
    refused(/LIMIT/, "attenuate", last, "--key", bot.file, ...REST, ...at(1));
    const rest = [...REST.slice(0, 2), "--out", "-", "--expires", "30d"];
    const ran = writ(["attenuate", whole, "--key", bot.file, ...rest, ...at(1)]);
    expect(ran.code).toBe(0);
    expect(ran.err).toContain("link 1 expires before, at 2026-06-08T12:00:01Z: that counts");
  });

  test("what is over, or is no chain, is not narrowed", () => {
    const short = authorize("--expires", "2s");
    refused(/link 1 has expired/, "attenuate", short, "--key", bot.file, REST, at(3));
    refused(/is no chain/, "attenuate", good, "--key", bot.file, ...REST, ...at(1));
    refused(/the signature of link 1 does not hold; see "writ inspect/, [
      "attenuate",
      broken(whole, 0),
      "--key",
      bot.file,
      ...REST,
      ...at(1),
    ]);
  });
});

/** The identity of a link: SHA-256 of its payload. */
function idOf(chain: string, link: number): string {
  const line = readFileSync(chain, "utf8").split("\n")[link] as string;
  const { payload } = JSON.parse(line) as { payload: string };
  return createHash("sha256").update(Buffer.from(payload, "base64")).digest("hex");
}

/** A copy of a chain with one signature changed. */
function broken(chain: string, link: number): string {
  const lines = readFileSync(chain, "utf8").trimEnd().split("\n");
  const envelope = JSON.parse(lines[link] as string) as { signatures: { sig: string }[] };
  const [signature] = envelope.signatures as [{ sig: string }];
  signature.sig = (signature.sig.startsWith("A") ? "B" : "A") + signature.sig.slice(1);
  lines[link] = JSON.stringify(envelope);
  return file(`${lines.join("\n")}\n`);
}

describe("inspect", () => {
  test("shows every link, and that nobody's trust was consulted", () => {
    const { code, out } = writ(["inspect", narrow]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^link 1 of 2 {2}signed by the key that it names\n {2}identity {3}[0-9a-f]{64}\n/,
    );
    expect(out).toContain("\nlink 2 of 2  signed by the key that it names\n");
    expect(out).toContain("  issuer     pay.example, by the holder of the link before\n");
    expect(out).toContain(
      '  policy     ["<=",".amount",1000]\n             ["within",".path",["/data","/tmp"]]\n',
    );
    expect(out).toContain("\n2 links, each signed by whom it names\nNobody's trust was consulted:");
  });

  test("as JSON", () => {
    const inspected = writJson(["inspect", narrow]) as Json;
    expect(inspected).toMatchObject({
      exit: 0,
      command: "inspect",
      outcome: "DONE",
      code: null,
      failure: null,
      trust: "not consulted",
      links: [
        { signature: null, follows: null, artifacts: null, predicate: { command: "/pay" } },
        { signature: null, follows: null, predicate: { command: "/pay/transfer" } },
      ],
    });
    const [first, second] = inspected["links"];
    expect(Object.keys(first)).toEqual([
      "authorization",
      "predicate",
      "artifacts",
      "signature",
      "follows",
    ]);
    expect(second.predicate.parents).toEqual([{ sha256: first.authorization }]);
  });

  test("a signature that does not hold, a link that does not follow, what is no chain: exit 1", () => {
    const changed = broken(narrow, 1);
    expect(writJson(["inspect", changed])).toMatchObject({
      exit: 1,
      outcome: "REFUTED",
      code: "SIGNATURE",
      links: [{ signature: null }, { signature: { code: "SIGNATURE" } }],
    });
    expect(writ(["inspect", changed]).out).toMatch(
      /link 2 of 2 {2}NOT SIGNED by the key[^]*REFUTED {2}SIGNATURE/,
    );
    const [first, second] = readFileSync(narrow, "utf8").split("\n") as [string, string];
    const alone = writJson(["inspect", file(`${second}\n`)]);
    expect(alone).toMatchObject({
      exit: 1,
      code: "MISSING",
      links: [{ follows: { code: "MISSING" } }],
    });
    const other = readFileSync(authorize(), "utf8");
    expect(writJson(["inspect", file(other + second)])).toMatchObject({ exit: 1, code: "DIGEST" });
    expect(writJson(["inspect", file(`${first}\n${first}\n`)])).toMatchObject({
      exit: 1,
      code: "KEY",
    });
    expect(writJson(["inspect", file("{}")])).toMatchObject({
      exit: 1,
      code: "MALFORMED",
      links: [],
    });
    expect(writ(["inspect", file("")]).out).toMatch(/^REFUTED {2}MALFORMED: /);
    refused(/no such file/, "inspect", path("nowhere"));
  });
});

describe("check", () => {
  test("allows, with all that it rests on and that a gate must keep", () => {
    const allowed = checkJson(narrow, good, ...WITH_PROOF);
    const evidence = { digest: expect.stringMatching(/^[0-9a-f]{64}$/), age: 1000 };
    const validUntil = "2026-06-01T12:01:01.000Z";
    expect(allowed).toEqual({
      exit: 0,
      command: "check",
      outcome: "ALLOW",
      decision: true,
      code: null,
      expected: null,
      found: null,
      authorization: idOf(narrow, 1),
      principal: { id: "agent:helper", key: helper.hex },
      issuer: { domain: "pay.example", key: billing.hex },
      gate: { origin: GATE, key: gate.hex },
      links: [
        { authorization: idOf(narrow, 0), issuer: billing.hex, principal: "agent:bot" },
        { authorization: idOf(narrow, 1), issuer: bot.hex, principal: "agent:helper" },
      ],
      validUntil,
      recheck: 1000,
      duration: null,
      isolation: null,
      witnessed: false,
      charges: [],
      evidence: [
        { domain: "ship.example", ...evidence, validUntil },
        { domain: "pay.example", ...evidence, validUntil },
      ],
      unchecked: [],
    });
    const { out } = check(narrow, good, ...WITH_PROOF);
    expect(out.split("\n")).toEqual([
      "ALLOW  agent:helper /pay/transfer",
      `  identity  ${idOf(narrow, 1)}`,
      "  issuer    pay.example, 2 links",
      `  gate      ${GATE}`,
      "  trust     ship.example 1s old, pay.example 1s old",
      "  valid     until 2026-06-01T12:01:01Z, for 59s",
      "  recheck   every 1s",
      "",
    ]);
  });

  test("says what the gate must charge, confine and have witnessed", () => {
    const counted = attenuate(
      authorize(
        ["--audience", GATE, "--uses", "10", "--total", "amount=5000", "--duration", "1m"],
        ["--isolation", "sandbox", "--read", "/data", "--net", "", "--recheck", "250ms"],
      ),
      ["--uses", "1", "--witnessed", "--isolation", "worker", "--read", "/data/x"],
    );
    const [first, second] = [idOf(counted, 0), idOf(counted, 1)];
    expect(checkJson(counted, good, "--gate", GATE)).toMatchObject({
      exit: 2,
      outcome: "INCOMPLETE",
      recheck: 250,
      duration: 60_000,
      isolation: { level: "sandbox", read: ["/data/x"], net: [] },
      witnessed: true,
      charges: [
        { link: first, counter: "uses", amount: 1, most: 10 },
        { link: first, counter: { argument: ".amount" }, amount: 200, most: 5000 },
        { link: second, counter: "uses", amount: 1, most: 1 },
      ],
    });
    expect(check(counted, good, "--gate", GATE).out).toContain(
      [
        "  recheck    every 250ms",
        "  duration   at most 1m",
        "  isolation  sandbox",
        "             read   /data/x",
        "             net    nothing",
        "  witnessed  the intent, by a peer, before the effect",
        "  charges    1 of 10 uses, counted for link 1",
        "             200 of 5000 at .amount, counted for link 1",
        "             1 of 1 uses, counted for link 2",
        "",
      ].join("\n"),
    );
    const over = request({ amount: 5001, path: "/data/x" });
    expect(checkJson(counted, over, "--gate", GATE)).toMatchObject({ exit: 1, code: "LIMIT" });
  });

  test("without a proof, or without a gate, nothing is allowed: INCOMPLETE, exit 2", () => {
    const open = checkJson(narrow, good);
    expect(open).toMatchObject({
      exit: 2,
      outcome: "INCOMPLETE",
      decision: false,
      code: "MISSING",
      expected: "a gate, and a proof of possession for it",
      found: "none",
      gate: null,
      recheck: 1000,
      unchecked: ["gate", "possession"],
    });
    const gated = checkJson(narrow, good, "--gate", GATE);
    expect(gated).toMatchObject({
      exit: 2,
      outcome: "INCOMPLETE",
      decision: false,
      gate: { origin: GATE },
      unchecked: ["possession"],
    });
    expect(check(narrow, good).out).toMatch(
      /^INCOMPLETE {2}gate not checked, possession not checked\n {2}all else allows agent:helper \/pay\/transfer\n/,
    );
    const { code, out } = check(narrow, good, "--gate", GATE);
    expect(code).toBe(2);
    expect(out).toMatch(/^INCOMPLETE {2}possession not checked\n/);
    expect(out).toContain('"writ possess" makes the proof');
  });

  test.each<[string, unknown, Parameters<typeof request>[1], string]>([
    ["over the leaf's limit", { amount: 300, path: "/data/x" }, {}, "SCOPE"],
    ["outside the path", { amount: 1, path: "/etc" }, {}, "SCOPE"],
    ["an unclean path", { amount: 1, path: "/data/../etc" }, {}, "SCOPE"],
    ["a missing argument", { path: "/data" }, {}, "POLICY"],
    ["another type", { amount: "1", path: "/data" }, {}, "POLICY"],
    ["another command", { amount: 1, path: "/data" }, { name: "/pay" }, "SCOPE"],
    [
      "a command that only looks like it",
      { amount: 1, path: "/data" },
      { name: "/payroll" },
      "UNTRUSTED",
    ],
    ["another principal", { amount: 1, path: "/data" }, { id: "bot" }, "HOLDER"],
  ])("denies %s, before the proof is looked at", (_, context, about, code) => {
    const denied = checkJson(narrow, request(context, about), ...WITH_PROOF);
    expect(denied).toMatchObject({ exit: 1, outcome: "DENY", decision: false, code });
    expect(denied["expected"]).not.toBe(null);
    expect(denied).toMatchObject({ validUntil: null, evidence: [], charges: [] });
  });

  test("the own domain's rules only narrow: POLICY", () => {
    const wide = attenuate(authorize());
    const asked = request({ amount: 100_001 });
    expect(checkJson(wide, asked)).toMatchObject({ exit: 1, code: "POLICY" });
    const { out } = check(wide, asked);
    expect(out).toContain('/pay: ["<=",".amount",100000]\n  found     100001\n');
    expect(checkJson(wide, request({ amount: 100_000 }))).toMatchObject({ exit: 2 });
  });

  test("audience, window, unknown gates, and other issuers", () => {
    const elsewhere = attenuate(
      authorize("--audience", "bank.example"),
      "--audience",
      "bank.example",
    );
    expect(checkJson(elsewhere, good)).toMatchObject({ exit: 1, code: "AUDIENCE" });
    const later = attenuate(authorize("--not-before", "10s"));
    expect(checkJson(later, good)).toMatchObject({ exit: 1, code: "NOT_YET" });
    const short = attenuate(authorize("--expires", "1s"));
    expect(checkJson(short, good)).toMatchObject({ exit: 1, code: "EXPIRED" });
    expect(checkJson(narrow, good, "--gate", "ship.example/gate-2")).toMatchObject({
      exit: 1,
      code: "UNTRUSTED",
    });
    const forged = path("forged.writ");
    const issue = ["--principal", `agent:helper=${helper.hex}`, ...BASE, "--out", forged, ...at(1)];
    must("authorize", "--key", thief.file, "--issuer", "pay.example", ...issue);
    expect(checkJson(forged, good)).toMatchObject({ exit: 1, outcome: "DENY", code: "KEY" });
    const { out } = check(forged, good);
    expect(out).toContain("link 1 of 1");
    expect(out).toContain(
      "it says that it is by an issuer of pay.example, which lists no such key",
    );
    expect(out).toContain(`"writ inspect ${forged}"`);
  });

  test("a chain that is not admitted: which link, and why", () => {
    const changed = checkJson(broken(narrow, 1), good, ...WITH_PROOF);
    expect(changed).toMatchObject({
      exit: 1,
      outcome: "DENY",
      code: "SIGNATURE",
      expected: expect.stringMatching(/^link 2 of 2: /),
      authorization: null,
      principal: null,
      links: [],
    });
    expect(checkJson(file("not a chain\n"), good)).toMatchObject({ exit: 1, code: "MALFORMED" });
    expect(checkJson(narrow, file("{}"))).toMatchObject({ exit: 1, code: "MALFORMED" });
    expect(check(narrow, file('{"subject":{"type":"agent","id":"x"},"more":1}')).out).toContain(
      "DENY  MALFORMED",
    );
  });

  test("F62: a stolen authorization is of no use without its holder's key", async () => {
    const stolen = value(readRequest(new Uint8Array(readFileSync(good))));
    const signer = keyOf("thief");
    const salt = new Uint8Array(32).fill(7);
    const made = await provePossession(
      kernel,
      { publicKey: signer.key.publicKey, sign: (message) => signer.sign(message) },
      idOf(narrow, 1),
      stolen,
      { gate: GATE, nonce: NONCE, salt },
      START + 2000,
    );
    const forged = file(
      JSON.stringify({
        proof: JSON.parse(new TextDecoder().decode(made)) as unknown,
        salt: encodeHex(salt),
      }),
    );
    const denied = checkJson(narrow, good, "--gate", GATE, "--nonce", NONCE, "--proof", forged);
    expect(denied).toMatchObject({
      exit: 1,
      outcome: "DENY",
      code: "HOLDER",
      expected: "a proof signed by the key of agent:helper",
    });
    expect(hexKey("thief")).not.toBe(helper.hex);
    refused(
      /--key is not the key of agent:helper/,
      ["possess", narrow, "--request", good, "--gate", GATE, "--nonce", NONCE],
      ["--key", thief.file, ...at(2)],
    );
  });

  test("F23: a proof serves for its own request, gate, nonce, authorization and time alone", () => {
    const same = checkJson(narrow, good, ...WITH_PROOF);
    expect(same).toMatchObject({ exit: 0 });
    const holder = { exit: 1, outcome: "DENY", decision: false, code: "HOLDER" };
    const other = request({ amount: 201, path: "/data/x" });
    expect(checkJson(narrow, other, ...WITH_PROOF)).toMatchObject(holder);
    const nonce = ["--gate", GATE, "--nonce", OTHER_NONCE, "--proof", proof];
    expect(checkJson(narrow, good, ...nonce)).toMatchObject({
      ...holder,
      expected: `a proof for the nonce ${OTHER_NONCE}`,
    });
    const elsewhere = prove(narrow, good, "--gate", "ship.example/gate-2");
    expect(checkJson(narrow, good, ...WITH_PROOF.slice(0, 4), "--proof", elsewhere)).toMatchObject({
      ...holder,
      expected: `a proof for the gate ${GATE}`,
    });
    const twin = attenuate(whole);
    expect(checkJson(twin, good, ...WITH_PROOF)).toMatchObject({
      ...holder,
      expected: `a proof for the authorization ${idOf(twin, 1)}`,
    });
    const late = [...WITH_PROOF, ...at(33)];
    expect(checkJson(narrow, good, ...late)).toMatchObject({ ...holder, expected: /30000 ms/ });
    expect(checkJson(narrow, good, ...WITH_PROOF, ...at(32))).toMatchObject({ exit: 0 });
    const salted = JSON.parse(readFileSync(proof, "utf8")) as Json;
    for (const bad of [{ ...salted, salt: "00".repeat(32) }]) {
      const given = ["--gate", GATE, "--nonce", NONCE, "--proof", file(JSON.stringify(bad))];
      expect(checkJson(narrow, good, ...given)).toMatchObject(holder);
    }
    for (const bad of ["", "[]", "{}", '{"proof":{},"salt":"00"}', '{"proof":1,"salt":"","x":1}']) {
      const given = ["--gate", GATE, "--nonce", NONCE, "--proof", file(bad)];
      expect(checkJson(narrow, good, ...given)).toMatchObject({ exit: 1, code: "MALFORMED" });
    }
  });

  test("--explain: every step, link and predicate, the answer first and last", () => {
    const asked = request({ amount: 2000, path: "/data/../etc" });
    const { code, out } = check(narrow, asked, ...WITH_PROOF, "--explain");
    expect(code).toBe(1);
    const answer = "DENY  SCOPE: The authorization does not cover this request.\n";
    expect(out.startsWith(answer)).toBe(true);
    expect(out.split(answer)).toHaveLength(3);
    for (const text of [
      'request  agent:helper /pay/transfer\n  {"amount":2000,"path":"/data/../etc",',
      "  ok           issuer's trust\n",
      '  FAILED       policy  SCOPE\n               expected  link 1: ["<=",".amount",1000]\n',
      "  FAILED       possession  HOLDER\n               expected  a proof for the request ",
      "link 1 of 2\n  identity   ",
      `  issuer     pay.example\n             ${billing.hex}\n`,
      "  policy     false\n    false  amount <= 1000             2000\n",
      '    error  path within [/data, /tmp]  "/data/../etc": it holds a . or .. segment\n',
      "  window     until 2026-06-08T12:00:01Z\n",
      "    false  amount <= 250  2000\n",
      "own rule for /pay  true\n    true   amount <= 100000  2000\n",
    ]) {
      expect(out).toContain(text);
    }
    expect(out.slice(out.lastIndexOf(answer))).toContain("\n  found     2000\n");
  });

  test("--explain: nested predicates are indented; what is left for the gate stands at the end", () => {
    const policy = file(
      '[["or",[["==",".a",1],["and",[["all",".list",[">",".n",0]],["not",["like",".s","x*"]]]]]]]',
    );
    const chain = attenuate(authorize("--policy", policy, "--max-staleness", "10s"));
    const asked = request({ amount: 1, list: [{ n: 1 }, { n: 2 }], s: "abc" });
    const { code, out } = check(chain, asked, "--explain", "--gate", GATE);
    expect(code).toBe(2);
    expect(out).toContain(
      [
        "    true   or",
        '           error  a == 1  ".a" finds nothing',
        "           true   and",
        '                  true   all .list  [{"n":1},{"n":2}]',
        "                         true   n > 0  1",
        "                         true   n > 0  2",
        "                  true   not",
        '                         false  s like x*  "abc"',
        "",
      ].join("\n"),
    );
    expect(out).toMatch(
      /for the gate to keep\n {2}valid {4}until 2026-06-01T12:00:11Z, for 9s\n {2}recheck {2}every 1s\n\nINCOMPLETE/,
    );
    expect(out).toContain(`  principal  agent:helper\n             ${helper.hex}\n`);
    expect(out).toContain("  not checked  possession\n");
  });

  test("--explain as JSON", () => {
    const asked = request({ amount: 2000, path: "/data/../etc" });
    const { explain } = checkJson(narrow, asked, ...WITH_PROOF, "--explain");
    const step = (name: string) => explain.steps.find((each: Json) => each["name"] === name);
    expect(step("request")).toEqual({
      name: "request",
      outcome: "passed",
      code: null,
      expected: null,
      found: null,
    });
    expect(step("policy")).toMatchObject({ outcome: "failed", code: "SCOPE", found: "2000" });
    expect(step("possession")).toMatchObject({ outcome: "failed", code: "HOLDER" });
    expect(explain.links).toMatchObject([
      {
        authorization: idOf(narrow, 0),
        issuer: { domain: "pay.example", key: billing.hex },
        principal: { id: "agent:bot" },
        command: "/pay",
        notBefore: null,
        expires: "2026-06-08T12:00:01Z",
        policy: {
          truth: "false",
          predicates: [
            {
              predicate: ["<=", ".amount", 1000],
              text: "amount <= 1000",
              truth: "false",
              value: 2000,
            },
            { truth: "error", value: "/data/../etc", reason: "it holds a . or .. segment" },
          ],
        },
      },
      { policy: { truth: "false" } },
    ]);
    expect(explain.rules).toMatchObject([{ command: "/pay", truth: "true" }]);
    const unread = checkJson(file("x"), asked, "--explain");
    expect(unread["explain"].links).toEqual([]);
    const states = unread["explain"].steps.map((each: Json) => each["outcome"]);
    expect(states.slice(0, 3)).toEqual(["passed", "failed", "not-run"]);
  });

  test("F22: what runs is what the chain names, to the byte", () => {
    const tool = path("tool.bin");
    writeFileSync(tool, Buffer.alloc(3_000_000, 1));
    const chain = attenuate(
      authorize("--artifact", tool, "--digest", "sha256", "--digest", "blake3"),
    );
    const { links } = writJson(["inspect", chain]) as Json;
    const sha256 = createHash("sha256").update(readFileSync(tool)).digest("hex");
    expect(links[0].artifacts).toEqual([
      { blake3: expect.stringMatching(/^[0-9a-f]{64}$/), sha256 },
    ]);
    const [line] = readFileSync(chain, "utf8").split("\n") as [string];
    const { payload } = JSON.parse(line) as { payload: string };
    const { subject } = JSON.parse(Buffer.from(payload, "base64").toString()) as Json;
    expect(subject).toMatchObject([{ name: basename(tool), digest: { sha256 } }]);

    expect(checkJson(chain, good)).toMatchObject({ exit: 1, code: "MISSING" });
    expect(checkJson(chain, good, "--artifact", tool)).toMatchObject({
      exit: 2,
      code: "MISSING",
      outcome: "INCOMPLETE",
    });
    const changed = Buffer.alloc(3_000_000, 1);
    changed[2_999_999] = 2;
    writeFileSync(path("changed.bin"), changed);
    const denied = checkJson(chain, good, "--artifact", path("changed.bin"));
    expect(denied).toMatchObject({ exit: 1, outcome: "DENY", code: "DIGEST" });
    const both = ["--artifact", tool, "--artifact", path("changed.bin")];
    expect(checkJson(chain, good, ...both)).toMatchObject({ exit: 1, code: "DIGEST" });
    expect(check(narrow, good, "--artifact", tool).out).toContain("no link binds artifacts");
  });

  test("hostile text reaches no terminal as it is", () => {
    const evil = "\u001b[31mred\u009b2J\u202e\u2066";
    const selector = '.["a\u202e\u009b"]?';
    const predicates = [
      ["!=", selector, evil],
      [
        "or",
        [
          ["like", ".s", evil],
          ["==", ".s", evil],
        ],
      ],
    ];
    const policy = file(JSON.stringify([...predicates, ["==", ".t", 1]]));
    const chain = attenuate(authorize("--policy", policy));
    const asked = request({ s: evil, t: evil, amount: 1, [evil]: evil });
    const texts = [
      check(chain, asked, "--explain"),
      check(chain, asked),
      writ(["inspect", chain]),
      check(file(evil), asked),
      check(chain, file(evil)),
      check(chain, request({ s: 1 }, { id: "x", type: "agent", name: evil })),
      writ(["check", chain, "--request", asked, "--trust", trust, "--explain", "--json", ...at(2)]),
    ];
    for (const { out, err } of texts) {
      expect(out + err).not.toMatch(/[^\P{C}\n]/u);
      expect(out).not.toBe("");
    }
    expect(texts[0]?.out).toContain("\\u001b[31mred\\u009b2J\\u202e");
  });

  test("much text is cut, and as JSON too", () => {
    const many = Array.from({ length: 600 }, (_, i) => ["==", ".big", i]);
    const chain = attenuate(authorize("--policy", file(JSON.stringify(many))));
    const asked = request({ big: "x".repeat(200_000) });
    const { out } = check(chain, asked, "--explain");
    expect(out.length).toBeLessThan(100_000);
    expect(out).toContain("and 100 more that are not shown");
    const { explain } = checkJson(chain, asked, "--explain");
    expect(explain.links[0].policy).toMatchObject({ omitted: 100 });
    expect(explain.links[0].policy.predicates[0]).toMatchObject({ value: null, cut: true });
  });

  test.each<[RegExp, string[]]>([
    [/expected CHAIN/, []],
    [/--request is missing/, [narrow]],
    [/--trust is missing/, [narrow, "--request", good]],
    [
      /holds no trust store; make one: writ sync/,
      [narrow, "--request", good, "--trust", path("nowhere")],
    ],
    [/no such file/, [path("nowhere"), "--request", good, "--trust", trust]],
    [/no such file/, [narrow, "--request", path("nowhere"), "--trust", trust]],
    [/no such file/, [narrow, "--request", good, "--trust", trust, "--artifact", path("nowhere")]],
    [
      /--proof is for a gate/,
      [narrow, "--request", good, "--trust", trust, "--proof", proof, "--nonce", NONCE],
    ],
    [
      /go together/,
      [narrow, "--request", good, "--trust", trust, "--gate", GATE, "--proof", proof],
    ],
    [
      /go together/,
      [narrow, "--request", good, "--trust", trust, "--gate", GATE, "--nonce", NONCE],
    ],
    [
      /--nonce is 32 bytes/,
      [narrow, "--request", good, "--trust", trust, "--gate", GATE, "--nonce", "ab"],
    ],
    [
      /--gate is a gate's origin/,
      [narrow, "--request", good, "--trust", trust, "--gate", "not checked"],
    ],
    [/longer than nothing/, [narrow, "--request", good, "--trust", trust, "--max-staleness", "0s"]],
    [/a time is like/, [narrow, "--request", good, "--trust", trust, "--now", "soon"]],
  ])("misuse: %s", (says, args) => {
    refused(says, "check", ...args);
  });
});

describe("trust decides", () => {
  test("a view that is not renewed allows up to its bound, and no millisecond longer", () => {
    expect(checkJson(narrow, good, "--now", "2026-06-01T12:01:01.000Z")).toMatchObject({ exit: 2 });
    const stale = checkJson(narrow, good, "--now", "2026-06-01T12:01:01.001Z");
    expect(stale).toMatchObject({ exit: 1, outcome: "DENY", code: "STALE" });
    const { out } = check(narrow, good, "--now", "2026-06-01T12:01:01.001Z");
    expect(out).toContain(`"writ sync ${trust} --from SOURCE" fetches newer trust`);
    expect(checkJson(narrow, good, "--now", "2026-06-01T11:00:00Z")).toMatchObject({
      exit: 1,
      code: "CLOCK",
    });
  });

  test("--max-staleness, the pin and the chain: the least counts", () => {
    expect(checkJson(narrow, good, "--max-staleness", "500ms")).toMatchObject({ code: "STALE" });
    expect(checkJson(narrow, good, "--max-staleness", "1d", ...at(62))).toMatchObject({
      code: "STALE",
    });
    const strict = attenuate(whole, "--max-staleness", "2s");
    expect(checkJson(strict, good, ...at(3))).toMatchObject({ exit: 2 });
    expect(checkJson(strict, good, "--now", "2026-06-01T12:00:03.001Z")).toMatchObject({
      code: "STALE",
    });
  });

  test("a store without a state denies: NO_TRUST", () => {
    const empty = path("empty");
    const from = ["--from", "http://127.0.0.1:1/", ...at(2)];
    expect(
      writ(["sync", empty, "--pin", `${ship}/public/metadata/1.root.json`, ...from]).code,
    ).toBe(2);
    expect(checkJson(narrow, good, "--trust", empty)).toMatchObject({
      exit: 1,
      outcome: "DENY",
      code: "NO_TRUST",
    });
    const { out } = check(narrow, good, "--trust", empty, "--explain");
    expect(out).toMatch(/ok +request\n +not run +authorization\n +FAILED +own trust {2}NO_TRUST/);
    expect(out).toContain("  not run      all others\n");
  });
});

describe("revoke", () => {
  const chain = attenuate(whole);
  const sibling = attenuate(whole);
  const before = store(2);
  const after = () => store(12);

  test("only in the domain of the issuer, only while it is valid, and a link that there is", () => {
    refused(/was issued in the name of pay\.example, and .* is ship\.example/, [
      "revoke",
      chain,
      "--domain",
      ship,
      ...at(5),
    ]);
    refused(/--domain is missing/, "revoke", chain, ...at(5));
    refused(/--link is a number from 1 to 2/, "revoke", chain, "--domain", pay, "--link", "3");
    refused(/--link is a number from 1 to 2/, "revoke", chain, "--domain", pay, "--link", "0");
    refused(/holds no domain/, "revoke", chain, "--domain", path("nowhere"));
    const short = attenuate(whole, "--expires", "2s");
    refused(/nothing to revoke: it expired at/, "revoke", short, "--domain", pay, ...at(5));
    refused(/does not hold/, "revoke", broken(chain, 1), "--domain", pay, ...at(5));
  });

  test("the last link: whoever synced denies, whoever did not denies at the bound", () => {
    const revoked = mustJson("revoke", chain, "--domain", pay, ...at(10));
    const id = idOf(chain, 1);
    expect(revoked).toMatchObject({
      command: "revoke",
      outcome: "DONE",
      domain: "pay.example",
      revoked: id,
      authorizations: [{ sha256: id, expires: "2026-06-08T13:00:01.000Z" }],
      keys: [],
    });
    const synced = after();
    const denied = checkJson(chain, good, "--trust", synced, ...at(12));
    expect(denied).toMatchObject({
      exit: 1,
      outcome: "DENY",
      code: "REVOKED",
      found: `authorization ${id}`,
    });
    expect(checkJson(sibling, good, "--trust", synced, ...at(12))).toMatchObject({ exit: 2 });
    // A reader that was cut off goes on for as long as its own trust lasts.
    expect(checkJson(chain, good, "--trust", before, ...at(61))).toMatchObject({
      outcome: "INCOMPLETE",
    });
    expect(checkJson(chain, good, "--trust", before, ...at(62))).toMatchObject({
      outcome: "DENY",
      code: "STALE",
    });
  });

  test("the first link: what narrows it falls with it; again it says the same", () => {
    const { out } = writ(["revoke", sibling, "--domain", pay, "--link", "1", ...at(11)]);
    const id = idOf(sibling, 0);
    expect(out).toMatch(
      new RegExp(
        `^revoked until 2026-06-08T13:00:01.000Z: authorization ${id}\npay.example: root 1`,
      ),
    );
    must("revoke", sibling, "--domain", pay, "--link", "1", ...at(11));
    const synced = after();
    for (const each of [sibling, whole, narrow]) {
      const denied = checkJson(each, good, "--trust", synced, ...at(12));
      expect(denied).toMatchObject({ outcome: "DENY", code: "REVOKED" });
    }
  });
});

describe("possess", () => {
  const GIVEN = ["possess", narrow, "--request", good, "--gate", GATE, "--nonce", NONCE];

  test("prints the proof, or writes a new file; never the same twice", () => {
    const one = writ([...GIVEN, "--key", helper.file, ...at(2)]);
    const two = writ([...GIVEN, "--key", helper.file, ...at(2)]);
    expect(one.code).toBe(0);
    expect(one.out).not.toBe(two.out);
    const made = JSON.parse(one.out) as Json;
    expect(made).toEqual({
      proof: {
        payload: expect.any(String),
        payloadType: "application/vnd.writ.possession+json",
        signatures: [{ keyid: helper.hex, sig: expect.any(String) }],
      },
      salt: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    // The proof says nothing of the request to whoever has not the salt.
    const payload = Buffer.from(made["proof"].payload as string, "base64").toString();
    expect(payload).not.toContain("amount");
    expect(payload).not.toContain(made["salt"]);
    const json = mustJson(...GIVEN, "--key", helper.file, ...at(2));
    expect(Object.keys(json)).toEqual([
      "exit",
      "command",
      "outcome",
      "code",
      "authorization",
      "gate",
      "nonce",
      "file",
      "proof",
      "salt",
    ]);
    refused(/EEXIST/, ...GIVEN, "--key", helper.file, "--out", proof, ...at(2));
    const piped = writ(
      [
        "check",
        narrow,
        "--request",
        good,
        "--trust",
        trust,
        "--gate",
        GATE,
        "--nonce",
        NONCE.toUpperCase(),
        "--proof",
        "-",
        ...at(2),
      ],
      one.out,
    );
    expect(piped.code).toBe(0);
  });

  test.each<[RegExp, string[]]>([
    [/--key is missing/, GIVEN],
    [/--gate is missing/, GIVEN.slice(0, 4)],
    [/--nonce is 32 bytes/, [...GIVEN, "--key", helper.file, "--nonce", "zz"]],
    [/--gate is a gate's origin/, [...GIVEN, "--key", helper.file, "--gate", "a b"]],
    [
      /the request is by agent:other, and the authorization for agent:helper/,
      [...GIVEN, "--key", helper.file, "--request", request({}, { id: "other" })],
    ],
    [/--request .*MALFORMED/, [...GIVEN, "--key", helper.file, "--request", file("{}")]],
    [/is no chain/, ["possess", good, ...GIVEN.slice(2), "--key", helper.file]],
  ])("misuse: %s", (says, args) => {
    refused(says, ...args, ...at(2));
  });
});

test.each(["authorize", "attenuate", "inspect", "check", "possess", "revoke"])(
  "writ %s --help says how it is used, and the overview names it",
  (name) => {
    const { code, out, err } = writ([name, "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`Usage: writ ${name} `);
    expect(out).toContain("--json ");
    expect(writ(["--help"]).out).toMatch(new RegExp(`^ {2}${name} +\\S`, "m"));
  },
);
