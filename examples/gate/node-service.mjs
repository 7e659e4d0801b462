/**
 * A service of Node (or Bun) whose work is governed: `node node-service.mjs URL FOLDER`. It answers
 * `POST /invoice?amount=150` when the invoice is made, and `POST /watch` when it may watch no longer.
 * The log is in FOLDER, and the domain's witness is asked whether it is the newest.
 */
import { createServer } from "node:http";
import { join } from "node:path";
import { makeVerifierKey, loadVerifiers, parsePolicy } from "writ";
import { cooperative, storeWitness, systemClock } from "writ/gate";
import { FileStorage, FileTrustStore } from "writ/node";
import { witnessSigner } from "./witness-key.mjs";
import { describe, openShipGate } from "./governed.mjs";

const [url, folder] = process.argv.slice(2);

async function witness(kernel, key, setup) {
  const signer = await witnessSigner(kernel, makeVerifierKey, setup.witnessKey);
  const verifiers = await loadVerifiers(
    parsePolicy(kernel, new TextEncoder().encode(setup.policy)).value,
  );
  const logs = [{ origin: key.name, key }];
  const remembered = new FileTrustStore(join(folder, "witness"));
  return storeWitness(kernel, remembered, { logs, verifiers }, signer, systemClock);
}

const { gate, invoice, close } = await openShipGate({
  url,
  store: new FileTrustStore(join(folder, "trust")),
  storage: new FileStorage(join(folder, "log")),
  host: `node ${process.versions.node}`,
  witness,
});

const options = { clock: systemClock, grace: 1_000 };
const make = cooperative(({ request }) => ({ made: request.arguments.amount }), options);
const watch = cooperative(
  ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
  options,
);

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (request.method !== "POST" || !["/invoice", "/watch"].includes(pathname)) {
    response.writeHead(404).end();
    return;
  }
  const amount = Number(searchParams.get("amount") ?? 1);
  const result = await invoice(amount, pathname === "/watch" ? watch : make);
  response.writeHead(result.outcome === "completed" ? 200 : 403).end(`${describe(result)}\n`);
});
server.listen(0, "127.0.0.1", () => {
  console.log(`${gate.origin} at http://127.0.0.1:${server.address().port}`);
});

process.once("SIGTERM", async () => {
  await close();
  server.closeAllConnections();
  server.close();
  console.log(`closed after ${gate.state.size} entries`);
});
