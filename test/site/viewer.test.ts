/** dist/viewer.html in real browsers, opened from disk and served, on a bundle and its roots. */
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import type { BundleReport } from "../../src/proof/report.js";
import { formatField } from "../../src/site/viewer/clock.js";
import { testWith } from "../confinement/fixture.js";
import { installed } from "../conformance/launch/installed.js";
import type { Found } from "../conformance/launch/outcome.js";
import { DEMAND, prove, roots, verify } from "../proof/fixture.js";
import type { Tab } from "./browser.js";
import { BROWSERS, until, withTab } from "./browser.js";
import { HOSTILE, richLog } from "./fixture.js";

const { bytes } = await prove(await richLog());
const folder = mkdtempSync(join(tmpdir(), "writ-viewer-"));
afterAll(() => rmSync(folder, { recursive: true }));

// A build beside this test would take it away for a moment.
const page = join(folder, "viewer.html");
copyFileSync(fileURLToPath(new URL("../../dist/viewer.html", import.meta.url)), page);
const bundleFile = join(folder, "of-a-gate.bundle");
writeFileSync(bundleFile, bytes);
const rootFiles = roots.map((root, i) => {
  const path = join(folder, `${i}.root.json`);
  writeFileSync(path, root);
  return path;
});

/** What Node says of the same with the page's own terms. */
async function reportOf(pins = roots): Promise<BundleReport> {
  return verify(bytes, { roots: pins, skew: 60_000 });
}

const OUTCOME = `document.querySelector("[data-outcome]")?.dataset.outcome`;
const BUNDLE_ID = `document.querySelector("#verdict .hash")?.textContent`;

const RESTORE = `[...document.querySelectorAll("#flip button")].find(({ textContent }) =>
  textContent === "Restore the bundle").click()`;

function set(selector: string, value: string): string {
  return `(() => {
    const input = document.querySelector(${JSON.stringify(selector)});
    input.value = ${JSON.stringify(value)};
    input.dispatchEvent(new Event("input", { bubbles: true }));
  })()`;
}

function click(selector: string): string {
  return `document.querySelector(${JSON.stringify(selector)}).click()`;
}

/** As if a person had let go of the file over the page. */
function drop(name: string, content: Uint8Array): string {
  const base64 = Buffer.from(content).toString("base64");
  return `(() => {
    const content = Uint8Array.from(atob("${base64}"), (each) => each.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([content], ${JSON.stringify(name)}));
    const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector(".drop").dispatchEvent(event);
  })()`;
}

/** The bundle dropped, the roots chosen: in this order, which does not matter. */
async function verifyIn(tab: Tab, pins: readonly string[] = rootFiles): Promise<void> {
  await until(tab, `document.querySelector("#now")`);
  await tab.evaluate(set("#now", formatField(DEMAND.now)));
  await tab.evaluate(drop("of-a-gate.bundle", bytes));
  await until(tab, `document.body.textContent.includes("Still needed: a trust root")`);
  await tab.choose("#choose", pins);
  await until(tab, OUTCOME);
}

async function flip(tab: Tab, position: number): Promise<void> {
  await tab.evaluate(set("#position", String(position)));
  await tab.evaluate(click("#flip button[type=submit]"));
  await until(tab, `document.querySelector("#caught")?.textContent.includes("Byte ${position},")`);
}

async function served<T>(body: (url: string, asked: string[]) => Promise<T>): Promise<T> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(readFileSync(page));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** What is no file of the page's own: the worker is made of the page's text. */
function foreign(requests: readonly string[]): readonly string[] {
  return requests.filter((url) => url !== pathToFileURL(page).href && !/^(?:blob|data):/.test(url));
}

/** What is written smaller than 14 pixels, in drawings too. */
const SMALL_TEXT = `[...document.querySelectorAll("body *")].flatMap((each) =>
  each.childNodes.length > 0 && [...each.childNodes].some((node) =>
    node.nodeType === 3 && node.data.trim() !== "") && each.checkVisibility() &&
    Number.parseFloat(getComputedStyle(each).fontSize) < 14
    ? [each.outerHTML.slice(0, 100)] : [])`;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

