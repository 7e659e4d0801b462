/** One page in each of the browsers, with the little that the tests of a page do to it. */
import { on } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import * as chromium from "../conformance/launch/chromium.js";
import * as firefox from "../conformance/launch/firefox.js";
import { load } from "../conformance/launch/installed.js";
import { deadline } from "../conformance/launch/outcome.js";
import type { Found, Missing } from "../conformance/launch/outcome.js";
import type { Scratch } from "../conformance/launch/scratch.js";
import { withScratch } from "../conformance/launch/scratch.js";
import * as webkit from "../conformance/launch/webkit.js";

export interface Tab {
  goto(url: string): Promise<void>;
  /** The value of an expression in the page, by way of JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** Files for the input that a selector names. */
  choose(selector: string, paths: readonly string[]): Promise<void>;
  press(key: "Tab" | "Enter" | "Space"): Promise<void>;
  /** What the browser itself has noted down of requests since the page was opened. */
  requests(): Promise<readonly string[]>;
  /** Undefined where the browser's driver cannot set it. */
  readonly scheme?: (scheme: "light" | "dark") => Promise<void>;
  /** Presses a key that opens the dialog of an input for files, and answers it; undefined as above. */
  readonly chooseByKey?: (paths: readonly string[]) => Promise<void>;
}

export interface Browser {
  readonly name: string;
  find(): Promise<Found | Missing>;
  open(path: string, scratch: Scratch): Promise<Tab>;
}

const LAUNCH_MS = 60_000;
const WAIT_MS = 30_000;

export async function withTab(
  browser: Browser,
  path: string,
  body: (tab: Tab) => Promise<void>,
): Promise<void> {
  await withScratch(async (scratch) => {
    const opening = browser.open(path, scratch);
    await body(await deadline(opening, LAUNCH_MS, browser.name));
  });
}

/** Waits until an expression holds in the page. */
export async function until(tab: Tab, expression: string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await tab.evaluate<boolean>(`Boolean(${expression})`))) {
    if (Date.now() > end) throw new Error(`expected ${expression} within ${WAIT_MS} ms`);
    await sleep(20);
  }
}

const asJson = (expression: string): string =>
  `(async () => JSON.stringify((await (${expression})) ?? null))()`;

async function openChromium(path: string, scratch: Scratch): Promise<Tab> {
  const context = await load("playwright-core").chromium.launchPersistentContext(
    `${scratch.folder}/profile`,
    {
      executablePath: path,
      env: scratch.env,
      headless: true,
      timeout: LAUNCH_MS,
      chromiumSandbox: false,
      args: ["--disable-gpu", "--disable-background-networking"],
      artifactsDir: scratch.folder,
    },
  );
  const page = context.pages()[0] ?? (await context.newPage());
  // From the beginning: a dialog that opens before the browser knows that we answer it is lost.
  const choosers = on(page, "filechooser");
  const seen: string[] = [];
  context.on("request", (request: { url(): string }) => seen.push(request.url()));
  return {
    goto: async (url) => void (await page.goto(url)),
    evaluate: async (expression) => JSON.parse(await page.evaluate(asJson(expression))),
    choose: (selector, paths) => page.setInputFiles(selector, paths),
    press: (key) => page.keyboard.press(key),
    requests: async () => seen,
    scheme: (colorScheme) => page.emulateMedia({ colorScheme }),
    chooseByKey: async (paths) => {
      const chooser = choosers.next();
      await page.keyboard.press("Enter");
      await (await deadline(chooser, WAIT_MS, "a dialog for files")).value[0].setFiles(paths);
    },
  };
}

async function openFirefox(path: string, scratch: Scratch): Promise<Tab> {
  const started = await load("puppeteer-core").launch({
    browser: "firefox",
    executablePath: path,
    headless: true,
    env: scratch.env,
    userDataDir: `${scratch.folder}/profile`,
    timeout: LAUNCH_MS,
    protocolTimeout: LAUNCH_MS + WAIT_MS,
  });
  // The first window is not active: keys would arrive there, and press nothing.
  const page = await started.newPage();
  await page.bringToFront();
  const seen: string[] = [];
  page.on("request", (request: { url(): string }) => seen.push(request.url()));
  return {
    goto: async (url) => void (await page.goto(url)),
    evaluate: async (expression) => JSON.parse(await page.evaluate(asJson(expression))),
    choose: async (selector, paths) => (await page.$(selector)).uploadFile(...paths),
    press: (key) => page.keyboard.press(key),
    requests: async () => seen,
  };
}

/** The Unicode of WebDriver's keys (section 17.4.2 of the specification). */
const KEYS = { Tab: "\uE004", Enter: "\uE007", Space: " " };

async function openWebKit(path: string, scratch: Scratch): Promise<Tab> {
  const { url: session } = await webkit.open(path, scratch);
  const evaluate = async <T>(expression: string): Promise<T> => {
    const script = `return ${asJson(expression)}`;
    const text = await webkit.command("POST", `${session}/execute/sync`, { script, args: [] });
    return JSON.parse(text) as T;
  };
  return {
    goto: (url) => webkit.command("POST", `${session}/url`, { url }),
    evaluate,
    choose: async (selector, paths) => {
      const by = { using: "css selector", value: selector };
      const element = await webkit.command("POST", `${session}/element`, by);
      const input = `${session}/element/${element[webkit.ELEMENT]}`;
      await webkit.command("POST", `${input}/value`, { text: paths.join("\n") });
    },
    press: async (key) => {
      const value = KEYS[key];
      const actions = [
        { type: "keyDown", value },
        { type: "keyUp", value },
      ];
      const keyboard = { type: "key", id: "keyboard", actions };
      await webkit.command("POST", `${session}/actions`, { actions: [keyboard] });
    },
    // The driver tells of no requests: what the page's own timeline notes down.
    requests: () =>
      evaluate(`performance.getEntries().flatMap((each) =>
      ["navigation", "resource"].includes(each.entryType) ? [each.name] : [])`),
  };
}

export const BROWSERS: readonly Browser[] = [
  { name: "chromium", find: chromium.find, open: openChromium },
  { name: "firefox", find: firefox.find, open: openFirefox },
  { name: "webkit", find: webkit.find, open: openWebKit },
];
