/** The example that verifies records of the public 11/11 tools, over its own functions and our sources. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { verifyLineage, verifyReceipts } from "../../examples/eleven-eleven.mjs";
import { openDigester } from "../../src/attestation/digest.js";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import { parseJson } from "../../src/bytes/json.js";
import { kernel } from "../kernel.js";
import { vectors } from "../vectors.js";
import { ada, bob, bytes, text } from "./keys.js";

const parts = { kernel, openDigester, formatCanonical, parseJson };
type Loose = { [name: string]: Json };

const sha3 = (of: Uint8Array | string): string => createHash("sha3-512").update(of).digest("hex");
const blake2b = (of: string): string => createHash("blake2b512").update(of).digest("hex");

describe.skipIf(!vectors.present)("the shared lineage", () => {
  const file = vectors.present
    ? vectors.bytes("eleven-eleven", "sample-lineage.json")
    : new Uint8Array();
  const document = (): { operation_id: string; events: Loose[] } & Loose =>
    JSON.parse(text(file)) as { operation_id: string; events: Loose[] };
  const verify = async (changed: unknown) =>
    await verifyLineage(parts, bytes(JSON.stringify(changed)));

  test("verifies, every event of it", async () => {
    expect(await verifyLineage(parts, file)).toEqual({ verified: 3, problem: undefined });
  });

  test("every byte flipped, in two ways, is caught", async () => {
    // A changed value or name breaks a hash, a link or the head of the document; a changed brace, comma
    // or space is no JSON. Nothing is left over here: what the format leaves open is tested below.
    const passed: string[] = [];
    for (let place = 0; place < file.length; place++) {
      for (const mask of [0x01, 0x20]) {
        const changed = file.slice();
        changed[place]! ^= mask;
        const { problem } = await verifyLineage(parts, changed);
        if (problem === undefined) passed.push(`${place} ^ ${mask}`);
      }
    }
    expect(passed).toEqual([]);
  });

  test("harmless by format: other white space, another order of names, other escapes", async () => {
    const turned = (value: unknown): unknown => {
      if (typeof value !== "object" || value === null) return value;
      if (Array.isArray(value)) return value.map(turned);
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, each]) => [name, turned(each)]),
      );
    };
    const good = { verified: 3, problem: undefined };
    expect(await verify(document())).toEqual(good);
    expect(await verify(turned(document()))).toEqual(good);
    const escaped = bytes(text(file).replaceAll("demo", "\\u0064emo"));
    expect(escaped).not.toEqual(file);
    expect(await verifyLineage(parts, escaped)).toEqual(good);
  });

  test("covered by nothing, as the example says: other members of the document, and an event's sig", async () => {
    const changed = document();
    changed["note"] = "anything";
    (changed.events[1] as Loose)["sig"] = "anything";
    expect((await verify(changed)).problem).toBeUndefined();
  });

  test("events moved, removed or doubled are caught, save those cut off at the end", async () => {
    const [first, second, third] = document().events as [Loose, Loose, Loose];
    const outcome = async (...events: Loose[]) => await verify({ ...document(), events });
    expect(await outcome(second, third)).toMatchObject({ verified: 0, problem: "seq is not 1" });
    expect(await outcome(first, third)).toMatchObject({ verified: 1, problem: "seq is not 2" });
    expect(await outcome(first, third, second)).toMatchObject({ verified: 1 });
    expect(await outcome(first, second, second, third)).toMatchObject({ verified: 2 });
    expect(await outcome()).toMatchObject({ verified: 0, problem: "no events" });
    expect(await outcome(first, second)).toEqual({ verified: 2, problem: undefined });
  });

  test("each of the two chains is checked: a hash of one alone does not do", async () => {
    for (const name of ["chash", "chash_b"]) {
      const changed = document();
      const last = changed.events[2] as Loose;
      last[name] = (changed.events[1] as Loose)[name] as Json;
      expect(await verify(changed)).toMatchObject({
        verified: 2,
        problem: `${name} is not that of the event`,
      });
    }
  });

  test("a history written anew verifies, which is why the example says what is not proven", async () => {
    const forged = document();
    let previous: Loose | undefined;
    for (const event of forged.events) {
      const { chash: _, chash_b: __, ...body } = event;
      body["payload"] = { artifact_id: "another" };
      body["prev_hash"] = previous?.["chash"] ?? null;
      body["prev_hash_b"] = previous?.["chash_b"] ?? null;
      const written = formatCanonical(body);
      event["payload"] = body["payload"];
      event["prev_hash"] = body["prev_hash"];
      event["prev_hash_b"] = body["prev_hash_b"];
      event["chash"] = `sha3-512:${sha3(`${written}${String(previous?.["chash"] ?? "genesis")}`)}`;
      event["chash_b"] =
        `blake2b-512:${blake2b(`${written}${String(previous?.["chash_b"] ?? "genesis")}`)}`;
      previous = event;
    }
    expect(await verify(forged)).toEqual({ verified: 3, problem: undefined });
  });

  test.each([
    ["no UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d)],
    ["no JSON", bytes("{")],
    ["an array", bytes("[]")],
    ["null", bytes("null")],
    ["another RFC", bytes(`{"rfc":"RFC-EG-0011","version":"0.1.0-reference","events":[1]}`)],
    ["another version", bytes(`{"rfc":"RFC-EG-0010","version":"0.2","events":[1]}`)],
    [
      "events that are an object",
      bytes(`{"rfc":"RFC-EG-0010","version":"0.1.0-reference","events":{}}`),
    ],
    [
      "events that are null",
      bytes(`{"rfc":"RFC-EG-0010","version":"0.1.0-reference","events":[null]}`),
    ],
  ])("%s is a problem, and no exception", async (_, changed) => {
    expect(await verifyLineage(parts, changed)).toMatchObject({
      verified: 0,
      problem: expect.any(String),
    });
  });
});

describe("receipts", () => {
  const publicKey = Buffer.from(ada.publicKey).toString("base64url");

  /** Made as the tools make them, by node:crypto. */
  async function receipts(count: number, change: (receipt: Loose, i: number) => void = () => {}) {
    const lines: string[] = [];
    let previous = "genesis";
    for (let i = 0; i < count; i++) {
      const receipt: Loose = {
        receiptId: `r-${i}`,
        ts: `2026-05-18T00:00:0${i}.000Z`,
        sessionId: "s",
        ...(i % 2 === 0 ? { agentId: "agent:demo" } : {}),
        tool: "transfer",
        argsHash: sha3(formatCanonical({ amount: i })),
        decision: "allow",
        reason: "within the limit, 10 €",
        policyVersion: "1",
        prevReceiptHash: previous,
        kid: sha3(ada.publicKey).slice(0, 16),
      };
      change(receipt, i);
      const message = createHash("sha3-512").update(formatCanonical(receipt)).digest();
      const signed: Loose = {
        ...receipt,
        sig: Buffer.from(await ada.sign(new Uint8Array(message))).toString("base64url"),
      };
      lines.push(JSON.stringify(signed));
      previous = sha3(formatCanonical(signed));
    }
    return lines;
  }
  const verify = async (lines: readonly string[], key = publicKey) =>
    await verifyReceipts(parts, bytes(lines.map((line) => `${line}\n`).join("")), key);

  test("a chain verifies, with a newline at its end or without", async () => {
    const lines = await receipts(5);
    expect(await verify(lines)).toEqual({ verified: 5, problem: undefined });
    expect(await verifyReceipts(parts, bytes(lines.join("\n")), publicKey)).toEqual({
      verified: 5,
      problem: undefined,
    });
  });

  test("every byte of a receipt flipped, in two ways, is caught", async () => {
    const lines = await receipts(3);
    const middle = bytes(lines[1] ?? "");
    for (let place = 0; place < middle.length; place++) {
      for (const mask of [0x01, 0x20]) {
        const changed = middle.slice();
        changed[place]! ^= mask;
        const [before, after] = [bytes(`${lines[0]}\n`), bytes(`\n${lines[2]}`)];
        const file = new Uint8Array([...before, ...changed, ...after]);
        const outcome = await verifyReceipts(parts, file, publicKey);
        expect(outcome.problem, `${place} ^ ${mask}`).toBeDefined();
      }
    }
  });

  test("harmless by format: white space and the order of names", async () => {
    const lines = (await receipts(3)).map((line) => {
      const entries = Object.entries(JSON.parse(line) as Loose).reverse();
      return JSON.stringify(Object.fromEntries(entries)).replaceAll(`","`, `" , "`);
    });
    expect(await verify(lines)).toEqual({ verified: 3, problem: undefined });
  });

  test("moved, removed, doubled or put in are caught, save those cut off at the end", async () => {
    const [a, b, c, d] = (await receipts(4)) as [string, string, string, string];
    const chain = "prevReceiptHash is not that of the one before";
    expect(await verify([b, c, d])).toEqual({ verified: 0, problem: chain });
    expect(await verify([a, c, d])).toEqual({ verified: 1, problem: chain });
    expect(await verify([a, c, b, d])).toEqual({ verified: 1, problem: chain });
    expect(await verify([a, a, b])).toEqual({ verified: 1, problem: chain });
    expect(await verify([a, "", b])).toMatchObject({ verified: 1 });
    expect(await verify([])).toMatchObject({ verified: 0, problem: expect.any(String) });
    expect(await verify([a, b, c])).toEqual({ verified: 3, problem: undefined });
  });

  test("a link signed by the key is still a wrong link, and an unsigned change a wrong signature", async () => {
    const broken = await receipts(3, (receipt, i) => {
      if (i === 2) receipt["prevReceiptHash"] = "00".repeat(64);
    });
    expect(await verify(broken)).toMatchObject({
      verified: 2,
      problem: expect.stringMatching(/prevReceiptHash/),
    });
    const lines = await receipts(2);
    const denied = (lines[1] ?? "").replace(`"allow"`, `"deny"`);
    expect(await verify([lines[0] ?? "", denied])).toEqual({
      verified: 1,
      problem: "the signature does not verify",
    });
  });

  test("the signature is in one form: no padding, no other alphabet, no stray bits", async () => {
    const [line = ""] = await receipts(1);
    const { sig } = JSON.parse(line) as { sig: string };
    const next = String.fromCharCode(sig.charCodeAt(85) + 1);
    for (const other of [
      `${sig}==`,
      `${sig} `,
      sig.slice(0, -1),
      `${sig.slice(0, 85)}${next}`,
      `.${sig}`,
    ]) {
      expect(await verify([line.replace(sig, other)])).toEqual({
        verified: 0,
        problem: "sig is not 64 bytes in base64url",
      });
    }
  });

  test("another key, and text that is none, are problems", async () => {
    const lines = await receipts(1);
    const other = Buffer.from(bob.publicKey).toString("base64url");
    expect(await verify(lines, other)).toEqual({
      verified: 0,
      problem: "kid is not that of the key",
    });
    for (const key of ["", "AAAA", `${publicKey}=`, `${publicKey}AA`]) {
      expect(await verify(lines, key)).toMatchObject({
        verified: 0,
        problem: expect.stringMatching(/public key/),
      });
    }
  });
});
