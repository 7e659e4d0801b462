import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const CHILD = `
import { loadKernel } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
const frontier = (await loadKernel()).frontier();
const kernel = await loadKernel();
const entries = Array.from({ length: 50_000 }, () => new Uint8Array(32));
for (let count = 0; count < 10_000_000; count += entries.length) {
  entries.forEach((entry, i) => new DataView(entry.buffer).setUint32(0, count + i));
  frontier.append(kernel.leafHashes(entries));
}
console.log(JSON.stringify({ size: String(frontier.size), kib: process.resourceUsage().maxRSS }));
`;

test("ten million entries to a root in less than 300 MiB", async () => {
  const args = ["--input-type=module", "--eval", CHILD];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { size, kib } = JSON.parse(stdout) as { size: string; kib: number };
  expect(size).toBe("10000000");
  expect(kib).toBeLessThan(300 * 1024);
});
