/** FORMAT.md's worked example is what the program makes. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { decodeUtf8 } from "../../src/bytes/utf8.js";
import { openSeen, prove, runOnce, see, verify } from "./fixture.js";

const text = readFileSync(fileURLToPath(new URL("../../FORMAT.md", import.meta.url)), "utf8");
const [manifest, checkpoint, admission] = [...text.matchAll(/^```json\n([^]*?)^```$/gm)].map(
  (match) => match[1] as string,
);

const bench = await openSeen();
await see(bench);
await runOnce(bench, {}, 0);
await see(bench);
const { bundle, bytes } = await prove(bench);
const lines = (decodeUtf8(bytes) as string).split("\n");

test("the example of FORMAT.md is a bundle's own lines, and that bundle is PROVEN", async () => {
  const { files, ...rest } = bundle.manifest;
  expect(files.length).toBeGreaterThan(20);
  expect(JSON.parse(manifest as string)).toEqual(rest);
  expect(text).toContain(`\`${bundle.id}\``);
  expect(lines).toContain((checkpoint as string).trimEnd());
  const at = lines.findIndex((line) => line.includes('"kind":"admission"'));
  expect((admission as string).trimEnd().split("\n")).toEqual(lines.slice(at, at + 3));
  expect((await verify(bytes)).outcome).toBe("PROVEN");
});

test("FORMAT.md tells of every member that a manifest has", () => {
  const [log] = bundle.manifest.logs;
  const members = [bundle.manifest, bundle.manifest.domains[0], bundle.manifest.trust[0]];
  const names = [...members, bundle.manifest.files[0], log, log?.checkpoints[0], log?.opened];
  for (const each of names) {
    for (const name of Object.keys(each as object)) expect(text).toContain(`\`${name}\``);
  }
});
