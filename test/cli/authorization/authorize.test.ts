import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { writ } from "../writ.js";
import {
  BASE,
  GATE,
  at,
  billing,
  bot,
  file,
  idOf,
  key,
  must,
  mustJson,
  path,
  refused,
} from "./fixture.js";

const nameless = await key("No_Domain");

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
    [/writ: --key, --principal, --command, --audience, --expires and --out are missing\n/, []],
    [/writ: --principal, .*, --expires and --out are missing/, ["--key", billing.file]],
    [/writ: --audience is missing/, [...COMPLETE.slice(0, 6), "--expires", "1h", "--out", "x"]],
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
    [
      /--uses .*name one gate, like --audience a\.example\/gate-1, not ship/,
      [...COMPLETE, "--uses", "2"],
    ],
    [/--total .*name one gate/, [...COMPLETE, "--audience", GATE, "--total", "a=2"]],
    [/--total is like amount=5000/, [...COMPLETE, "--total", "amount"]],
    [/--total amount is a number from 0/, [...COMPLETE, "--total", "amount=x"]],
    [/one total for each/, [...COMPLETE, "--total", "a=1", "--total", ".a=2"]],
    [/--delegations is a number from 0 to 7/, [...COMPLETE, "--delegations", "8"]],
    [/--quorum is like/, [...COMPLETE, "--quorum", "two=a"]],
    [/--quorum: K is a number from 1 to 2/, [...COMPLETE, "--quorum", "3=a,b"]],
    [/--read goes with --isolation LEVEL/, [...COMPLETE, "--read", "/data"]],
    [/--isolation is cooperative, worker, process or sandbox/, [...COMPLETE, "--isolation", "x"]],
    [/'' allows none/, [...COMPLETE, "--isolation", "worker", "--net", "", "--net", "a"]],
    ...(
      [
        [/--read is an absolute path like \/data, .*not "data"/, "--read", "data"],
        [/--read is an absolute path like \/data, .*not "\/a\/\.\."/, "--read", "/a/.."],
        [/--write is an absolute path like \/data, .*not "\/a\/"/, "--write", "/a/"],
        [/--net is a host like api\.example.*not "https:\/\/a"/, "--net", "https://a"],
        [/--net is a host .*not "A\.example"/, "--net", "A.example"],
        [/--run is a program's name or path, not "a\\u\{7\}"/, "--run", "a\u0007"],
      ] as const
    ).map(([says, ...set]): [RegExp, string[]] => [
      says,
      [...COMPLETE, "--isolation", "worker", ...set],
    ]),
    [/--cleanup is a command/, [...COMPLETE, "--cleanup", "undo"]],
    [/--digest goes with --artifact/, [...COMPLETE, "--digest", "sha512"]],
    [/no such file/, [...COMPLETE, "--artifact", path("nowhere")]],
    [/--digest: UNSUPPORTED_DIGEST/, [...COMPLETE, "--artifact", bot.file, "--digest", "md5"]],
    [/does not begin with a domain/, [...COMPLETE, "--key", nameless.file]],
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
