// @ts-check
/** Firefox, driven by puppeteer-core over WebDriver BiDi. */
import { identify, INSTALL, installed, load, onPath } from "./installed.js";
import { deadline, launched, LAUNCH_MS, readOutcome } from "./outcome.js";
import { withScratch } from "./scratch.js";
import { OUTCOME, serve } from "./server.js";

export const name = "firefox";

/** @returns {Promise<import("./outcome.js").Found | import("./outcome.js").Missing>} */
export async function find() {
  const path = onPath("firefox-esr", "firefox");
  if (!path) return { missing: "Firefox is not there: apt-get install firefox-esr" };
  if (!installed("puppeteer-core")) return { missing: `puppeteer-core is not there: ${INSTALL}` };
  return identify(path, "apt-get install --reinstall firefox-esr");
}

/** @type {import("./outcome.js").Launcher["run"]} */
export async function run(found, suiteDir, { timeoutMs }) {
  const puppeteer = load("puppeteer-core");
  return withScratch(async (scratch) => {
    const server = await serve(suiteDir);
    try {
      const options = {
        browser: "firefox",
        executablePath: found.path,
        headless: true,
        env: scratch.env,
        userDataDir: `${scratch.folder}/profile`,
        timeout: LAUNCH_MS,
        protocolTimeout: LAUNCH_MS + timeoutMs,
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      };
      const page = await launched(open(puppeteer, options, server.url), name);
      const text = page
        .waitForSelector(`#${OUTCOME}`, { timeout: 0 })
        .then((/** @type {any} */ output) =>
          output.evaluate((/** @type {any} */ e) => e.textContent),
        );
      return readOutcome(await deadline(text, timeoutMs, "a report"));
    } finally {
      server.close();
    }
  });
}

/** @param {any} puppeteer @param {object} options @param {string} url */
async function open(puppeteer, options, url) {
  const browser = await puppeteer.launch(options);
  const page = (await browser.pages())[0] ?? (await browser.newPage());
  await page.goto(url);
  return page;
}
