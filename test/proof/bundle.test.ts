import { expect, test } from "vitest";
import { failuresIn, goodLog, prove, verify } from "./fixture.js";

const bench = await goodLog();

test("a good bundle is PROVEN", async () => {
  const { bytes, bundle } = await prove(bench);
  const report = await verify(bytes);
  expect(failuresIn(report)).toEqual([]);
  expect(report).toMatchObject({ outcome: "PROVEN", id: bundle.id });
});
