import { expect, test } from "vitest";
import { encodeBase64 } from "../../src/bytes/base64.js";
import { encodeHex } from "../../src/bytes/hex.js";
import { formatVkey, makeVerifierKey, parseVkey } from "../../src/tlog/vkey.js";
import { kernel } from "../kernel.js";
import { log, mlDsaKey, utf8 } from "./fixture.js";

const EXAMPLE = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

/** A vkey of any type, with the key id that signed-note computes for it. */
function vkey(name: string, type: number, key: Uint8Array): string {
  const head = Uint8Array.of(0x0a, type);
  const id = kernel.sha256(Uint8Array.from([...utf8(name), ...head, ...key])).subarray(0, 4);
  return `${name}+${encodeHex(id)}+${encodeBase64(Uint8Array.from([type, ...key]))}`;
}

test("the example of the specification parses and is written the same", () => {
  const key = parseVkey(kernel, EXAMPLE);
  expect(key).toMatchObject({ ok: true, value: { name: "example.com/foo", type: "ed25519" } });
  expect(key.ok && formatVkey(key.value)).toBe(EXAMPLE);
});

test("a plus in the base64 does not separate", () => {
  for (let byte = 0; byte < 256; byte++) {
    const text = vkey("a", 1, new Uint8Array(32).fill(byte));
    expect(parseVkey(kernel, text).ok, text).toBe(true);
  }
  expect(vkey("a", 1, new Uint8Array(32).fill(0xfb)).split("+").length).toBeGreaterThan(3);
});

test("an ML-DSA-44 key parses", () => {
  const key = parseVkey(kernel, formatVkey(mlDsaKey));
  expect(key).toMatchObject({ ok: true, value: { type: "cosignature-ml-dsa-44" } });
});

test("a key id that does not recompute is an error, in any of its digits", () => {
  const [name, id, key] = EXAMPLE.split("+") as [string, string, string];
  for (let i = 0; i < 8; i++) {
    const digits = [...id];
    digits[i] = digits[i] === "0" ? "1" : "0";
    const text = `${name}+${digits.join("")}+${key}`;
    expect(parseVkey(kernel, text)).toMatchObject({ ok: false, code: "MALFORMED" });
  }
});

test.each([0x02, 0x03, 0x05, 0xfa, 0xff])("type %i is unsupported, whatever its key", (type) => {
  const text = vkey("a", type, new Uint8Array(32));
  expect(parseVkey(kernel, text)).toMatchObject({ ok: false, code: "UNSUPPORTED_KEY" });
});

test.each([
  ["nothing", ""],
  ["no name", EXAMPLE.slice("example.com/foo".length)],
  ["a space in the name", EXAMPLE.replace("/", " ")],
  ["one plus", "example.com/foo+530d903a"],
  ["capitals in the key id", EXAMPLE.replace("530d903a", "530D903A")],
  ["a short key id", EXAMPLE.replace("530d903a", "530d903")],
  ["a key of 31 bytes", vkey("a", 1, new Uint8Array(31))],
  ["a key of 33 bytes", vkey("a", 1, new Uint8Array(33))],
  ["an ML-DSA key of 32 bytes", vkey("a", 6, new Uint8Array(32))],
  ["a space at the end", `${EXAMPLE} `],
  ["a newline at the end", `${EXAMPLE}\n`],
])("a vkey with %s is malformed", (_, text) => {
  expect(parseVkey(kernel, text)).toMatchObject({ ok: false, code: "MALFORMED" });
});

test("a very long text is refused before it is looked at", () => {
  expect(parseVkey(kernel, "a".repeat(5000))).toMatchObject({ ok: false, code: "TOO_LARGE" });
});

test("a key with a name or a length that no vkey has cannot be made", () => {
  expect(() => makeVerifierKey(kernel, "a b", "ed25519", log.key.publicKey)).toThrow(TypeError);
  expect(() => makeVerifierKey(kernel, "a", "ed25519", new Uint8Array(31))).toThrow(TypeError);
});
