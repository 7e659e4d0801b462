/** The example program, as it is called: what it cannot read is said, and is no answer. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scratch } from "./writ.js";

const at = scratch();
const EXAMPLE = fileURLToPath(new URL("../../examples/eleven-eleven.mjs", import.meta.url));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [EXAMPLE, ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("a file that is not there is named in a line, with exit code 2", () => {
  const { status, stdout, stderr } = run(at("nowhere.json"));
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^cannot read .*nowhere\.json: ENOENT[^\n]*\n$/);
  const receipts = run(EXAMPLE, at("nowhere.jsonl"), "A".repeat(43));
  expect(receipts).toMatchObject({ status: 2, stdout: "" });
  expect(receipts.stderr).toMatch(/^cannot read .*nowhere\.jsonl: [^\n]*\n$/);
});

test("misuse says how it is called; what is no lineage is refuted", () => {
  expect(run()).toEqual({
    status: 2,
    stdout: "",
    stderr: "usage: node examples/eleven-eleven.mjs LINEAGE.json [RECEIPTS.jsonl PUBLICKEY]\n",
  });
  const refuted = run(EXAMPLE);
  expect(refuted.status).toBe(1);
  expect(refuted.stdout).toMatch(/^events: 0 verified\n {2}number 1: /);
});
