// @ts-check
/** Gives a browser one page that runs the suite, under a policy which lets it do nothing else. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { collector } from "./outcome.js";

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'";

/** The id of the element that appears when the suite is done; its text is the outcome. */
export const OUTCOME = "outcome";

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>conformance</title>
<script type="module" src="/entry.js"></script>
`;

/** After "load", because a driver's navigation waits for that and has its own time-out. */
const ENTRY = `${collector("/suite.js")}
addEventListener("load", () => {
  setTimeout(async () => {
    const output = document.createElement("pre");
    output.textContent = await collect();
    output.id = "${OUTCOME}";
    document.body.append(output);
  });
});
`;

/**
 * @param {string} suiteDir
 * @returns {Promise<{url: string, close: () => void}>} the page's address, on this machine only
 */
export async function serve(suiteDir) {
  const script = "text/javascript; charset=utf-8";
  /** @type {Map<string | undefined, {type: string, body: string | Buffer}>} */
  const files = new Map([
    ["/", { type: "text/html; charset=utf-8", body: PAGE }],
    ["/entry.js", { type: script, body: ENTRY }],
    ["/suite.js", { type: script, body: readFileSync(join(suiteDir, "suite.js")) }],
  ]);
  const server = createServer((request, response) => {
    const file = request.method === "GET" ? files.get(request.url) : undefined;
    response.writeHead(file ? 200 : 404, {
      "content-type": file?.type ?? "text/plain",
      "content-security-policy": POLICY,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.end(file?.body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}/`, close };
}
