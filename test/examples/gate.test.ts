/** The examples of hosts of a gate, each on its runtime, over the built package. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { installed, load, onPath } from "../conformance/launch/installed.js";
import { scratch } from "../cli/writ.js";
import { Organisations, Running, whereInstalled } from "./organisations.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const at = scratch();
const organisations = new Organisations(at());

beforeAll(async () => {
  await organisations.open();
});
afterAll(() => organisations.close());

const chromium = onPath("chromium");

async function post(url: string): Promise<string> {
  const response = await fetch(url, { method: "POST", signal: AbortSignal.timeout(30_000) });
  return `${response.status} ${await response.text()}`;
}

async function service(program: string, folder: string) {
  const words = ["node-service.mjs", organisations.url, organisations.at(folder)];
  const running = new Running(program, words, organisations.at("www"));
  const url = (await running.said(/http:\/\/127\.0\.0\.1:\d+/)) as string;
  return { running, url };
}

async function stop({ child, ended, out }: Running): Promise<void> {
  child.kill("SIGTERM");
  expect(await ended, out).toBe(0);
}

async function bundle(entry: string, outfile: string, more: object): Promise<void> {
  await build({
    absWorkingDir: organisations.at("www"),
    entryPoints: [entry],
    outfile: organisations.at("www", outfile),
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    external: ["hash-wasm", "@noble/post-quantum/*", "node:*"],
    preserveSymlinks: true,
    ...more,
  });
}

describe("an example of a gate", () => {
  whereInstalled(process.execPath, "Node")("in a service of Node", async () => {
    const { running, url } = await service(process.execPath, "node-state");
    expect(await post(`${url}/invoice?amount=150`)).toBe('200 completed: {"made":150}\n');
    expect(await post(`${url}/invoice?amount=5000`)).toBe("403 denied: SCOPE\n");
    await stop(running);
    // Its log is there again at the next start, and still the newest.
    const again = await service(process.execPath, "node-state");
    expect(await post(`${again.url}/invoice?amount=1`)).toMatch(/^200/);
    await stop(again.running);
  });

  const bun = installed(".bin/bun");
  whereInstalled(bun, "Bun")("in the same service on Bun", async () => {
    const { running, url } = await service(bun as string, "bun-state");
    expect(await post(`${url}/invoice?amount=150`)).toBe('200 completed: {"made":150}\n');
    expect(await post(`${url}/invoice?amount=5000`)).toBe("403 denied: SCOPE\n");
    await stop(running);
  });

  const deno = installed(".bin/deno");
  whereInstalled(deno, "Deno")("in a script of Deno, with the rights that it needs", async () => {
    const folder = organisations.at("deno-state");
    mkdirSync(folder);
    const words = [
      "run",
      "--no-prompt",
      "--node-modules-dir=manual",
      "--allow-net=127.0.0.1",
      `--allow-read=${at()},${root}`,
      `--allow-write=${folder}`,
      "--allow-env",
      "--allow-sys=hostname,uid",
      "deno-script.mjs",
      organisations.url,
      folder,
    ];
    const running = new Running(deno as string, words, organisations.at("www"));
    expect(await running.ended, running.out).toBe(0);
    expect(running.out).toContain('an invoice of 150: completed: "made 150"');
    expect(running.out).toContain("an invoice of 5000: denied: SCOPE");
  });

  const workerd = installed(".bin/workerd");
  whereInstalled(workerd, "workerd")("in a worker at the edge", async () => {
    await bundle("edge-worker.mjs", "edge-worker.js", {
      conditions: ["workerd"],
      external: ["hash-wasm", "@noble/post-quantum/*", "node:*", "./kernel.wasm"],
    });
    copyFileSync(`${root}/dist/kernel.wasm`, organisations.at("www", "kernel.wasm"));
    writeFileSync(
      organisations.at("www", "config.capnp"),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "gate", worker = .gate),
    (name = "domains", network = (allow = ["private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "gate")],
);
const gate :Workerd.Worker = (
  modules = [
    (name = "edge-worker.js", esModule = embed "edge-worker.js"),
    (name = "kernel.wasm", wasm = embed "kernel.wasm"),
  ],
  bindings = [(name = "DOMAINS", text = "${organisations.url}")],
  compatibilityDate = "2026-10-01",
  globalOutbound = "domains",
);
`,
    );
    const words = ["serve", "--control-fd=1", "config.capnp"];
    const running = new Running(workerd as string, words, organisations.at("www"));
    try {
      const port = /\d+/.exec(await running.said(/"port":\s*\d+/))?.[0] as string;
      const get = async (amount: number): Promise<string> =>
        await (await fetch(`http://127.0.0.1:${port}/?amount=${amount}`)).text();
      expect(await get(150)).toMatch(/^completed: "made 150", \d+ entries\n$/);
      expect(await get(5000)).toMatch(/^denied: SCOPE, \d+ entries\n$/);
    } finally {
      running.child.kill("SIGKILL");
      await running.ended;
    }
  });

  whereInstalled(chromium, "Chromium")("in a page, and a withdrawal ends what runs", async () => {
    await bundle("browser-page.mjs", "browser-page.js", { platform: "browser" });
    const { chromium: browsers } = load("playwright-core");
    const browser = await browsers.launch({
      executablePath: chromium,
      chromiumSandbox: false,
      args: ["--disable-gpu", "--disable-background-networking"],
    });
    try {
      const page = await browser.newPage({ viewport: { width: 360, height: 720 } });
      await page.goto(`${organisations.url}/browser-page.html`);
      await page.getByText("ship.example/gate-1 is open.").waitFor();
      const answer = async (place: number): Promise<string> =>
        await page.locator(`#answers li:nth-child(${place})`).textContent();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await answer(1)).toBe('An invoice of 150: completed: "made 150"');
      await page.locator("#amount").fill("5000");
      await page.keyboard.press("Enter");
      expect(await answer(2)).toBe("An invoice of 5000: denied: SCOPE");
      await page.locator("#watch").click();
      await page.locator("#log td", { hasText: "intent" }).nth(1).waitFor();
      const wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
      expect(await page.evaluate(wide)).toBe(false);
      const shots = process.env["WRIT_SHOTS"];
      organisations.revoke();
      expect(await answer(3)).toBe("Watching: interrupted: REVOKED");
      if (shots) {
        await page.screenshot({ path: `${shots}/gate-light.png`, fullPage: true });
        await page.emulateMedia({ colorScheme: "dark" });
        await page.screenshot({ path: `${shots}/gate-dark.png`, fullPage: true });
      }
    } finally {
      await browser.close();
    }
  });
});
