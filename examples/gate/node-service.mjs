/**
 * A service of Node, or of Bun: `node node-service.mjs SETUP ORIGIN KEYFILE FOLDER`. The gate's trust
 * and its log are in FOLDER. It ends in order on SIGTERM.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { loadKernel, parseVkey } from "writ";
import { keyFileSigner } from "writ/authorization";
import { FileStorage, FileTrustStore } from "writ/node";
import { openShipGate } from "./governed.mjs";
import { httpWitness } from "./http-witness.mjs";
import { governedService } from "./service.mjs";

const MOST_BYTES = 1 << 20;

const [setupFile, origin, keyFile, folder] = process.argv.slice(2);
const kernel = await loadKernel();
const setup = JSON.parse(await readFile(setupFile, "utf8"));
const opened = await openShipGate({
  kernel,
  setup,
  origin,
  key: await keyFileSigner(kernel, await readFile(keyFile, "utf8")),
  store: new FileTrustStore(join(folder, "trust")),
  storage: new FileStorage(join(folder, "log")),
  witness: httpWitness(setup.witness.url, parseVkey(kernel, setup.witness.vkey).value),
});
const { gate, close } = opened;
const answer = governedService(opened);

const server = createServer(async (incoming, outgoing) => {
  const { method, url } = incoming;
  const chunks = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > MOST_BYTES) return outgoing.writeHead(413).end();
    chunks.push(chunk);
  }
  const body = method === "POST" ? Buffer.concat(chunks) : undefined;
  const response = await answer(new Request(`http://localhost${url}`, { method, body }));
  outgoing.writeHead(response.status).end(await response.text());
});
server.listen(0, "127.0.0.1", () => {
  console.log(`${gate.origin} at http://127.0.0.1:${server.address().port}`);
});

process.once("SIGTERM", async () => {
  server.close();
  await close();
  server.closeAllConnections();
  console.log(`closed after ${gate.state.size} entries`);
});
