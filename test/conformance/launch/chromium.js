// @ts-check
/** Chromium, driven by playwright-core. */
import { identify, INSTALL, installed, load, onPath } from "./installed.js";
import { deadline, launched, LAUNCH_MS, readOutcome } from "./outcome.js";
import { withScratch } from "./scratch.js";
import { OUTCOME, serve } from "./server.js";

export const name = "chromium";

/** @returns {Promise<import("./outcome.js").Found | import("./outcome.js").Missing>} */
export async function find() {
  const path = onPath("chromium", "chromium-browser", "google-chrome-stable");
  if (!path) return { missing: "Chromium is not there: apt-get install chromium" };
  if (!installed("playwright-core")) return { missing: `playwright-core is not there: ${INSTALL}` };
  return identify(path, "apt-get install --reinstall chromium");
}

/** @type {import("./outcome.js").Launcher["run"]} */
export async function run(found, suiteDir, { timeoutMs }) {
  const { chromium } = load("playwright-core");
  return withScratch(async (scratch) => {
    const server = await serve(suiteDir);
    try {
      const page = await launched(open(chromium, found.path, scratch, server.url), name);
      const output = page.locator(`#${OUTCOME}`);
      const text = output.textContent({ timeout: 0 });
      return readOutcome(await deadline(text, timeoutMs, "a report"));
    } finally {
      server.close();
    }
  });
}

/**
 * @param {any} chromium playwright's browser type
 * @param {string} executablePath
 * @param {import("./scratch.js").Scratch} scratch ends the browser
 * @param {string} url
 */
async function open(chromium, executablePath, scratch, url) {
  const context = await chromium.launchPersistentContext(`${scratch.folder}/profile`, {
    executablePath,
    env: scratch.env,
    headless: true,
    timeout: LAUNCH_MS,
    chromiumSandbox: false,
    args: ["--disable-gpu", "--disable-background-networking"],
    artifactsDir: scratch.folder,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(url);
  return page;
}
