import { expect, test } from "vitest";
import { vectors } from "./vectors.js";

test.runIf(process.env["CI"])("CI has the vectors", () => {
  expect(vectors.present, `no vectors in ${vectors.folder}; set WRIT_VECTORS`).toBe(true);
});
