import { expect, test } from "vitest";
import { formatCheckpointText, parseCheckpointText } from "../../src/tlog/checkpoint.js";

const ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

test("the example of the specification is taken apart", () => {
  expect(parseCheckpointText(`example.com/behind-the-sofa\n20852163\n${ROOT}\n`)).toMatchObject({
    ok: true,
    value: { origin: "example.com/behind-the-sofa", size: 20852163n, extensions: [] },
  });
});

test("sizes over 2^53 keep every digit, up to 2^63 - 1", () => {
  for (const size of ["9007199254740993", "9223372036854775807"]) {
    expect(parseCheckpointText(`a\n${size}\n${ROOT}\n`)).toMatchObject({
      ok: true,
      value: { size: BigInt(size) },
    });
  }
});

test("extension lines are read", () => {
  expect(parseCheckpointText(`a\n1\n${ROOT}\nx\ny z\n`)).toMatchObject({
    ok: true,
    value: { extensions: ["x", "y z"] },
  });
});

test("an origin may hold spaces, as the Go database's does", () => {
  expect(parseCheckpointText(`go.sum database tree\n1\n${ROOT}\n`).ok).toBe(true);
});

test.each([
  ["an empty size", `a\n\n${ROOT}\n`],
  ["a hexadecimal size", `a\n0x10\n${ROOT}\n`],
  ["a leading zero", `a\n01\n${ROOT}\n`],
  ["a plus", `a\n+1\n${ROOT}\n`],
  ["a minus", `a\n-1\n${ROOT}\n`],
  ["a space before the size", `a\n 1\n${ROOT}\n`],
  ["digits of another script", `a\n\u0661\n${ROOT}\n`],
  ["2^63", `a\n9223372036854775808\n${ROOT}\n`],
  ["a huge size", `a\n${"9".repeat(400)}\n${ROOT}\n`],
  ["an empty origin", `\n1\n${ROOT}\n`],
  ["two lines", "a\n1\n"],
  ["a short root", "a\n1\nAAAA\n"],
  ["a root of 33 bytes", `a\n1\n${"A".repeat(44)}\n`],
  ["an unpadded root", `a\n1\n${ROOT.slice(0, -1)}\n`],
  ["stray bits in the root", `a\n1\n${ROOT.slice(0, -2)}J=\n`],
  ["an empty extension line", `a\n1\n${ROOT}\n\n`],
  ["an empty line among extensions", `a\n1\n${ROOT}\nx\n\ny\n`],
  ["no last newline", `a\n1\n${ROOT}`],
])("a checkpoint with %s is malformed", (_, text) => {
  expect(parseCheckpointText(text)).toMatchObject({ ok: false, code: "MALFORMED" });
});

test("what is written is read back, and an origin with a newline throws", () => {
  const head = { size: 7n, rootHash: new Uint8Array(32).fill(7) };
  const text = formatCheckpointText("log", head);
  expect(parseCheckpointText(text)).toMatchObject({ ok: true, value: { origin: "log", ...head } });
  expect(() => formatCheckpointText("a\nb", head)).toThrow(TypeError);
  expect(() => formatCheckpointText("", head)).toThrow(TypeError);
  expect(() => formatCheckpointText("a", { ...head, size: 1n << 63n })).toThrow(TypeError);
});
