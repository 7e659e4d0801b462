/** The examples of hosts of a gate, each on its runtime, over the built package. */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
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

/** What the agent of a chain is answered, with its exit code. */
async function ask(service: string, chain: string, work: string, amount: number): Promise<string> {
  const files = [organisations.at(`${chain}.chain`), organisations.at("agent.key")];
  const words = ["agent.mjs", service, ...files, work, `${amount}`];
  const agent = new Running(process.execPath, words, organisations.at("www"));
  const code = await agent.ended;
  return `${code} ${agent.out.trimEnd()}`;
}

interface Standing {
  readonly origin: string;
  readonly mode: string;
  readonly size: number;
}

async function standing(service: string): Promise<Standing> {
  return (await (await fetch(service)).json()) as Standing;
}

/** Allowed, denied, and stopped by a withdrawal in the other organisation. */
async function useService(service: string, chain: string): Promise<void> {
  expect(await ask(service, chain, "/invoice", 150)).toBe('0 completed: "made 150"');
  expect(await ask(service, chain, "/invoice", 5000)).toBe("1 denied: SCOPE");
  const watching = ask(service, chain, "/invoice/watch", 1);
  const before = await standing(service);
  await expect.poll(async () => (await standing(service)).size, POLL).toBeGreaterThan(before.size);
  organisations.revoke(chain);
  expect(await watching).toBe("1 interrupted: REVOKED");
  expect(await ask(service, chain, "/invoice", 150)).toBe("1 denied: REVOKED");
}

const POLL = { timeout: 30_000 };

async function startService(program: string, gate: string, state: string) {
  const files = ["setup.json", `${gate}.key`].map((file) => organisations.at(file));
  const [setup, key] = files as [string, string];
  const words = ["node-service.mjs", setup, `ship.example/${gate}`, key, organisations.at(state)];
  const running = new Running(program, words, organisations.at("www"));
  const url = await running.said(/http:\/\/127\.0\.0\.1:\d+/);
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
    organisations.authorize("for-node");
    const { running, url } = await startService(process.execPath, "node", "node-state");
    await useService(url, "for-node");
    await stop(running);
  });

  const bun = installed(".bin/bun");
  whereInstalled(bun, "Bun")("in the same service on Bun, on a log that Node began", async () => {
    organisations.authorize("for-bun");
    const first = await startService(process.execPath, "bun", "bun-state");
    expect(await ask(first.url, "for-bun", "/invoice", 7)).toBe('0 completed: "made 7"');
    const { size } = await standing(first.url);
    await stop(first.running);
    const { running, url } = await startService(bun as string, "bun", "bun-state");
    expect((await standing(url)).size).toBeGreaterThan(size);
    await useService(url, "for-bun");
    await stop(running);
  });

  whereInstalled(process.execPath, "Node")(
    "does not open over a log that was deleted",
    async () => {
      organisations.authorize("for-deleted");
      const { running, url } = await startService(process.execPath, "deleted", "deleted-state");
      expect(await ask(url, "for-deleted", "/invoice", 7)).toBe('0 completed: "made 7"');
      await stop(running);
      rmSync(organisations.at("deleted-state", "log"), { recursive: true });
      const again = startService(process.execPath, "deleted", "deleted-state");
      await expect(again).rejects.toThrow(/LOG: expected .* this one was cut short or restored/);
    },
  );

  const deno = installed(".bin/deno");
  whereInstalled(deno, "Deno")("in a script of Deno, with the rights that it needs", async () => {
    organisations.authorize("deno", undefined, "--duration", "1s");
    const folder = organisations.place(
      "for-deno",
      "setup.json",
      "deno.key",
      "agent.key",
      "deno.chain",
    );
    mkdirSync(`${folder}/state`);
    const words = [
      "run",
      "--no-prompt",
      "--node-modules-dir=manual",
      `--allow-net=${new URL(organisations.url).host}`,
      `--allow-read=${folder}`,
      `--allow-write=${folder}/state`,
      "--allow-sys=hostname",
      "deno-script.mjs",
      folder,
    ];
    const running = new Running(deno as string, words, organisations.at("www"));
    expect(await running.ended, running.out).toBe(0);
    expect(running.out).toMatch(
      /^\/invoice 150: completed: "made 150"\n\/invoice 5000: denied: SCOPE\n\/invoice\/watch 1: interrupted: LIMIT\nclosed after \d+ entries\n$/,
    );
  });

  const workerd = installed(".bin/workerd");
  whereInstalled(workerd, "workerd")("in a worker at the edge, over its restart", async () => {
    organisations.authorize("for-edge");
    await bundleEdge();
    organisations.place("edge-state");
    let edge = await startEdge(workerd as string);
    expect(await ask(edge.url, "for-edge", "/invoice", 7)).toBe('0 completed: "made 7"');
    const { size } = await standing(edge.url);
    await kill(edge.running);
    edge = await startEdge(workerd as string);
    try {
      // No word is lost, and the witness knows the log.
      expect((await standing(edge.url)).size).toBeGreaterThan(size);
      await useService(edge.url, "for-edge");
    } finally {
      await kill(edge.running);
    }
  });

  const chromium = onPath("chromium", "chromium-browser", "google-chrome-stable");
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
      await page.getByText("The gate is open.").waitFor();
      const answer = async (place: number): Promise<string> =>
        await page.locator(`#answers li:nth-child(${place})`).textContent();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await answer(1)).toBe('An invoice of 150: completed: "made 150"');
      await page.locator("#amount").fill("5000");
      await page.keyboard.press("Enter");
      expect(await answer(2)).toBe("An invoice of 5000: denied: SCOPE");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.locator("#log td", { hasText: "intent" }).nth(1).waitFor();
      const wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
      expect(await page.evaluate(wide)).toBe(false);
      organisations.revoke("page-1");
      expect(await answer(3)).toBe("Watching: interrupted: REVOKED");
      const shots = process.env["WRIT_SHOTS"];
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

async function bundleEdge(): Promise<void> {
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
    (name = "state", disk = (path = "${organisations.at("edge-state")}", writable = true)),
    (name = "domains", network = (allow = ["private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "gate")],
);
const gate :Workerd.Worker = (
  modules = [
    (name = "edge-worker.js", esModule = embed "edge-worker.js"),
    (name = "kernel.wasm", wasm = embed "kernel.wasm"),
  ],
  bindings = [
    (name = "SETUP", text = ${JSON.stringify(organisations.text("setup.json"))}),
    (name = "GATE_KEY", text = ${JSON.stringify(organisations.text("edge.key"))}),
    (name = "GATES", durableObjectNamespace = "EdgeGate"),
  ],
  durableObjectNamespaces = [(className = "EdgeGate", uniqueKey = "gates", enableSql = true)],
  durableObjectStorage = (localDisk = "state"),
  compatibilityDate = "2026-10-01",
  globalOutbound = "domains",
);
`,
  );
}

async function startEdge(workerd: string) {
  const words = ["serve", "--control-fd=1", "config.capnp"];
  const running = new Running(workerd, words, organisations.at("www"));
  const port = /\d+/.exec(await running.said(/"port":\s*\d+/))?.[0];
  return { running, url: `http://127.0.0.1:${port}` };
}

async function kill({ child, ended }: Running): Promise<void> {
  child.kill("SIGKILL");
  await ended;
}
