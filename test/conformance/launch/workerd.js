// @ts-check
/** workerd, which takes WebAssembly as an imported module only: the suite has a build for it. */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, INSTALL, installed } from "./installed.js";
import { deadline, readOutcome } from "./outcome.js";
import { withScratch } from "./scratch.js";

export const name = "workerd";

const ENTRY = `import { run } from "./suite.workerd.js";
export default {
  async fetch() {
    try {
      return Response.json({ report: await run() });
    } catch (error) {
      const { name, message } = Object(error);
      return Response.json({ error: { name: String(name), message: String(message ?? error) } });
    }
  },
};
`;

/** No network for the worker, no compatibility flags, no Node. */
const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "suite", worker = .suite),
    (name = "nowhere", network = (allow = [])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "suite")],
);
const suite :Workerd.Worker = (
  modules = [
    (name = "entry.js", esModule = embed "entry.js"),
    (name = "suite.workerd.js", esModule = embed "suite.workerd.js"),
    (name = "kernel.wasm", wasm = embed "kernel.wasm"),
  ],
  compatibilityDate = "2026-10-01",
  globalOutbound = "nowhere",
);
`;

/** @returns {Promise<import("./outcome.js").Found | import("./outcome.js").Missing>} */
export async function find() {
  const path = installed(".bin/workerd");
  return path ? identify(path, INSTALL) : { missing: `workerd is not there: ${INSTALL}` };
}

/** @type {import("./outcome.js").Launcher["run"]} */
export async function run(found, suiteDir, { timeoutMs }) {
  return withScratch(async (scratch) => {
    writeFileSync(join(scratch.folder, "entry.js"), ENTRY);
    writeFileSync(join(scratch.folder, "config.capnp"), CONFIG);
    for (const file of ["suite.workerd.js", "kernel.wasm"]) {
      copyFileSync(join(suiteDir, file), join(scratch.folder, file));
    }
    // It picks a free port and names it on the control descriptor.
    const child = scratch.spawn(found.path, ["serve", "--control-fd=3", "config.capnp"], {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    });
    let control = "";
    const port = new Promise((resolve) => {
      child.stdio[3]?.on("data", (chunk) => {
        control += chunk;
        const listen = /"port":\s*(\d+)/.exec(control);
        if (listen) resolve(Number(listen[1]));
      });
    });
    const ended = scratch.finish(child, timeoutMs, "a report").then(({ end, stderr }) => {
      throw new Error(`expected a report, found ${end}: ${stderr.trim().slice(-500)}`);
    });
    const answer = async () => {
      const url = `http://127.0.0.1:${await port}/`;
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
        const text = await response.text();
        if (response.ok) return text;
        throw new Error(`expected a report, found status ${response.status}: ${text}`);
      } catch (error) {
        // How workerd ended, if it did, says more than that the connection broke.
        await sleep(200);
        throw child.exitCode === null && child.signalCode === null ? error : await ended;
      }
    };
    return readOutcome(await deadline(Promise.race([answer(), ended]), timeoutMs, "a report"));
  });
}
