import { describe, expect, test } from "vitest";
import { writ } from "../writ.js";
import type { Json } from "./fixture.js";
import { proof, trust } from "./domains.js";
import {
  GATE,
  NONCE,
  at,
  file,
  good,
  helper,
  mustJson,
  narrow,
  refused,
  request,
} from "./fixture.js";

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
    [/writ: --gate, --nonce and --key are missing\n/, GIVEN.slice(0, 4)],
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
