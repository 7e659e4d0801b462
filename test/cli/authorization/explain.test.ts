import { describe, expect, test } from "vitest";
import { CODES } from "../../../src/verdict.js";
import { writ } from "../writ.js";
import type { Json } from "./fixture.js";
import { WITH_PROOF, check, checkJson, trust } from "./domains.js";
import {
  GATE,
  at,
  attenuate,
  authorize,
  billing,
  broken,
  file,
  helper,
  idOf,
  narrow,
  request,
} from "./fixture.js";

describe("check --explain", () => {
  test("--explain: every step, link and predicate, the answer first and last", () => {
    const asked = request({ amount: 2000, path: "/data/../etc" });
    const { code, out } = check(narrow, asked, ...WITH_PROOF, "--explain");
    expect(code).toBe(1);
    const answer = `DENY  SCOPE: ${CODES.SCOPE}\n`;
    expect(out.startsWith(answer)).toBe(true);
    expect(out.split(answer)).toHaveLength(3);
    for (const text of [
      'request  agent:helper /pay/transfer\n  {"amount":2000,"path":"/data/../etc",',
      "  ok           request         agent:helper /pay/transfer\n",
      "  ok           authorization   2 links from pay.example\n",
      "  ok           own trust       ship.example 1s old\n",
      "  ok           gate            ship.example/gate-1\n",
      "  ok           peer            pay.example for /pay, at most 1m old\n",
      "  ok           issuer's trust  pay.example 1s old\n",
      "  ok           issuer          billing, for /pay\n",
      "  ok           validity        until 2026-06-08T12:00:01Z\n",
      "  ok           audience        ship.example\n",
      "  ok           principal       agent:helper\n",
      "  ok           command         /pay/transfer\n",
      "  ok           own policy      1 rule for /pay/transfer\n",
      "  ok           limits          nothing is counted\n",
      '  FAILED       policy          SCOPE\n               expected  link 1: ["<=",".amount",1000]\n',
      "  FAILED       possession      HOLDER\n               expected  a proof for the request ",
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
    expect(out).toContain("  not checked  possession      no proof was given\n");
  });

  test("--explain shows what a link limits, and that one without a policy adds none", () => {
    const chain = attenuate(authorize("--audience", GATE, "--uses", "3", "--where", "amount < 9"));
    const { out } = check(chain, request({ amount: 1 }), "--gate", GATE, "--explain");
    expect(out).toContain(
      "  audience   ship.example/gate-1\n  window     until 2026-06-08T12:00:01Z\n  limits     3 uses\n",
    );
    expect(out).toContain("\n  policy     no more than the links above demand\n");
    expect(out).toContain("  ok           limits          counted for 1 link\n");
    const { explain } = checkJson(chain, request({ amount: 1 }), "--explain");
    expect(explain.links).toMatchObject([
      { admitted: true, audience: [GATE], limits: { uses: 3 } },
      { admitted: true, audience: [GATE], limits: null },
    ]);
  });

  test("--explain shows the links of a chain that is not admitted, and says that it is not", () => {
    const asked = request({ amount: 300, path: "/data/x" });
    const changed = broken(narrow, 1);
    const { code, out } = check(changed, asked, ...WITH_PROOF, "--explain");
    expect(code).toBe(1);
    expect(out).toMatch(/^DENY {2}SIGNATURE: /);
    expect(out).toMatch(/ok +request .*\n +FAILED +authorization +SIGNATURE\n/);
    for (const text of [
      "link 1 of 2  NOT ADMITTED: nobody vouches for what it says\n  signed     by the key that it names\n",
      "link 2 of 2  NOT ADMITTED: nobody vouches for what it says\n  signed     not by the key that it names\n",
      "    true   amount <= 1000             300\n",
      "  policy     false\n    false  amount <= 250  300\n",
    ]) {
      expect(out).toContain(text);
    }
    expect(out).not.toContain("rests on");
    const json = checkJson(changed, asked, ...WITH_PROOF, "--explain");
    expect(json).toMatchObject({ decision: false, authorization: null, links: [] });
    expect(json["explain"].links).toMatchObject([
      { admitted: false, signature: null, policy: { truth: "true" } },
      { admitted: false, signature: { code: "SIGNATURE" }, policy: { truth: "false" } },
    ]);
    expect(check(changed, file("{}"), "--explain").out).toContain("policy     not evaluated");
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
});
