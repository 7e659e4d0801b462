/** A page in a browser that runs a suite, with memory that threads can share. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "../conformance/launch/installed.js";
import { deadline } from "../conformance/launch/outcome.js";
import type { Report } from "../conformance/launch/outcome.js";
import { withScratch } from "../conformance/launch/scratch.js";

/** Programs come as data, and the worker's own side as a blob: more is not needed. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self' blob: data:; worker-src blob:; connect-src 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cache-control": "no-store",
};

const PAGE = `<!doctype html><meta charset="utf-8"><title>confinement</title>
<script type="module" src="/entry.js"></script>`;

const ENTRY = `import { run } from "/suite.js";
addEventListener("load", () => setTimeout(async () => {
  const report = await run().catch((error) => ({ thrown: String(error) }));
  globalThis.report = JSON.stringify(report);
}));`;

async function serve(suiteDir: string): Promise<{ url: string; close(): void }> {
  const script = "text/javascript; charset=utf-8";
  const files = new Map([
    ["/", ["text/html; charset=utf-8", PAGE]],
    ["/entry.js", [script, ENTRY]],
    ["/suite.js", [script, readFileSync(join(suiteDir, "suite.js"), "utf8")]],
  ] as const);
  const server = createServer((request, response) => {
    const [type, body] = files.get(request.url as "/") ?? [];
    response.writeHead(body === undefined ? 404 : 200, {
      ...HEADERS,
      "content-type": type ?? "text/plain",
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export type Browser = "chromium" | "firefox";

export async function runOnPage(
  browser: Browser,
  path: string,
  suiteDir: string,
  timeoutMs: number,
): Promise<Report> {
  return withScratch(async (scratch) => {
    const server = await serve(suiteDir);
    try {
      const page = await deadline(open(browser, path, scratch, timeoutMs), timeoutMs, browser);
      await page.goto(server.url);
      return JSON.parse(await deadline(report(page), timeoutMs, "a report")) as Report;
    } finally {
      server.close();
    }
  });
}

/** Asked for from outside: the page's policy lets nothing be evaluated within. */
async function report(page: Page): Promise<string> {
  for (;;) {
    const text = await page.evaluate("globalThis.report ?? ''");
    if (text !== "") return text;
    await sleep(50);
  }
}

interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(text: string): Promise<string>;
}

interface Scratch {
  readonly folder: string;
  readonly env: Record<string, string>;
}

/** The scratch ends the browser. */
async function open(
  browser: Browser,
  path: string,
  scratch: Scratch,
  timeoutMs: number,
): Promise<Page> {
  const common = { executablePath: path, env: scratch.env, headless: true, timeout: timeoutMs };
  const profile = `${scratch.folder}/profile`;
  if (browser === "chromium") {
    const { chromium } = load("playwright-core");
    const context = await chromium.launchPersistentContext(profile, {
      ...common,
      chromiumSandbox: false,
      args: ["--disable-gpu", "--disable-background-networking"],
      artifactsDir: scratch.folder,
    });
    return (context.pages()[0] ?? (await context.newPage())) as Page;
  }
  const started = await load("puppeteer-core").launch({
    ...common,
    browser: "firefox",
    userDataDir: profile,
    protocolTimeout: timeoutMs,
  });
  return ((await started.pages())[0] ?? (await started.newPage())) as Page;
}
