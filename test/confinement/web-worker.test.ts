/** Workers on Deno, Bun, Chromium and Firefox, and an edge runtime that has none. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, expect } from "vitest";
import * as bun from "../conformance/launch/bun.js";
import * as chromium from "../conformance/launch/chromium.js";
import * as deno from "../conformance/launch/deno.js";
import * as firefox from "../conformance/launch/firefox.js";
import type { Found, Missing, Report } from "../conformance/launch/outcome.js";
import * as workerd from "../conformance/launch/workerd.js";
import { testWith } from "./fixture.js";
import type { Browser } from "./page.js";
import { runOnPage } from "./page.js";
import type { run } from "./web-suite.js";

const TIMEOUT_MS = 100_000;

const folder = await mkdtemp(join(tmpdir(), "writ-suite-"));
afterAll(() => rm(folder, { recursive: true }));
await build({
  entryPoints: [fileURLToPath(new URL("web-suite.ts", import.meta.url))],
  outfile: join(folder, "suite.js"),
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  logLevel: "error",
});
await copyFile(join(folder, "suite.js"), join(folder, "suite.workerd.js"));
const kernel = new URL("../../dist/kernel.wasm", import.meta.url);
await copyFile(fileURLToPath(kernel), join(folder, "kernel.wasm"));

interface Launcher {
  readonly name: string;
  find(): Promise<Found | Missing>;
  run(found: Found, suiteDir: string, limits: { timeoutMs: number }): Promise<Report>;
}

const page = (browser: Browser, find: Launcher["find"]): Launcher => ({
  name: browser,
  find,
  run: (found, suiteDir) => runOnPage(browser, found.path, suiteDir, TIMEOUT_MS),
});

const launchers: [Launcher, number][] = [
  [deno, 7],
  [bun, 7],
  [workerd, 2],
  [page("chromium", chromium.find), 7],
  [page("firefox", firefox.find), 7],
];

for (const [launcher, cases] of launchers) {
  const found = await launcher.find();
  const missing = "missing" in found ? found.missing : undefined;
  testWith(missing)(`F35, F37, F39: workers on ${launcher.name}`, async () => {
    const report: Awaited<ReturnType<typeof run>> = await launcher.run(found as Found, folder, {
      timeoutMs: TIMEOUT_MS,
    });
    expect(report.failures).toEqual([]);
    expect(report.passed).toBe(cases);
  });
}
