// @ts-check
/** WebKitGTK's MiniBrowser on a virtual screen, driven by plain W3C WebDriver. */
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { onPath } from "./installed.js";
import { deadline, launched, readOutcome } from "./outcome.js";
import { withScratch } from "./scratch.js";
import { OUTCOME, serve } from "./server.js";

export const name = "webkit";

/** The key under which WebDriver hands out an element (section 12.1 of the specification). */
export const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/**
 * Only a session tells the version: MiniBrowser itself wants a screen even for that.
 * @returns {Promise<import("./outcome.js").Found | import("./outcome.js").Missing>}
 */
export async function find() {
  const path = onPath("WebKitWebDriver");
  if (!path) return { missing: "WebKitWebDriver is not there: apt-get install webkit2gtk-driver" };
  if (!onPath("Xvfb")) return { missing: "Xvfb is not there: apt-get install xvfb" };
  let reason = "";
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      const session = await withScratch((scratch) => launched(open(path, scratch), name));
      return { version: session.version, path };
    } catch (error) {
      reason = /** @type {Error} */ (error).message;
    }
  }
  return { missing: `${reason}: apt-get install --reinstall webkit2gtk-driver xvfb` };
}

/** @type {import("./outcome.js").Launcher["run"]} */
export async function run(found, suiteDir, { timeoutMs }) {
  return withScratch(async (scratch) => {
    const server = await serve(suiteDir);
    try {
      const session = await launched(visit(found.path, scratch, server.url), name);
      return readOutcome(await deadline(outcome(session.url), timeoutMs, "a report"));
    } finally {
      server.close();
    }
  });
}

/** @param {string} path @param {import("./scratch.js").Scratch} scratch @param {string} url */
async function visit(path, scratch, url) {
  const session = await open(path, scratch);
  await command("POST", `${session.url}/url`, { url });
  return session;
}

/**
 * @param {string} path of the driver
 * @param {import("./scratch.js").Scratch} scratch ends screen, driver and browser
 */
export async function open(path, scratch) {
  const display = await screen(scratch);
  const port = await freePort();
  const driver = scratch.spawn(path, ["--host=127.0.0.1", `--port=${port}`], {
    stdio: "ignore",
    env: { DISPLAY: display, GDK_BACKEND: "x11", NO_AT_BRIDGE: "1" },
  });
  const base = `http://127.0.0.1:${port}`;
  while (!(await command("GET", `${base}/status`).catch(() => null))) {
    const end = driver.exitCode ?? driver.signalCode;
    if (end !== null || !driver.pid) throw new Error(`the driver ended with ${end}`);
    await sleep(50);
  }
  const opened = await command("POST", `${base}/session`, { capabilities: {} });
  return {
    url: `${base}/session/${opened.sessionId}`,
    version: opened.capabilities.browserVersion,
  };
}

/**
 * Xvfb itself, not xvfb-run: it picks a free display, and needs no xauth.
 * @param {import("./scratch.js").Scratch} scratch
 * @returns {Promise<string>}
 */
function screen(scratch) {
  const flags = ["-displayfd", "3", "-screen", "0", "800x600x24", "-nolisten", "tcp"];
  const server = scratch.spawn("Xvfb", flags, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  return new Promise((resolve, reject) => {
    let text = "";
    server.stdio[3]?.on("data", (chunk) => {
      text += chunk;
      if (text.endsWith("\n")) resolve(`:${text.trim()}`);
    });
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
}

/** The driver takes port 0 too, but does not tell which one it got. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param {string} session @returns {Promise<string>} */
async function outcome(session) {
  const selector = { using: "css selector", value: `#${OUTCOME}` };
  for (;;) {
    const [element] = await command("POST", `${session}/elements`, selector);
    if (element)
      return command("GET", `${session}/element/${element[ELEMENT]}/property/textContent`);
    await sleep(100);
  }
}

/**
 * @param {"GET" | "POST"} method
 * @param {string} url
 * @param {object} [body]
 * @returns {Promise<any>} the answer's value
 */
export async function command(method, url, body) {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = /** @type {any} */ (await response.json());
  if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
  return value;
}
