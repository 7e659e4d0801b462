import { expect, test } from "vitest";
import { formatProof, parseProof } from "../../src/tlog/proof.js";
import { utf8 } from "./fixture.js";

const HASH = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=";
const HEADER = "c2sp.org/tlog-proof@v1";
const CHECKPOINT = `log\n2\n${HASH}\n\n— log AAAAAAAA\n`;

function parse(text: string) {
  return parseProof(utf8(text));
}

test("index, hashes and the checkpoint byte for byte", () => {
  const proof = parse(`${HEADER}\nindex 1\n${HASH}\n${HASH}\n\n${CHECKPOINT}`);
  expect(proof).toMatchObject({ ok: true, value: { index: 1n, checkpoint: utf8(CHECKPOINT) } });
  expect(proof.ok && proof.value.hashes).toHaveLength(2);
  expect(proof.ok && proof.value.extra).toBeUndefined();
});

test("a tree of one entry has a proof without hashes", () => {
  expect(parse(`${HEADER}\nindex 0\n\n${CHECKPOINT}`)).toMatchObject({
    ok: true,
    value: { index: 0n, hashes: [] },
  });
});

test("extra data is read, also when it is empty, and written back", () => {
  for (const extra of ["", "AAEC"]) {
    const text = `${HEADER}\nextra ${extra}\nindex 0\n\n${CHECKPOINT}`;
    const proof = parse(text);
    expect(proof.ok && formatProof(proof.value)).toEqual(utf8(text));
  }
});

test.each([
  ["another header", `c2sp.org/tlog-proof@v2\nindex 0\n\n${CHECKPOINT}`],
  ["no header", `index 0\n\n${CHECKPOINT}`],
  ["a carriage return", `${HEADER}\r\nindex 0\n\n${CHECKPOINT}`],
  ["no index", `${HEADER}\n\n${CHECKPOINT}`],
  ["an empty index", `${HEADER}\nindex \n\n${CHECKPOINT}`],
  ["a hexadecimal index", `${HEADER}\nindex 0x1\n\n${CHECKPOINT}`],
  ["a leading zero", `${HEADER}\nindex 00\n\n${CHECKPOINT}`],
  ["an index of 2^63", `${HEADER}\nindex 9223372036854775808\n\n${CHECKPOINT}`],
  ["extra after index", `${HEADER}\nindex 0\nextra AAEC\n\n${CHECKPOINT}`],
  ["two extras", `${HEADER}\nextra AAEC\nextra AAEC\nindex 0\n\n${CHECKPOINT}`],
  ["extra that is not base64", `${HEADER}\nextra A\nindex 0\n\n${CHECKPOINT}`],
  ["a short hash", `${HEADER}\nindex 0\nAAAA\n\n${CHECKPOINT}`],
  ["an unpadded hash", `${HEADER}\nindex 0\n${HASH.slice(0, -1)}\n\n${CHECKPOINT}`],
  ["a space after a hash", `${HEADER}\nindex 0\n${HASH} \n\n${CHECKPOINT}`],
  ["no empty line", `${HEADER}\nindex 0\n${HASH}\n`],
  ["nothing", ""],
])("a proof with %s is malformed", (_, text) => {
  expect(parse(text)).toMatchObject({ ok: false, code: "MALFORMED" });
});

test("63 hashes are read, 64 are too many", () => {
  const of = (count: number) => `${HEADER}\nindex 0\n${`${HASH}\n`.repeat(count)}\n${CHECKPOINT}`;
  expect(parse(of(63)).ok).toBe(true);
  expect(parse(of(64))).toMatchObject({ ok: false, code: "TOO_LARGE" });
});

test("over two megabytes is too large", () => {
  expect(parse("x".repeat((2 << 20) + 1))).toMatchObject({ ok: false, code: "TOO_LARGE" });
});