async function violations(tab: Tab): Promise<readonly string[]> {
  const found = await tab.evaluate<Violation[]>(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(
      ({ html, failureSummary }) => ({ html: html.slice(0, 200), failureSummary })) })))`);
  return found.map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes)}`);
}

test("F66: is one file that names nothing outside, under a policy of its own text", () => {
  const html = readFileSync(page, "utf8");
  const between = (start: string, end: string): string => {
    const from = html.indexOf(start) + start.length;
    return html.slice(from, html.indexOf(end, from));
  };
  const digest = (text: string): string =>
    `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const program = between('<script id="program">', "</script>");
  const style = between("<style>", "</style>");
  expect(between('"Content-Security-Policy" content="', '"').split("; ")).toEqual([
    "default-src 'none'",
    `script-src ${digest(program)} 'wasm-unsafe-eval'`,
    `style-src ${digest(style)}`,
    "worker-src blob:",
    "connect-src 'none'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  const rest = html.replace(program, "").replace(style, "");
  expect(rest.match(/(?:src|href)="[^"]*"/g)).toEqual(['href="data:,"']);
  expect(style).not.toMatch(/url\(|@import/);
});

const axe = installed("axe-core/axe.min.js");

for (const browser of BROWSERS) {
  const found = await browser.find();
  const missing =
    "missing" in found
      ? found.missing
      : axe === undefined
        ? "axe-core is not there: npm run runtimes"
        : undefined;
  const inTab = (body: (tab: Tab) => Promise<void>) => () =>
    withTab(browser, (found as Found).path, body);
  const check = testWith(missing);

  describe(`the viewer on ${browser.name}`, () => {
    check(
      "F66: opened from disk, gives Node's report byte for byte, and asks nobody",
      inTab(async (tab) => {
        await tab.goto(pathToFileURL(page).href);
        await verifyIn(tab);
        expect(await tab.evaluate(OUTCOME)).toBe("PROVEN");
        expect(await tab.evaluate(`document.querySelector("#announcement").textContent`)).toMatch(
          /^Verdict: PROVEN\. /,
        );
        const json = await tab.evaluate(`document.querySelector("#report-json").textContent`);
        expect(json).toBe(formatCanonical((await reportOf()) as unknown as Json));
        expect(await tab.evaluate(`document.querySelector("#verdict dl").textContent`)).toContain(
          "in a worker of this page",
        );
        await until(
          tab,
          `document.querySelector("#path svg") && document.querySelector("#lineage")`,
        );
        for (const part of ["runs", "lineage", "authorization", "path"]) {
          expect(await tab.evaluate(`Boolean(document.querySelector("#${part}"))`), part).toBe(
            true,
          );
        }
        const shown = await tab.evaluate(`document.querySelector("#authorization").textContent`);
        expect(shown).toContain(JSON.stringify(HOSTILE).replace("\u202E", "\\u{202e}"));
        expect(await tab.evaluate(`document.images.length`)).toBe(0);
        expect(foreign(await tab.requests())).toEqual([]);
      }),
    );

    check(
      "F66: any byte that is flipped is caught, and the bundle can be restored",
      inTab(async (tab) => {
        await tab.goto(pathToFileURL(page).href);
        await verifyIn(tab);
        const id = await tab.evaluate(BUNDLE_ID);
        const step = Math.floor(bytes.length / 12);
        for (let position = 3; position < bytes.length; position += step) {
          await flip(tab, position);
          const [outcome, changed] = [await tab.evaluate(OUTCOME), await tab.evaluate(BUNDLE_ID)];
          expect([outcome, changed], `byte ${position}`).not.toEqual(["PROVEN", id]);
        }
        await tab.evaluate(RESTORE);
        await until(tab, `${OUTCOME} === "PROVEN"`);
        expect(await tab.evaluate(BUNDLE_ID)).toBe(id);
        expect(foreign(await tab.requests())).toEqual([]);
      }),
    );

    check(
      "F66: served, is all that is asked for",
      inTab(async (tab) => {
        await served(async (url, asked) => {
          await tab.goto(url);
          await verifyIn(tab);
          expect(await tab.evaluate(OUTCOME)).toBe("PROVEN");
          expect(await tab.requests()).toContain(url);
          // And nothing else could be asked for: the page's own policy refuses it.
          const tried = `fetch("/other").then(() => "went out", () => "refused")`;
          expect(await tab.evaluate(tried)).toBe("refused");
          expect(asked).toEqual(["/"]);
        });
      }),
    );

    check(
      "F66: without workers the page verifies itself",
      inTab(async (tab) => {
        await tab.goto(pathToFileURL(page).href);
        await tab.evaluate(
          `void (globalThis.Worker = class { constructor() { throw new Error(); } })`,
        );
        await verifyIn(tab);
        expect(await tab.evaluate(OUTCOME)).toBe("PROVEN");
        const how = await tab.evaluate(`document.querySelector("#verdict dl").textContent`);
        expect(how).toContain("in this page; nothing was sent");
      }),
    );

    check(
      "F66: axe finds nothing, in each outcome and theme",
      inTab(async (tab) => {
        await tab.goto(pathToFileURL(page).href);
        await tab.evaluate(`(${readFileSync(axe as string, "utf8").replace(/;\s*$/, "")}, 0)`);
        const schemes = tab.scheme ? (["light", "dark"] as const) : ([undefined] as const);
        const look = async (what: string): Promise<void> => {
          for (const scheme of schemes) {
            if (scheme) await tab.scheme?.(scheme);
            expect(await violations(tab), `${what}, ${scheme ?? "as it is"}`).toEqual([]);
            expect(await tab.evaluate(SMALL_TEXT)).toEqual([]);
          }
        };
        await look("empty");
        await verifyIn(tab, rootFiles.slice(0, 1));
        expect(await tab.evaluate(OUTCOME)).toBe("INCOMPLETE");
        await tab.choose("#choose", rootFiles);
        await until(tab, `${OUTCOME} === "PROVEN"`);
        await until(tab, `document.querySelector("#path svg")`);
        await tab.evaluate(`document.querySelectorAll("details").forEach((each) => {
          each.open = true; })`);
        await look("PROVEN");
        await flip(tab, 3_000);
        expect(await tab.evaluate(OUTCOME)).toBe("REFUTED");
        await look("REFUTED");
      }),
    );

    check(
      "F66: by keyboard alone",
      inTab(async (tab) => {
        await tab.goto(pathToFileURL(page).href);
        await verifyIn(tab);
        await until(tab, `document.querySelector("#path svg")`);
        // What is focused can be used.
        await tab.evaluate(`document.querySelector("#flip button[type=submit]").focus()`);
        await tab.press("Enter");
        await until(tab, `document.querySelector("#caught")`);
        expect(await tab.evaluate(`document.activeElement.textContent`)).toBe("Flip one byte");
        await tab.evaluate(RESTORE);
        await until(tab, `${OUTCOME} === "PROVEN" && document.querySelector("#path svg")`);
        await tab.evaluate(`document.querySelector("#report summary").focus()`);
        await tab.press("Enter");
        await until(tab, `document.querySelector("#report details").open`);
        const count = await tab.evaluate<number>(`(() => {
          const all = [...document.querySelectorAll(
            "a[href], button:enabled, input:enabled, select, summary, [tabindex='0']")]
            .filter((each) => each.checkVisibility());
          all.forEach((each, i) => { each.dataset.at = i; });
          // Not from wherever the focus was: Firefox goes on from there to its own controls.
          all[0].focus();
          return all.length;
        })()`);
        expect(count).toBeGreaterThan(30);
        const reached = new Set([0]);
        for (let i = 0; i < 2 * count + 20 && reached.size < count; i++) {
          await tab.press("Tab");
          const at = await tab.evaluate<string | null>(`document.activeElement?.dataset.at`);
          if (at !== null) reached.add(Number(at));
        }
        const missed = [...Array(count).keys()].filter((each) => !reached.has(each));
        const texts = await tab.evaluate(`${JSON.stringify(missed)}.map((at) =>
          document.querySelector('[data-at="' + at + '"]').outerHTML.slice(0, 120))`);
        expect(texts).toEqual([]);
        if (!tab.chooseByKey) return;
        await tab.evaluate(`document.querySelector("#choose").focus()`);
        await tab.chooseByKey([bundleFile]);
        await until(tab, `${OUTCOME} === "PROVEN"`);
      }),
    );
  });
}
