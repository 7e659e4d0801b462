import { expect, test } from "vitest";
import { decodeUtf8 } from "../../src/bytes/utf8.js";
import { failuresIn, goodLog, prove, verify } from "./fixture.js";

const bench = await goodLog();

test("a good bundle is PROVEN", async () => {
  const { bytes, bundle } = await prove(bench);
  const report = await verify(bytes);
  console.log(decodeUtf8(bytes)?.slice(0, 3000), bytes.length);
  console.log(JSON.stringify(report, null, 1));
  expect(failuresIn(report)).toEqual([]);
  expect(report).toMatchObject({ outcome: "PROVEN", id: bundle.id });
});
