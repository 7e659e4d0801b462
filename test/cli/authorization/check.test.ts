import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { provePossession } from "../../../src/authorization/possession.js";
import { readRequest } from "../../../src/authorization/request.js";
import { encodeHex } from "../../../src/bytes/hex.js";
import { hexKey, keyOf, must as value } from "../../domain/fixture.js";
import { kernel } from "../../kernel.js";
import { writ, writJson } from "../writ.js";
import type { Json } from "./fixture.js";
import { WITH_PROOF, check, checkJson, proof, prove, ship, trust } from "./domains.js";
import {
  BASE,
  GATE,
  NONCE,
  OTHER_NONCE,
  START,
  at,
  attenuate,
  authorize,
  billing,
  bot,
  broken,
  file,
  gate,
  good,
  helper,
  idOf,
  must,
  narrow,
  path,
  refused,
  request,
  thief,
  whole,
} from "./fixture.js";

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
    for (const [code, content] of [
      ["MALFORMED", "not a chain\n"],
      ["TOO_LARGE", readFileSync(narrow, "utf8").repeat(5)],
    ] as const) {
      const { out } = check(file(content), good);
      expect(out).toContain(`DENY  ${code}`);
      expect(out, "what cannot be shown").not.toContain("writ inspect");
    }
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

  test.each<[RegExp, string[]]>([
    [/expected CHAIN/, []],
    [/can be read once/, ["-", "--request", "-", "--trust", trust]],
    [/writ: --request and --trust are missing\n/, [narrow]],
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
    const advice = (domain: string) =>
      `\nif nothing newer is there, ${domain} itself must run "writ domain refresh"\n`;
    expect(out).toContain(advice("ship.example"));
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
    expect(out).toMatch(/ok +request .*\n +not run +authorization\n +FAILED +own trust +NO_TRUST/);
    expect(out).toContain("  not run      all others\n");
  });
});
