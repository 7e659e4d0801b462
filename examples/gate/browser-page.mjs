/**
 * A gate in a page: it governs what this page does, with keys that never leave the browser and a log in
 * memory, and goes with the page. That log is nobody's but this page's: no witness is asked.
 */
import { loadKernel, MemoryStorage } from "writ";
import { webCryptoSigner } from "writ/authorization";
import { MemoryTrustStore, UNWITNESSED } from "writ/gate";
import { describe, openShipGate } from "./governed.mjs";
import { possess } from "./possession.mjs";
import { WORK } from "./work.mjs";

const element = (id) => document.getElementById(id);

function addRow(body, cells) {
  const row = document.createElement("tr");
  for (const text of cells)
    row.append(Object.assign(document.createElement("td"), { textContent: text }));
  body.append(row);
}

function say(text) {
  element("answers").append(Object.assign(document.createElement("li"), { textContent: text }));
}

async function newKey() {
  return await webCryptoSigner(
    await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]),
  );
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The domain lists the page's gate, and another one authorizes its agent; then it can begin. */
async function enrol(gateKey, agentKey) {
  const body = JSON.stringify({ gate: hex(gateKey.publicKey), agent: hex(agentKey.publicKey) });
  const response = await fetch("/enrol", { method: "POST", body });
  if (!response.ok) throw new Error(`not enrolled: status ${response.status}`);
  return await response.json();
}

async function start() {
  const [gateKey, agentKey] = [await newKey(), await newKey()];
  const { origin, chain, setup } = await enrol(gateKey, agentKey);
  const kernel = await loadKernel();
  const { gate } = await openShipGate({
    kernel,
    setup,
    origin,
    key: gateKey,
    store: new MemoryTrustStore(),
    storage: new MemoryStorage(),
    witness: UNWITNESSED,
  });
  gate.onEntry(({ index, entry }) =>
    addRow(element("log"), [index, entry.kind, entry.state ?? "", entry.code ?? ""]),
  );
  const agent = { id: "agent:buyer", chain: new TextEncoder().encode(chain), key: agentKey };
  return async (work, amount) => {
    const ask = await possess(kernel, agent, work, amount, gate.challenge());
    return describe(await gate.run({ ...ask, effect: WORK[work] }));
  };
}

try {
  const run = await start();
  element("state").textContent = "The gate is open.";
  element("ask").addEventListener("submit", async (event) => {
    event.preventDefault();
    const amount = element("amount").valueAsNumber;
    say(`An invoice of ${amount}: ${await run("/invoice", amount)}`);
  });
  element("watch").addEventListener("click", async () => {
    say(`Watching: ${await run("/invoice/watch", 1)}`);
  });
} catch (error) {
  element("state").textContent = `The gate does not open: ${error.message}`;
}
