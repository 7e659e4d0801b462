/**
 * A script of Deno that governs its own steps, with an agent's chain, and what the gate needs of rights:
 * `deno run --allow-net=HOST --allow-read=FOLDER --allow-write=FOLDER/state --allow-sys=hostname
 * deno-script.mjs FOLDER`. Its log is kept over any store that has compare-and-swap, here files.
 */
import { loadKernel, parseVkey } from "writ";
import { keyFileSigner } from "writ/authorization";
import { TrustStoreStorage } from "writ/gate";
import { FileTrustStore } from "writ/node";
import { describe, openShipGate } from "./governed.mjs";
import { httpWitness } from "./http-witness.mjs";
import { possess } from "./possession.mjs";
import { WORK } from "./work.mjs";

const [folder] = Deno.args;
const keyFile = (name) => Deno.readTextFile(`${folder}/${name}.key`);
const kernel = await loadKernel();
const setup = JSON.parse(await Deno.readTextFile(`${folder}/setup.json`));
const { gate, close } = await openShipGate({
  kernel,
  setup,
  origin: "ship.example/deno",
  key: await keyFileSigner(kernel, await keyFile("deno")),
  store: new FileTrustStore(`${folder}/state/trust`),
  storage: new TrustStoreStorage(new FileTrustStore(`${folder}/state/log`)),
  witness: httpWitness(setup.witness.url, parseVkey(kernel, setup.witness.vkey).value),
});
const agent = {
  id: "agent:buyer",
  chain: await Deno.readFile(`${folder}/deno.chain`),
  key: await keyFileSigner(kernel, await keyFile("agent")),
};
for (const [work, amount, expected] of [
  ["/invoice", 150, 'completed: "made 150"'],
  ["/invoice", 5_000, "denied: SCOPE"],
  // Its chain allows a run of a second.
  ["/invoice/watch", 1, "interrupted: LIMIT"],
]) {
  const ask = await possess(kernel, agent, work, amount, gate.challenge());
  const found = describe(await gate.run({ ...ask, effect: WORK[work] }));
  console.log(`${work} ${amount}: ${found}`);
  if (found !== expected) throw new Error(`expected ${expected}`);
}
await close();
console.log(`closed after ${gate.state.size} entries`);
