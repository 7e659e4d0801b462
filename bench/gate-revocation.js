// @ts-check
/** From a withdrawal in one process to the interruption that it causes in another. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gateLibrary, must } from "./gate-library.js";
import { envelopeSigner, GATE, hexOf, PAY, SHIP, TERMS } from "./gate-world.js";

/** @import { Published, Ready, Setup } from "./gate-publisher.js" */

/** Milliseconds from one look at the folders to the next, without a hint of the file system. */
export const POLL = 200;

const publisher = fileURLToPath(new URL("gate-publisher.js", import.meta.url));

/**
 * Milliseconds until an effect is told to stop, one run after the other: since the withdrawal began,
 * and since its publication was done; negative where the gate was faster than the publisher's last step.
 * @param {number} runs @param {"notified" | "polled"} how
 */
export async function revocations(runs, how) {
  const library = await gateLibrary();
  const kernel = await library.loadKernel();
  const signer = (/** @type {string} */ name) =>
    library.signerOf(library.generateKey(kernel, name, "ed25519"));
  const [gateKey, agent] = [signer(GATE), signer(`${SHIP}/agent`)];
  const folder = mkdtempSync(join(tmpdir(), "writ-bench-revocation-"));
  const child = fork(publisher, { serialization: "advanced", execArgv: [] });
  const ended = once(child, "exit").then(() => {
    throw new Error("the publisher has ended");
  });
  ended.catch(() => {});
  /** @param {Setup | number} message */
  const asked = async (message) => {
    /** @type {Promise<unknown>} */
    const answered = new Promise((resolve) => child.once("message", resolve));
    child.send(message);
    return await Promise.race([answered, ended]);
  };
  try {
    /** @type {Setup} */
    const setup = { folder, gate: hexOf(gateKey), agent: hexOf(agent), runs };
    const { chains } = /** @type {Ready} */ (await asked(setup));
    const at = (/** @type {string} */ name) => join(folder, name, "public");
    const root = (/** @type {string} */ name) => readFile(join(at(name), "metadata/1.root.json"));
    const follower = await library.followTrust({
      kernel,
      store: new library.MemoryTrustStore(),
      own: SHIP,
      pins: [
        { domain: SHIP, root: await root(SHIP), terms: TERMS },
        { domain: PAY, root: await root(PAY), terms: TERMS },
      ],
      sources: (domain) => [library.folderSource(new library.FileStorage(at(domain)), domain)],
      clock: library.systemClock,
      poll: POLL,
      within: 1_000,
      subscriptions: how === "notified" ? [library.watchFolders([at(PAY), at(SHIP)])] : [],
    });
    const gate = must(
      await library.openGate({
        kernel,
        storage: new library.FileStorage(join(folder, "log")),
        signer: gateKey,
        follower,
        terms: TERMS,
        maxStaleness: TERMS.maxStaleness,
        witness: library.UNWITNESSED,
        clock: library.systemClock,
        random: (length) => crypto.getRandomValues(new Uint8Array(length)),
        measure: async () => ({
          source: "self-measured",
          kernel: library.kernelDigest,
          parts: [],
        }),
        host: "bench",
      }),
    );
    const delays = [];
    for (const [i, chain] of chains.entries()) {
      let stopped = 0n;
      const request = {
        principal: "agent:buyer",
        command: "/pay/invoice",
        arguments: { amount: 150, to: "acct-7" },
      };
      const { nonce } = gate.challenge();
      const salt = crypto.getRandomValues(new Uint8Array(32));
      const leaf = must(library.inspectChain(kernel, chain)).at(-1)?.link.sha256 ?? "";
      const proof = await library.provePossession(
        kernel,
        envelopeSigner(agent),
        leaf,
        must(library.makeRequest(request)),
        { gate: GATE, nonce, salt },
        Date.now(),
      );
      const started = await gate.start({
        chain,
        request,
        possession: { nonce, proof, salt },
        effect: {
          isolation: { level: "cooperative" },
          start: ({ signal }) => {
            signal.addEventListener("abort", () => (stopped = process.hrtime.bigint()));
            return {
              ended: new Promise(() => {}),
              interrupt: async () => ({ answer: "stopped", steps: ["signalled"], took: 0 }),
            };
          },
        },
      });
      if (started.outcome === "deny") throw new Error(`${started.code}: ${started.found}`);
      // At another moment of the poll each time.
      await new Promise((resolve) => setTimeout(resolve, (i * 37) % POLL));
      const published = /** @type {Published} */ (await asked(i));
      const result = await started.run.finished;
      if (result.outcome !== "interrupted" || result.code !== "REVOKED") {
        throw new Error(`expected an interruption by REVOKED, found ${JSON.stringify(result)}`);
      }
      delays.push({
        whole: Number(stopped - published.before) / 1e6,
        after: Number(stopped - published.after) / 1e6,
      });
    }
    const { worstDelay } = gate;
    await gate.close();
    await follower.close();
    return { delays, worstDelay };
  } finally {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
